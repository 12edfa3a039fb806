import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyPluginCallback,
  fastify,
} from "fastify";
import {
  type FastifyPluginAsyncZod,
  type FastifyPluginCallbackZod,
  validatorCompiler,
} from "fastify-type-provider-zod";

import type { Clock } from "../lib/clock.ts";
import type { Config } from "../lib/config.ts";
import { newUuid } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { createAuthorizer } from "./auth/access.ts";
import { createAuthenticate } from "./auth/authenticate.ts";
import type { CustomAuth } from "./auth/custom-auth.ts";
import { guardRuns } from "./auth/guarded-runs.ts";
import { guardStore } from "./auth/guarded-store.ts";
import { OPEN_PATHS, registerAuth } from "./auth/register-auth.ts";
import { registerBodyParser } from "./body-parser.ts";
import { IDLE_SCHEDULER, startCronScheduler } from "./crons/cron-scheduler.ts";
import { corsOrigins, registerCors } from "./cors.ts";
import { type FetchHandler, customRoutes } from "./custom-routes.ts";
import { disableRoutes } from "./disabled-routes.ts";
import { registerErrorHandler, sendUrlError } from "./error-handler.ts";
import { type GraphRegistry, systemAssistantId } from "./graph-registry.ts";
import type { HttpBlock } from "./http-block.ts";
import { createMetrics } from "./metrics.ts";
import { createProtocolTap } from "./protocol/tap-protocol.ts";
import { startThreadEventSweeper } from "./protocol/sweep-thread-events.ts";
import { createThreadHub } from "./protocol/thread-hub.ts";
import { awaitOpenRequests } from "./open-requests.ts";
import { registerDocs } from "./openapi/register-docs.ts";
import { assistantGraphRoutes } from "./routes/assistant-graphs.ts";
import { assistantRoutes } from "./routes/assistants.ts";
import type { ReadinessCheck, RouteContext } from "./routes/context.ts";
import { cronRoutes } from "./routes/crons.ts";
import { protocolRoutes } from "./routes/protocol.ts";
import { runControlRoutes } from "./routes/run-control.ts";
import { runRoutes } from "./routes/runs.ts";
import { storeRoutes } from "./routes/store.ts";
import { systemRoutes } from "./routes/system.ts";
import { threadStateRoutes } from "./routes/thread-state.ts";
import { threadRoutes } from "./routes/threads.ts";
import { type ReplicaBus, SILENT_BUS } from "./replicas/bus.ts";
import { createBoundGraphs } from "./runs/bound-graphs.ts";
import { createRunManager } from "./runs/run-manager.ts";
import { OPEN_POLICY, type WebhookPolicy } from "./runs/webhook-policy.ts";
import { type WebhookRules, createWebhookSender } from "./runs/webhook.ts";
import type { Checkpointer } from "./store/checkpointer.ts";
import { GraphStore, type GraphStoreOptions } from "./store/graph-store.ts";
import { type RunGuard, createSoleRunGuard } from "./store/run-guard.ts";
import type { Store } from "./store/store.ts";
import { type Expiry, NO_EXPIRY } from "./storage-blocks.ts";
import { startItemSweeper } from "./store/sweep-items.ts";
import { ensureSystemAssistants } from "./system-assistants.ts";
import { startThreadExpiry } from "./threads/expire-threads.ts";
import { serialize } from "./wire/serialize.ts";

/** Far above what a person or a dashboard sends; it stops a client that has gone wild. Streams and probes do not count. */
const MAX_REQUESTS_PER_MINUTE = 120_000;
/** How long running runs may go on when the server is asked to stop. */
const DRAIN_MS = 10_000;
/** How long clients may take to read what is left of their answers after that; a stalled one must not hold the process. */
const LINGER_MS = 2_000;
/** Fastify gives a hook ten seconds unless told otherwise, and then the process would not end after a full drain. */
const HOOK_LIMIT_MS = 60_000;

export type AppPlugin = FastifyPluginAsync | FastifyPluginCallback | FastifyPluginAsyncZod | FastifyPluginCallbackZod;

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly graphs: GraphRegistry;
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  /** How the long-term store ranks words and how long it keeps documents. */
  readonly storeOptions?: Pick<GraphStoreOptions, "index" | "ttl">;
  /** How long threads and documents are kept. */
  readonly expiry?: Expiry;
  /** The `auth` block of `langgraph.json`, in place of keys and tokens. */
  readonly auth?: CustomAuth | undefined;
  /** The `http` block of `langgraph.json`. */
  readonly http?: HttpBlock;
  /** The `webhooks` block of `langgraph.json`. */
  readonly webhooks?: WebhookPolicy;
  /** Routes of one's own. */
  readonly httpApp?: FetchHandler;
  /** Further routes; they get the same errors, authentication and documentation. */
  readonly plugins?: readonly AppPlugin[];
  /** Further parts for `/readyz`; the stores are always among them. */
  readonly readiness?: readonly ReadinessCheck[];
  /** The right to execute the runs of these stores; without it, nobody else can open them. */
  readonly guard?: RunGuard;
  /** To the other processes that execute them, if there can be any. */
  readonly bus?: ReplicaBus;
  /** False while another process executes the runs of these stores: this one then only reads and takes no runs. */
  readonly executesRuns?: boolean;
}

/**
 * The HTTP service, ready to listen or to be injected into. Closing it drains the runs but leaves store and checkpointer
 * open, which belong to the caller.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { log, clock, graphs, store, checkpointer, http = {} } = options;
  // Sockets and MCP look at the same origins as requests.
  const config = { ...options.config, corsOrigins: corsOrigins(http.cors, options.config.corsOrigins) };
  const logger: FastifyBaseLogger = log;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.bodyLimitBytes,
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : newUuid();
    },
    pluginTimeout: HOOK_LIMIT_MS,
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: sendUrlError,
    // Keep-alive connections of idle clients must not hold up a shutdown.
    forceCloseConnections: "idle",
  });

  app.setValidatorCompiler(validatorCompiler);
  // Response schemas describe; they do not filter, so that a field of a newer LangGraph still reaches its reader.
  app.setSerializerCompiler(() => serialize);
  app.setReplySerializer(serialize);

  const graphStore = new GraphStore({ items: store.items, clock, ...options.storeOptions });
  const bound = createBoundGraphs({ registry: graphs, saver: checkpointer.saver, store: graphStore });
  const { expiry = NO_EXPIRY, executesRuns = true, guard = createSoleRunGuard(), bus = SILENT_BUS } = options;
  const metrics = createMetrics(app, () => runs.queue);
  const hub = createThreadHub({ clock, log, store, bus });
  const webhookRules: WebhookRules = {
    allowPrivate: config.canReachPrivateAddresses,
    isDisabled: http.disable_webhooks === true,
    policy: options.webhooks ?? OPEN_POLICY,
  };
  const runs = createRunManager({
    store,
    checkpointer,
    graphs,
    bound,
    guard,
    bus,
    clock,
    log,
    maxConcurrentRuns: config.maxConcurrentRuns,
    runTimeoutMs: config.runTimeoutMs,
    executesRuns,
    maxAttempts: config.runMaxAttempts,
    threadTtl: expiry.threadTtl,
    observer: metrics,
    tapRun: createProtocolTap({ hub, clock, log }),
    webhooks: createWebhookSender({ rules: webhookRules, secret: config.webhookSecret, clock }),
  });
  await ensureSystemAssistants(store, graphs, clock);
  const sweepers = executesRuns
    ? [
        startItemSweeper({ items: store.items, clock, log, ...expiry.items }),
        startThreadExpiry({ store, checkpointer, runs, clock, log, ...expiry.threads }),
        startThreadEventSweeper({ events: store.threadEvents, clock, log }),
      ]
    : [];
  const crons = executesRuns ? startCronScheduler({ store, graphs, runs, clock, log }) : IDLE_SCHEDULER;
  await runs.recover();

  awaitOpenRequests(app, clock);
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  registerErrorHandler(app);
  registerBodyParser(app);
  await registerCors(app, config.corsOrigins, http.cors ?? {});
  // After CORS, so that browsers may read that a route is switched off.
  disableRoutes(app, http);
  await app.register(helmet, {
    // The service is called from pages of other origins, and over plain HTTP on a local network.
    crossOriginResourcePolicy: { policy: "cross-origin" },
    contentSecurityPolicy: { useDefaults: true, directives: { upgradeInsecureRequests: null } },
    strictTransportSecurity: false,
  });
  const authenticate = await createAuthenticate({ config, clock, log, custom: options.auth });
  const isOpenRoute = (route: string): boolean => route === "/*" && http.enable_custom_route_auth === false;
  if (authenticate !== undefined) {
    const toAssistantId = (name: string): string => (graphs.has(name) ? systemAssistantId(name) : name);
    const authorizer = createAuthorizer({ custom: options.auth, store, toAssistantId });
    registerAuth(app, { authenticate, authorizer, isOpenRoute });
  }
  await app.register(rateLimit, {
    max: MAX_REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    keyGenerator: (request) => String(request.headers["x-api-key"] ?? request.ip),
    addHeaders: {
      "x-ratelimit-limit": false,
      "x-ratelimit-remaining": false,
      "x-ratelimit-reset": false,
      "retry-after": true,
    },
    addHeadersOnExceeding: { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false },
  });
  await registerDocs(
    app,
    authenticate === undefined
      ? undefined
      : {
          hasKeys: config.apiKey !== undefined || config.apiKeysFile !== undefined,
          hasTokens: config.jwt !== undefined,
          isCustom: options.auth !== undefined,
          isOpenRoute: (route) => OPEN_PATHS.has(route) || isOpenRoute(route),
        },
  );

  const context: RouteContext = {
    config,
    http,
    webhookRules,
    threadTtl: expiry.threadTtl,
    log,
    clock,
    graphs,
    bound,
    store: authenticate === undefined ? store : guardStore(store),
    graphStore,
    checkpointer,
    runs: authenticate === undefined ? runs : guardRuns(runs),
    metrics,
    readiness: [{ name: "store", check: () => store.ping() }, ...(options.readiness ?? [])],
  };
  for (const routes of [
    systemRoutes,
    assistantRoutes,
    assistantGraphRoutes,
    threadRoutes,
    threadStateRoutes,
    runRoutes,
    runControlRoutes,
    storeRoutes,
  ]) {
    await app.register(routes(context));
  }
  await app.register(cronRoutes({ ...context, crons }));
  await app.register(protocolRoutes({ ...context, hub }));
  // Plugins written for the zod types and plain ones differ only in what the compiler infers.
  for (const plugin of options.plugins ?? []) await app.register(plugin as FastifyPluginAsync);
  if (options.httpApp !== undefined) await app.register(customRoutes(options.httpApp));

  app.addHook("preClose", async () => {
    for (const sweeper of sweepers) sweeper.stop();
    await crons.stop();
    await runs.shutdown(DRAIN_MS);
    await hub.close();
    setTimeout(() => app.server.closeAllConnections(), LINGER_MS).unref();
  });
  await app.ready();
  return app;
}
