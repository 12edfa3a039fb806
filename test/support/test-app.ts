import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import type { FastifyInstance } from "fastify";

import { type Clock, systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { type AppOptions, buildApp } from "../../server/app.ts";
import { createGraphRegistry } from "../../server/graph-registry.ts";
import type { Checkpointer } from "../../server/store/checkpointer.ts";
import type { Store } from "../../server/store/store.ts";
import { TEST_GRAPHS } from "./test-graphs.ts";
import { openTestStorage } from "./test-storage.ts";

export interface TestApp {
  readonly app: FastifyInstance;
  /** Base URL; empty unless the app listens. */
  readonly url: string;
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Environment on top of the test's defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the databases, which outlive the app; without it they are new and end with it. */
  readonly home?: string;
  readonly isListening?: boolean;
  readonly clock?: Clock;
  readonly graphs?: Readonly<Record<string, unknown>>;
  readonly options?: Partial<AppOptions>;
}

/** The real app over real stores with small graphs. */
export async function startTestApp(settings: TestAppOptions = {}): Promise<TestApp> {
  const { env = {}, home, isListening = false, clock = systemClock, graphs = TEST_GRAPHS, options = {} } = settings;
  const storage = await openTestStorage(home);
  const { store, checkpointer } = storage;
  await storage.guard.tryAcquire();
  const app = await buildApp({
    config: loadConfig({ LOG_LEVEL: "silent", ...env }),
    log: createLog({ level: "silent" }),
    clock,
    graphs: createGraphRegistry({ graphs }),
    store,
    checkpointer,
    guard: storage.guard,
    bus: storage.bus,
    ...options,
  });
  if (isListening) await app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on TCP has an address object.
  const url = isListening ? `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` : "";
  return {
    app,
    url,
    store,
    checkpointer,
    async close() {
      await app.close();
      await storage.close();
    },
  };
}

export function createTempFolder(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-test-"));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
