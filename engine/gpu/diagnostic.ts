import { z } from "zod";

/** The five diagnostics, by the names users know. */
export const DiagnosticName = z.enum([
  "memory_stress",
  "compute_stress",
  "nvlink_check",
  "pcie_bandwidth",
  "thermal_profile",
]);
export type DiagnosticName = z.infer<typeof DiagnosticName>;

export const DiagnosticMode = z.enum(["quick", "full"]);
export type DiagnosticMode = z.infer<typeof DiagnosticMode>;

/**
 * `measured` is a number without a threshold to judge it by, which is not a pass. `refused` means a safety rule
 * forbade the test, `unavailable` that nothing here can run it; neither says anything about the GPU.
 */
export const DiagnosticOutcome = z.enum([
  "pass",
  "fail",
  "warn",
  "measured",
  "skipped",
  "refused",
  "unavailable",
  "aborted",
]);
export type DiagnosticOutcome = z.infer<typeof DiagnosticOutcome>;

export const DiagnosticResult = z.object({
  test: DiagnosticName,
  gpu: z.number().int(),
  mode: DiagnosticMode,
  outcome: DiagnosticOutcome,
  durationSeconds: z.number(),
  /** Keys per test as in the compatibility table; absent where the tool did not measure it. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  conclusion: z.string(),
  /** What was run: `simulated`, or the command line. */
  ranAs: z.string(),
  isSimulated: z.boolean(),
});
export type DiagnosticResult = z.infer<typeof DiagnosticResult>;
