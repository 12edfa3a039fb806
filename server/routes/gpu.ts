import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { gpuHealthCheck } from "../../tools/gpu/gpu-health-check.ts";
import { listGpus } from "../../tools/gpu/list-gpus.ts";
import { readGpuEvents } from "../../tools/gpu/read-gpu-events.ts";
import { runDiagnostic } from "../../tools/gpu/run-diagnostic.ts";
import { clientGone } from "../client-gone.ts";
import { named } from "../openapi/names.ts";
import { runTool } from "../run-tool.ts";

const node = z.string().min(1).optional().describe("Node id; the first node when left out.");
const gpuId = z.coerce.number().int().min(0).optional().describe("0-based GPU index.");

const Nodes = named(
  "GpuNodes",
  z.object({
    nodes: z.array(z.object({ id: z.string(), hostname: z.string(), rack: z.string().nullable() })),
    source: z.string().describe("What is read and from where."),
    simulated: z.boolean().describe("True for a source that makes its readings up."),
  }),
);

const failures = ["node_not_found", "gpu_not_found", "source_failed"] as const;

/** `/api/v1/gpu/*`: the GPU tools over plain HTTP, with the tools' own answers. */
export const gpuRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerGpuRoutes(app, _options, done) {
    const tags = ["gpu"];

    app.get(
      "/api/v1/gpu/nodes",
      {
        schema: {
          tags,
          operationId: "listGpuNodes",
          summary: "Nodes of the GPU source",
          response: { 200: Nodes },
          errors: ["source_failed"],
        },
      },
      async (_request, reply) => {
        const nodes = await context.telemetry.listNodes(clientGone(reply));
        return {
          nodes: nodes.map(({ id, hostname, rack }) => ({ id, hostname, rack: rack ?? null })),
          source: context.telemetry.describe(),
          simulated: context.telemetry.isSimulated,
        };
      },
    );

    app.get(
      "/api/v1/gpu/gpus",
      {
        schema: {
          tags,
          operationId: "listGpus",
          summary: "GPUs of a node",
          querystring: z.object({ node }),
          response: { 200: named("GpuList", listGpus.output) },
          errors: failures,
        },
      },
      (request, reply) => runTool(listGpus, request.query, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/gpu/health",
      {
        schema: {
          tags,
          operationId: "getGpuHealth",
          summary: "Readings, findings and verdict of a node or of one GPU",
          response: { 200: named("GpuHealth", gpuHealthCheck.output) },
          errors: failures,
          querystring: z.object({ node, gpu_id: gpuId }),
        },
      },
      (request, reply) => runTool(gpuHealthCheck, request.query, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/gpu/events",
      {
        schema: {
          tags,
          operationId: "listGpuEvents",
          summary: "GPU records of the kernel log",
          response: { 200: named("GpuEvents", readGpuEvents.output) },
          errors: failures,
          querystring: z.object({
            node,
            gpu_id: gpuId,
            xid: z.coerce.number().int().min(0).optional().describe("Only records of this XID."),
            limit: z.coerce.number().int().min(1).optional().describe("How many records, the newest first."),
          }),
        },
      },
      (request, reply) => runTool(readGpuEvents, request.query, { context, signal: clientGone(reply) }),
    );

    app.post(
      "/api/v1/gpu/diagnostics",
      {
        schema: {
          tags,
          operationId: "runGpuDiagnostic",
          summary: "Run one diagnostic and wait for its result",
          body: named("DiagnosticRequest", runDiagnostic.input),
          response: { 200: named("Diagnostic", runDiagnostic.output) },
          errors: [...failures, "unknown_test"],
        },
      },
      (request, reply) => runTool(runDiagnostic, request.body, { context, signal: clientGone(reply) }),
    );

    done();
  };
