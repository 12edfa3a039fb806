import path from "node:path";

import type { FastifyInstance } from "fastify";

import type { Clock } from "../lib/clock.ts";
import type { Config } from "../lib/config.ts";
import type { Log } from "../lib/log.ts";
import { createDatasetReader } from "../tools/data/datasets/reader.ts";
import { buildApp } from "./app.ts";
import { type Dependencies, createDependencies, shareDependencies } from "./dependencies.ts";
import { hasAuth } from "./auth/authenticate.ts";
import { createCustomAuth } from "./auth/custom-auth.ts";
import { toFetchHandler } from "./custom-routes.ts";
import { type LanggraphConfig, loadConfigured, loadGraphRegistry } from "./graph-registry.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { dataDesignerRoutes } from "./routes/data-designer.ts";
import { datasetRoutes } from "./routes/datasets.ts";
import { gpuRoutes } from "./routes/gpu.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { openWebhookPolicy } from "./runs/webhook-policy.ts";
import { acquireRuns } from "./store/acquire-runs.ts";
import { openStoreIndex } from "./store/open-index.ts";
import { openStorage } from "./store/open-storage.ts";
import { readExpiry } from "./storage-blocks.ts";

export interface OpenServiceOptions {
  readonly config: Config;
  readonly langgraph: LanggraphConfig;
  readonly log: Log;
  readonly clock: Clock;
  /**
   * When another process executes the runs of the same home: `refuse` to open, or open to `read` only. Two that execute
   * them would do them twice; those on one Postgres share them instead.
   */
  readonly whenTaken?: "refuse" | "read";
}

/** The whole service without a port: `app.listen` or `app.inject` gives the way in. */
export interface OpenService {
  readonly app: FastifyInstance;
  readonly dependencies: Dependencies;
  readonly graphIds: readonly string[];
  /** Drains runs, then closes everything in the opposite order of opening. */
  close(): Promise<void>;
}

/** `langgraph.json` of this project. */
export const OWN_LANGGRAPH_JSON = path.resolve(import.meta.dirname, "../langgraph.json");

const HEADERS_FOR_ALL =
  "webhooks.headers of langgraph.json are sent to whatever host a run names; webhooks.url.allowed_domains says to which alone";

/** Opens the stores and builds the app. Whatever was opened is closed again when a later step fails. */
export async function openService(options: OpenServiceOptions): Promise<OpenService> {
  const { config, langgraph, log, clock, whenTaken = "refuse" } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const webhooks = openWebhookPolicy(langgraph);
    const dependencies = await createDependencies({ config, log, clock });
    closers.push(() => dependencies.close());
    shareDependencies(dependencies);
    const keys = langgraph.keysWithoutEffect;
    if (keys.length > 0) log.warn({ keys }, "keys of langgraph.json that change nothing on this server");
    if (webhooks.headers.size > 0 && webhooks.domains.length === 0) log.warn(HEADERS_FOR_ALL);
    const graphs = await loadGraphRegistry(langgraph, { defaults: config.graphDefaults });
    const storage = await openStorage({ home: config.home, databaseUri: config.databaseUri?.reveal(), clock, log });
    closers.push(() => storage.close());
    const { store, checkpointer, guard, bus } = storage;
    const executesRuns = await acquireRuns(guard, { whenTaken, clock });
    if (!executesRuns) log.info({ subject: guard.subject }, "another process executes the runs; this one only reads");
    const storeIndex = await openStoreIndex(langgraph, config);
    closers.push(() => storeIndex.close());
    const { designer } = dependencies.data;
    const { heartbeatMs } = config;
    const reader = createDatasetReader({ designer, sqlTimeoutMs: config.data.sqlTimeoutMs, clock });
    closers.push(() => reader.close());
    const { auth, httpApp } = langgraph;
    const app = await buildApp({
      http: langgraph.http,
      webhooks,
      expiry: readExpiry(langgraph),
      ...(auth === undefined
        ? {}
        : {
            auth: await loadConfigured(langgraph, "auth.path", auth, (exported) =>
              createCustomAuth({ auth: exported, isStudioDisabled: auth.isStudioDisabled, log }),
            ),
          }),
      ...(httpApp === undefined
        ? {}
        : { httpApp: await loadConfigured(langgraph, "http.app", httpApp, toFetchHandler) }),
      config,
      log,
      clock,
      graphs,
      store,
      checkpointer,
      guard,
      bus,
      executesRuns,
      storeOptions: storeIndex.options,
      plugins: [
        gpuRoutes(dependencies.gpu),
        alertRoutes(dependencies.gpu),
        incidentRoutes(dependencies.gpu),
        dataDesignerRoutes({ designer, clock, log, heartbeatMs }),
        datasetRoutes({ designer, reader, clock, heartbeatMs }),
        mcpRoutes({ servers: dependencies.mcpServers, config, clock, log, hasAuth: hasAuth(config, auth) }),
      ],
    });
    closers.push(async () => {
      await app.close();
    });
    return { app, dependencies, graphIds: graphs.graphIds, close };
  } catch (error) {
    await close();
    throw error;
  }
}
