import { z } from "zod";

import { TelemetryOrigin } from "../../engine/gpu/reading.ts";
import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";
import { GpuHealthReport, HealthSummary, reportGpu, summariseHealth } from "./health-report.ts";
import { knownGpuIds, observeNode, requireGpu } from "./observe.ts";
import { AssessmentWire, gpuIdArgument, nodeArgument, simulatedField, toAssessmentWire } from "./wire.ts";

export const gpuHealthCheck = defineTool({
  name: "gpu_health_check",
  description:
    "Reads one GPU or all GPUs of a node together with the kernel log, and says what is wrong: measurements per GPU, " +
    "a verdict with evidence, the immediate action, and actions that would do harm. Call this first.",
  input: z.object({
    gpu_id: gpuIdArgument.optional().describe("GPU id, counted from 0; absent means all GPUs"),
    node: nodeArgument,
  }),
  output: z.object({
    gpus: z.array(GpuHealthReport).describe("one report per GPU asked for"),
    summary: HealthSummary.describe("counts over these GPUs"),
    assessment: AssessmentWire.describe("the whole node, from the reading and the kernel log"),
    node: z
      .object({
        id: z.string().describe("node id for further calls"),
        hostname: z.string().describe("host name"),
        driver_version: z.string().nullable().describe("NVIDIA driver"),
        origin: TelemetryOrigin.describe("where the reading came from"),
      })
      .describe("the node that was read"),
    simulated: simulatedField,
  }),
  annotations: {
    title: "GPU health check",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async ({ gpu_id: gpuId, node }, { context, signal }: ToolCall<GpuToolContext>) => {
    const observation = await observeNode(context, { node, signal });
    if (gpuId !== undefined) requireGpu(gpuId, observation);
    const ids = gpuId === undefined ? knownGpuIds(observation) : [gpuId];
    const gpus = ids.map((id) => reportGpu(id, observation));
    const { reading, assessment } = observation;
    return {
      gpus,
      summary: summariseHealth(gpus, observation, gpuId === undefined),
      assessment: toAssessmentWire(assessment),
      node: {
        id: observation.node.id,
        hostname: reading.hostname ?? observation.node.hostname,
        driver_version: reading.driverVersion ?? null,
        origin: reading.origin,
      },
      simulated: reading.isSimulated,
    };
  },
});
