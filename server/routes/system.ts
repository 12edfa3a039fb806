import langgraph from "@langchain/langgraph/package.json" with { type: "json" };
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { errorMessage } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { Alive, Readiness, ServerInfo, prometheusMetrics } from "../schemas/system.ts";
import { ensureSystemAssistants } from "../system-assistants.ts";
import type { RouteContext } from "./context.ts";

/** The generation of the LangGraph API that is spoken; front ends refuse versions that look old. */
const API_VERSION = "1.5.1";

const tags = ["system"];

/** Probes, versions, metrics and, in test mode, the route that empties the stores. */
export const systemRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerSystemRoutes(app, _options, done) {
    const { store, checkpointer, graphs, clock, config, metrics, http } = context;
    const unlimited = { rateLimit: false as const };

    for (const { path, operationId } of [
      { path: "/ok", operationId: "checkOk" },
      { path: "/livez", operationId: "checkLiveness" },
    ]) {
      app.get(
        path,
        { config: unlimited, schema: { tags, operationId, summary: "The process answers", response: { 200: Alive } } },
        () => ({ ok: true }),
      );
    }

    app.get(
      "/readyz",
      {
        config: unlimited,
        schema: {
          tags,
          operationId: "checkReadiness",
          summary: "Every part the service needs works; 503 with the reason if not",
          response: { 200: Readiness, 503: Readiness },
        },
      },
      async (_request, reply) => {
        const checks = await Promise.all(
          context.readiness.map(async (part) => {
            const { name } = part;
            const startedAtMs = clock.now();
            try {
              await part.check();
              return { name, ok: true, latency_ms: clock.now() - startedAtMs };
            } catch (error) {
              return { name, ok: false, latency_ms: clock.now() - startedAtMs, error: errorMessage(error) };
            }
          }),
        );
        const isReady = checks.every(({ ok }) => ok);
        return reply.code(isReady ? 200 : 503).send({ ok: isReady, checks });
      },
    );

    const infoDocs = {
      tags,
      operationId: "getInfo",
      summary: "Versions and what is supported",
      response: { 200: ServerInfo },
    };
    app.get("/info", { config: unlimited, schema: infoDocs }, () => ({
      version: API_VERSION,
      langgraph_js_version: langgraph.version,
      nemops_version: VERSION,
      context: "js",
      flags: {
        assistants: http.disable_assistants !== true,
        // Their routes are below /runs.
        crons: http.disable_runs !== true,
        langsmith: false,
        langsmith_tracing_replicas: false,
      },
    }));

    app.get(
      "/metrics",
      {
        config: unlimited,
        schema: {
          tags,
          operationId: "getMetrics",
          summary: "Prometheus metrics",
          response: { 200: prometheusMetrics },
        },
      },
      async (_request, reply) =>
        reply.header("content-type", metrics.registry.contentType).send(await metrics.registry.metrics()),
    );

    if (config.isTestMode) {
      const Truncate = z.looseObject({
        runs: z.boolean().optional(),
        threads: z.boolean().optional(),
        assistants: z.boolean().optional(),
        checkpointer: z.boolean().optional(),
        store: z.boolean().optional(),
      });
      app.post(
        "/internal/truncate",
        {
          schema: {
            tags,
            operationId: "truncateStores",
            summary: "Empties the stores (test mode)",
            body: Truncate,
            response: { 200: Alive },
          },
        },
        async ({ body }) => {
          const tables = (["runs", "threads", "assistants"] as const).filter((table) => body[table] === true);
          await store.truncate([
            ...tables,
            ...(body.assistants === true ? (["assistantVersions"] as const) : []),
            ...(body.runs === true ? (["crons", "runEvents", "runWebhooks", "threadEvents"] as const) : []),
            ...(body.store === true ? (["items"] as const) : []),
          ]);
          if (body.checkpointer === true) await checkpointer.truncate();
          await ensureSystemAssistants(store, graphs, clock);
          return { ok: true };
        },
      );
    }
    done();
  };
