import type { Observation } from "../checks/log/observation.ts";
import type { DiagnosticName, DiagnosticResult } from "../diagnostic.ts";
import type { Finding } from "../finding.ts";
import type { DiagReport, DiagResult } from "../readings/diag-json.ts";
import type { Action } from "../vocabulary.ts";

type Grade = Pick<Finding, "component" | "severity" | "verdict" | "action"> & { readonly followUp: readonly Action[] };

/** What a failed diagnostic means when nothing else explains it. Source: pass rules of the five diagnostics. */
const FAILED: Readonly<Record<DiagnosticName, Grade>> = {
  memory_stress: {
    component: "memory",
    severity: "critical",
    verdict: "gpu_degraded",
    action: "DRAIN_RESET",
    followUp: ["RMA_REVIEW"],
  },
  compute_stress: {
    component: "compute",
    severity: "critical",
    verdict: "gpu_degraded",
    action: "RUN_DIAG",
    followUp: ["RMA_REVIEW"],
  },
  nvlink_check: {
    component: "nvlink",
    severity: "critical",
    verdict: "gpu_degraded",
    action: "RESET_GPU",
    followUp: ["INSPECT_LINK", "RESEAT"],
  },
  pcie_bandwidth: {
    component: "pcie",
    severity: "warning",
    verdict: "gpu_degraded",
    action: "RESEAT",
    followUp: ["INSPECT_HOST"],
  },
  thermal_profile: {
    component: "thermal",
    severity: "warning",
    verdict: "cooling",
    action: "CHECK_COOLING",
    followUp: ["WATCH"],
  },
};

/** A full run is what one isolates and replaces by. Source: incident I19. */
const PROVEN_CORRUPTION: Grade = {
  component: "compute",
  severity: "critical",
  verdict: "gpu_failed",
  action: "RMA_REVIEW",
  followUp: [],
};

/** A quick failure of the compute test asks for the full one; a full failure settles it. */
function isProven({ test, mode, outcome }: DiagnosticResult): boolean {
  return test === "compute_stress" && mode === "full" && outcome === "fail";
}

/**
 * Failed and doubtful diagnostics. A pass gives no finding, a number without a threshold one that is not judged, and a
 * test that was refused or could not run says nothing about the GPU.
 */
export function diagnosticFindings(results: readonly DiagnosticResult[]): Omit<Observation, "host" | "gpuKey">[] {
  return results.flatMap((result) => {
    if (result.outcome !== "fail" && result.outcome !== "warn" && result.outcome !== "measured") return [];
    const { followUp, ...grade } = isProven(result) ? PROVEN_CORRUPTION : FAILED[result.test];
    const isMeasured = result.outcome === "measured";
    const finding: Finding = {
      rule: `diagnostic.${result.test}`,
      ...grade,
      ...(isMeasured ? { severity: "info", verdict: "healthy", action: "NONE", isMeasuredOnly: true } : {}),
      ...(result.outcome === "warn" ? { severity: "warning" } : {}),
      gpu: result.gpu,
      title: `${result.test} ${isMeasured ? "measured, not judged" : result.outcome === "fail" ? "failed" : "ended with a warning"} (${result.mode} mode)`,
      evidence: [{ from: "diagnostic", where: result.test, quote: result.conclusion.slice(0, 400) }],
      source: "pass rules of the diagnostics",
      count: 1,
    };
    return [{ finding, followUp: isMeasured ? [] : followUp, notes: [] }];
  });
}

/** By test name, first match. Source: DCGM diagnostic levels and plug-ins (2026-07). */
const DCGM_TESTS: readonly { readonly pattern: RegExp; readonly grade: Grade }[] = [
  { pattern: /^(?:(?:gpu )?memory|memtest|memory.bandwidth)$/i, grade: FAILED.memory_stress },
  {
    pattern: /nvbandwidth|nccl|nvlink/i,
    grade: { ...FAILED.nvlink_check, action: "INSPECT_LINK", followUp: ["RESET_GPU"] },
  },
  { pattern: /pcie/i, grade: FAILED.pcie_bandwidth },
  { pattern: /retirement|row.remap/i, grade: { ...FAILED.memory_stress, followUp: ["RMA_REVIEW"] } },
  {
    pattern: /diagnostic|targeted|stress|pulse|eud/i,
    grade: { ...FAILED.compute_stress, action: "RMA_REVIEW", followUp: [] },
  },
  {
    pattern: /inforom/i,
    grade: { ...FAILED.compute_stress, component: "firmware", severity: "warning", action: "RESET_GPU" },
  },
];

const DCGM_SOFTWARE: Grade = {
  component: "driver",
  severity: "warning",
  verdict: "driver",
  action: "INSPECT_HOST",
  followUp: [],
};

/** What the error was about, when DCGM says so: one test can fail for several reasons. Source: DCGM error categories. */
const DCGM_CATEGORIES: Readonly<Record<number, Grade>> = {
  9: FAILED.thermal_profile,
  10: FAILED.memory_stress,
  11: { ...FAILED.nvlink_check, action: "INSPECT_LINK", followUp: ["RESET_GPU"] },
  12: { ...FAILED.nvlink_check, component: "fabric", verdict: "fabric", action: "INSPECT_LINK", followUp: [] },
  13: FAILED.pcie_bandwidth,
  14: { component: "power", severity: "warning", verdict: "power", action: "CHECK_POWER", followUp: [] },
};

/** The message of a failed row remap; the flag behind it is the criterion for replacement. Source: DCGM error texts. */
const REMAP_FAILED = /row remapping (?:has )?failed/i;
const NO_SPARE_ROWS: Grade = {
  component: "memory",
  severity: "critical",
  verdict: "gpu_failed",
  action: "RMA_REVIEW",
  followUp: [],
};

/** DCGM's own category and severity (1 monitor, 5 configuration, 6 reset) say more than the name of the test. */
function gradeOf(result: DiagResult): Grade {
  if (result.status === "fail" && result.warnings.some(({ message }) => REMAP_FAILED.test(message))) {
    return NO_SPARE_ROWS;
  }
  const severities = result.warnings.flatMap(({ severity }) => severity ?? []);
  const byCategory = result.warnings.flatMap(({ category }) => DCGM_CATEGORIES[category ?? 0] ?? [])[0];
  const byName = byCategory ?? DCGM_TESTS.find(({ pattern }) => pattern.test(result.test))?.grade ?? DCGM_SOFTWARE;
  if (severities.includes(2)) return { ...byName, severity: "critical" };
  if (severities.includes(6))
    return { ...byName, verdict: "gpu_degraded", action: "RESET_GPU", followUp: ["RUN_DIAG"] };
  if (severities.includes(5)) return DCGM_SOFTWARE;
  if (severities.includes(1) && byName.verdict !== "cooling" && byName.verdict !== "power") {
    return { ...byName, severity: "warning", action: "WATCH", followUp: [] };
  }
  return byName;
}

/** Failed and doubtful results of a DCGM report, one finding per test and GPU. */
export function reportFindings(report: DiagReport): Omit<Observation, "host" | "gpuKey">[] {
  return report.results.flatMap((result) => {
    if (result.status !== "fail" && result.status !== "warn") return [];
    const { followUp, ...grade } = gradeOf(result);
    const quotes = [...result.warnings.map(({ message }) => message), ...result.info].filter((text) => text !== "");
    const finding: Finding = {
      rule: `dcgm.${ruleName(result.test)}`,
      ...grade,
      ...(result.status === "warn" ? { severity: "warning" as const } : {}),
      ...(result.gpu === undefined ? {} : { gpu: result.gpu }),
      title: `DCGM test ${result.test.slice(0, 64)} ${result.status === "fail" ? "failed" : "ended with a warning"}`,
      evidence: (quotes.length === 0 ? [result.status] : quotes.slice(0, 3)).map((quote) => ({
        from: "diagnostic" as const,
        where: `dcgm ${result.test.slice(0, 64)}`,
        quote: quote.slice(0, 400),
      })),
      source: "NVIDIA/DCGM diagnostics: error categories and severities (2026-07)",
      count: 1,
    };
    return [{ finding, followUp, notes: [] }];
  });
}

function ruleName(test: string): string {
  return test
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(0, 48);
}
