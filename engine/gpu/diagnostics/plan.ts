import type { DiagnosticMode, DiagnosticName } from "../diagnostic.ts";

interface DiagnosticPlan {
  /** Time the test puts on the GPU. */
  readonly seconds: Readonly<Record<DiagnosticMode, number>>;
  /** Tests of `dcgmi diag` that make it up. */
  readonly dcgmTests: readonly string[];
  /** Parameters that give the tests their length; `{s}` is the seconds each of them gets. */
  readonly dcgmParameters: readonly string[];
}

/**
 * Source: DCGM diagnostics documentation and plugin parameters (DCGM 4). `targeted_power` serves the thermal profile
 * because it holds a constant power. NVLink has no test of its own before DCGM 4's nvbandwidth.
 */
const PLANS: Readonly<Record<DiagnosticName, DiagnosticPlan>> = {
  memory_stress: {
    seconds: { quick: 60, full: 600 },
    dcgmTests: ["memory", "memtest"],
    dcgmParameters: ["memtest.test_duration={s}"],
  },
  compute_stress: {
    seconds: { quick: 60, full: 600 },
    dcgmTests: ["diagnostic", "targeted_stress"],
    dcgmParameters: ["diagnostic.test_duration={s}", "targeted_stress.test_duration={s}"],
  },
  nvlink_check: { seconds: { quick: 10, full: 180 }, dcgmTests: ["nvbandwidth"], dcgmParameters: [] },
  pcie_bandwidth: { seconds: { quick: 30, full: 120 }, dcgmTests: ["pcie"], dcgmParameters: [] },
  thermal_profile: {
    seconds: { quick: 180, full: 600 },
    dcgmTests: ["targeted_power"],
    dcgmParameters: ["targeted_power.test_duration={s}"],
  },
};

export function diagnosticSeconds(test: DiagnosticName, mode: DiagnosticMode): number {
  return PLANS[test].seconds[mode];
}

/** Whether `dcgmi diag` is needed: a quick NVLink check reads link state and counters only. */
export function needsDcgm(test: DiagnosticName, mode: DiagnosticMode): boolean {
  return !(test === "nvlink_check" && mode === "quick");
}

export function dcgmTests(test: DiagnosticName): readonly string[] {
  return PLANS[test].dcgmTests;
}

/** Set-up, warm-up and clean-up of DCGM around the tests themselves. */
const OVERHEAD_SECONDS = 120;

/** The `dcgmi` command line for a test on one GPU, and how long it may take in all. */
export function planDcgmDiag(
  test: DiagnosticName,
  mode: DiagnosticMode,
  gpu: number,
): { args: readonly string[]; timeoutMs: number } {
  const plan = PLANS[test];
  const seconds = plan.seconds[mode];
  const share = Math.max(10, Math.floor(seconds / Math.max(1, plan.dcgmParameters.length)));
  const parameters = plan.dcgmParameters.map((parameter) => parameter.replace("{s}", String(share)));
  const limit = seconds * 2 + OVERHEAD_SECONDS;
  return {
    args: [
      "diag",
      "-r",
      plan.dcgmTests.join(","),
      "-i",
      String(gpu),
      "-j",
      ...(parameters.length === 0 ? [] : ["-p", parameters.join(";")]),
      "--timeout",
      String(limit),
    ],
    timeoutMs: (limit + 10) * 1000,
  };
}
