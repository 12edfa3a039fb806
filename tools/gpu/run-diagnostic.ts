import { z } from "zod";

import { DiagnosticMode, DiagnosticName, DiagnosticOutcome, DiagnosticResult } from "../../engine/gpu/diagnostic.ts";
import { ServiceError } from "../../lib/errors.ts";
import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";
import { observeNode, requireGpu } from "./observe.ts";
import { gpuIdArgument, nodeArgument, simulatedField } from "./wire.ts";

const TESTS = DiagnosticName.options.join(", ");

export const runDiagnostic = defineTool({
  name: "run_diagnostic",
  description:
    `Runs one diagnostic on one GPU: ${TESTS}. Refuses on a GPU that is busy, lost or has a hard fault, and says why; a ` +
    "refused or unavailable test says nothing about the GPU. Run it after the health check, when the result would change " +
    "what to do.",
  input: z.object({
    // Not an enum: an unknown name gets an answer that lists the tests, like in the original tool.
    test_name: z.string().min(1).max(100).describe(`one of ${TESTS}`),
    gpu_id: gpuIdArgument.default(0).describe("GPU id, counted from 0"),
    mode: DiagnosticMode.default("quick").describe("quick: seconds to a minute; full: minutes, needs an idle GPU"),
    node: nodeArgument,
  }),
  output: z.object({
    test: DiagnosticName.describe("the test"),
    gpu_id: z.number().int().describe("the GPU"),
    passed: z.boolean().describe("true only for the outcome pass"),
    outcome: DiagnosticOutcome.describe("measured is a number without a threshold, which is not a pass"),
    mode: DiagnosticMode.describe("as asked"),
    duration_seconds: z.number().describe("how long it ran"),
    details: DiagnosticResult.shape.details.describe("measurements; what the test did not measure is absent"),
    conclusion: z.string().describe("what it means, or why it did not run"),
    ran_as: z.string().describe("simulated, or the command line"),
    simulated: simulatedField,
  }),
  annotations: {
    title: "Run a diagnostic",
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  run: async ({ test_name: name, gpu_id: gpuId, mode, node }, call: ToolCall<GpuToolContext>) => {
    const test = DiagnosticName.safeParse(name);
    if (!test.success) {
      throw new ServiceError("unknown_test", `no diagnostic ${JSON.stringify(name)}; tests are ${TESTS}`, {
        data: { available_tests: [...DiagnosticName.options] },
      });
    }
    const { context, signal, reportProgress } = call;
    const observation = await observeNode(context, { node, signal });
    requireGpu(gpuId, observation);
    const result = await context.telemetry.runDiagnostic(
      { node: observation.node.id, test: test.data, gpu: gpuId, mode },
      { signal, onProgress: (done, total) => reportProgress({ done, total }) },
    );
    return {
      test: result.test,
      gpu_id: result.gpu,
      passed: result.outcome === "pass",
      outcome: result.outcome,
      mode: result.mode,
      duration_seconds: result.durationSeconds,
      details: result.details,
      conclusion: result.conclusion,
      ran_as: result.ranAs,
      simulated: result.isSimulated,
    };
  },
});
