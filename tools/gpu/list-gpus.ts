import { z } from "zod";

import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";
import { HealthStatus, reportGpu } from "./health-report.ts";
import { knownGpuIds, observeNode } from "./observe.ts";
import { nodeArgument, simulatedField } from "./wire.ts";

export const listGpus = defineTool({
  name: "list_gpus",
  description:
    "Lists the GPUs of a node with id, UUID, PCI address, model, serial, memory and status; no measurements.",
  input: z.object({ node: nodeArgument }),
  output: z.object({
    node: z.string().describe("node id"),
    gpus: z
      .array(
        z.object({
          gpu_id: z.number().int().describe("counted from 0"),
          uuid: z.string().nullable().describe("GPU-…"),
          pci: z.string().nullable().describe("PCI address"),
          name: z.string().nullable().describe("model name"),
          serial: z.string().nullable().describe("board serial number"),
          memory_total_gb: z.number().nullable().describe("GiB installed"),
          status: HealthStatus.describe("worst finding of this GPU"),
        }),
      )
      .describe("in id order; a lost GPU is listed with what is still known"),
    simulated: simulatedField,
  }),
  annotations: {
    title: "List GPUs",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async ({ node }, { context, signal }: ToolCall<GpuToolContext>) => {
    const observation = await observeNode(context, { node, signal });
    const { reading } = observation;
    return {
      node: observation.node.id,
      gpus: knownGpuIds(observation).map((id) => {
        const { gpu_id, uuid, pci, name, memory_total_gb, status } = reportGpu(id, observation);
        const serial = reading.gpus.find((gpu) => gpu.index === id)?.serial ?? null;
        return { gpu_id, uuid, pci, name, serial, memory_total_gb, status };
      }),
      simulated: reading.isSimulated,
    };
  },
});
