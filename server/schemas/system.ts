import { z } from "zod";

import { named } from "../openapi/names.ts";
import { answerOf } from "../openapi/route-docs.ts";

export const Alive = named("Ok", z.object({ ok: z.boolean() }).describe("The process answers."));

export const Readiness = named(
  "Readiness",
  z
    .object({
      ok: z.boolean().describe("Whether every part works."),
      checks: z.array(
        z.object({
          name: z.string().describe("The part."),
          ok: z.boolean(),
          latency_ms: z.number(),
          error: z.string().optional().describe("Why it does not work."),
        }),
      ),
    })
    .meta({
      description: "Which parts of the service work.",
      examples: [{ ok: true, checks: [{ name: "store", ok: true, latency_ms: 1 }] }],
    }),
);

export const ServerInfo = named(
  "ServerInfo",
  z
    .looseObject({
      version: z.string().describe("Generation of the LangGraph API that is spoken."),
      langgraph_js_version: z.string(),
      nemops_version: z.string(),
      context: z.string(),
      flags: z.looseObject({
        assistants: z.boolean(),
        crons: z.boolean(),
        langsmith: z.boolean(),
        langsmith_tracing_replicas: z.boolean(),
      }),
    })
    .meta({
      description: "Versions and what is supported; front ends read it before anything else.",
      examples: [
        {
          version: "1.5.1",
          langgraph_js_version: "1.7.3",
          nemops_version: "0.1.0",
          context: "js",
          flags: { assistants: true, crons: true, langsmith: false, langsmith_tracing_replicas: false },
        },
      ],
    }),
);

export const prometheusMetrics = answerOf(
  "text/plain",
  z.string().meta({ examples: ["# TYPE nemops_run_queue_depth gauge\nnemops_run_queue_depth 0\n"] }),
  "Metrics in the text format of Prometheus.",
);
