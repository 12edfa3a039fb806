import { availableParallelism } from "node:os";

import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type { Generator } from "../../../engine/data/generate.ts";
import type { GenerationServices } from "../generation-services.ts";
import { asksServices } from "./asks-services.ts";
import { prepareRowGroups } from "./prepare.ts";
import type { RowGroupTask, RunRowGroup } from "./row-group.ts";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerSetup } from "./worker.ts";

const MAX_WORKERS = 8;
/** While one row group waits for its last answers, the others keep the endpoints busy. */
const GROUPS_AT_ONCE = 3;

export interface RunnerOptions extends WorkerSetup {
  readonly workerCount?: number;
  readonly services?: GenerationServices;
  readonly onEvent: (event: GenerationEvent) => void;
}

export interface Runner extends AsyncDisposable {
  readonly run: RunRowGroup;
  /** Row groups at once. */
  readonly size: number;
  readonly models?: Generator["models"];
  readonly embeddings?: Generator["embeddings"];
  /** Ends what the threads are doing; a row group of this thread ends by its signal, or comes to its end. */
  stop(): Promise<void>;
}

/**
 * Threads cost a third of a second to start: a single row group is made in this one. So are those that ask models: they
 * wait more than they work, and their limits hold for the whole job.
 */
export async function startRunner(options: RunnerOptions, groupCount: number): Promise<Runner> {
  const { design, seed, seedRows, folder, services, onEvent } = options;
  const { workerCount = Math.min(availableParallelism(), MAX_WORKERS) } = options;
  const setup = { design, seed, folder, ...(seedRows === undefined ? {} : { seedRows }) };
  const isAsking = services !== undefined && asksServices(design, services);
  const size = Math.min(isAsking ? GROUPS_AT_ONCE : workerCount, groupCount);
  if (isAsking || size <= 1) {
    const { run, models, embeddings } = await prepareRowGroups({
      ...setup,
      onEvent,
      ...(services === undefined ? {} : { services }),
    });
    const stop = (): Promise<void> => Promise.resolve();
    return {
      run,
      size: Math.max(1, size),
      ...(models === undefined ? {} : { models }),
      ...(embeddings === undefined ? {} : { embeddings }),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  }
  const pool = createWorkerPool(setup, size);
  const stop = (): Promise<void> => pool.close();
  return { run: pool.run, size, stop, [Symbol.asyncDispose]: stop };
}

/**
 * Runs as many tasks at once as the runner takes, in order. After a failure or an abort no further one is begun, and those that
 * wait for an endpoint are ended.
 */
export async function runAll(
  tasks: readonly RowGroupTask[],
  runner: Runner,
  signal: AbortSignal | undefined,
  run: (task: RowGroupTask, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const iterator = tasks.values();
  const ending = new AbortController();
  const failures: unknown[] = [];
  const onAbort = (): void => {
    ending.abort(signal?.reason);
    void runner.stop();
  };
  const lane = async (): Promise<void> => {
    for (const task of iterator) {
      if (ending.signal.aborted) return;
      try {
        await run(task, ending.signal);
      } catch (error) {
        failures.push(error);
        ending.abort(error);
        return;
      }
    }
  };
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    // All lanes come to an end before the first failure is told: nobody writes into the folder afterwards.
    await Promise.all(Array.from({ length: runner.size }, lane));
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
