import { Worker } from "node:worker_threads";

import { ERROR_CODES, type ErrorCode, ServiceError } from "../../../lib/errors.ts";
import type { RowGroupResult, RowGroupTask, RunRowGroup } from "./row-group.ts";
import type { WorkerAnswer, WorkerSetup } from "./worker.ts";

export interface WorkerPool {
  /** Waits for a free thread; rejects with the failure of the row group, and when the pool is closed. */
  readonly run: RunRowGroup;
  /** Ends all threads at once. Row groups in the making are lost; files in place stay. */
  close(): Promise<void>;
}

interface Waiting {
  readonly task: RowGroupTask;
  readonly resolve: (result: RowGroupResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Threads that make row groups. Each compiles the design for itself, from the same setup. */
export function createWorkerPool(setup: WorkerSetup, size: number): WorkerPool {
  const queue: Waiting[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Waiting>();
  const all: Worker[] = [];
  let isClosed = false;

  const next = (): void => {
    while (queue.length > 0 && idle.length > 0) {
      const worker = idle.pop();
      const waiting = queue.shift();
      if (worker === undefined || waiting === undefined) return;
      busy.set(worker, waiting);
      worker.postMessage(waiting.task);
    }
  };
  const fail = (worker: Worker, error: unknown): void => {
    busy.get(worker)?.reject(error);
    busy.delete(worker);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
    // The last thread is gone: nobody would ever take what still waits.
    if (idle.length + busy.size === 0) for (const waiting of queue.splice(0)) waiting.reject(error);
  };
  for (let at = 0; at < size; at += 1) {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: setup,
      // Row groups live for milliseconds: with a larger nursery each thread holds more garbage, and is no faster.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    worker.on("message", (answer: WorkerAnswer) => {
      const waiting = busy.get(worker);
      busy.delete(worker);
      idle.push(worker);
      if ("result" in answer) waiting?.resolve(answer.result);
      else waiting?.reject(toError(answer.error));
      next();
    });
    worker.on("error", (error) => fail(worker, error));
    worker.on("exit", () => fail(worker, new Error("a worker thread ended")));
    idle.push(worker);
    all.push(worker);
  }
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (isClosed || idle.length + busy.size === 0) {
          reject(new Error("the worker threads have ended"));
          return;
        }
        queue.push({ task, resolve, reject });
        next();
      }),
    close: async () => {
      isClosed = true;
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

/** An expected failure keeps its code over the border of the thread. */
function toError({ code, message }: { readonly code: string | null; readonly message: string }): Error {
  return code !== null && code in ERROR_CODES ? new ServiceError(code as ErrorCode, message) : new Error(message);
}
