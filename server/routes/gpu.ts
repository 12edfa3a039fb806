import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { gpuHealthCheck } from "../../tools/gpu/gpu-health-check.ts";
import { listGpus } from "../../tools/gpu/list-gpus.ts";
import { readGpuEvents } from "../../tools/gpu/read-gpu-events.ts";
import { runDiagnostic } from "../../tools/gpu/run-diagnostic.ts";
import { clientGone } from "../client-gone.ts";
import { runTool } from "../run-tool.ts";

const node = z.string().min(1).optional().describe("Node id; the first node when left out.");
const gpuId = z.coerce.number().int().min(0).optional().describe("0-based GPU index.");

const Nodes = z.object({
  nodes: z.array(z.object({ id: z.string(), hostname: z.string(), rack: z.string().nullable() })),
  source: z.string().describe("What is read and from where."),
  simulated: z.boolean(),
});

/** `/api/v1/gpu/*`: the GPU tools over plain HTTP, with the tools' own answers. */
export const gpuRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerGpuRoutes(app, _options, done) {
    const tags = ["gpu"];

    app.get(
      "/api/v1/gpu/nodes",
      { schema: { tags, summary: "Nodes of the GPU source", response: { 200: Nodes } } },
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
      { schema: { tags, summary: "GPUs of a node", querystring: z.object({ node }) } },
      (request, reply) => runTool(listGpus, request.query, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/gpu/health",
      {
        schema: {
          tags,
          summary: "Readings, findings and verdict of a node or of one GPU",
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
          summary: "GPU records of the kernel log",
          querystring: z.object({
            node,
            gpu_id: gpuId,
            xid: z.coerce.number().int().min(0).optional(),
            limit: z.coerce.number().int().min(1).optional(),
          }),
        },
      },
      (request, reply) => runTool(readGpuEvents, request.query, { context, signal: clientGone(reply) }),
    );

    app.post(
      "/api/v1/gpu/diagnostics",
      { schema: { tags, summary: "Run one diagnostic and wait for its result", body: runDiagnostic.input } },
      (request, reply) => runTool(runDiagnostic, request.body, { context, signal: clientGone(reply) }),
    );

    done();
  };
