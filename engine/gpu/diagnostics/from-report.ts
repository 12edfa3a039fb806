import type { DiagnosticMode, DiagnosticName, DiagnosticOutcome, DiagnosticResult } from "../diagnostic.ts";
import type { DiagReport } from "../readings/diag-json.ts";
import { dcgmTests } from "./plan.ts";

export interface FromReportOptions {
  readonly test: DiagnosticName;
  readonly gpu: number;
  readonly mode: DiagnosticMode;
  readonly durationSeconds: number;
  readonly ranAs: string;
}

const MAX_WARNINGS = 3;

/**
 * The part of a `dcgmi diag` report that answers one of our tests on one GPU. A test is passed only when at least one of
 * its DCGM tests passed and none failed or warned; skipped tests alone say nothing about the GPU.
 */
export function resultFromReport(report: DiagReport, options: FromReportOptions): DiagnosticResult {
  const { test, gpu, mode, durationSeconds, ranAs } = options;
  const wanted = dcgmTests(test);
  const rows = report.results.filter(
    (row) => wanted.includes(testKey(row.test)) && (row.gpu === undefined || row.gpu === gpu),
  );
  const base = { test, gpu, mode, durationSeconds, ranAs, isSimulated: false };
  if (rows.length === 0) {
    const reason = report.runtimeError ?? `the report has no result of ${wanted.join(" or ")} for GPU ${gpu}`;
    return { ...base, outcome: "unavailable", details: {}, conclusion: `Nothing was measured: ${reason}.` };
  }

  const statuses = rows.map((row) => row.status);
  const outcome: DiagnosticOutcome = statuses.includes("fail")
    ? "fail"
    : statuses.includes("warn")
      ? "warn"
      : statuses.includes("pass")
        ? "pass"
        : "skipped";
  const details: DiagnosticResult["details"] = {};
  for (const row of rows) details[`dcgm_${testKey(row.test)}`] = row.status;
  const warnings = rows.flatMap((row) => row.warnings.map((warning) => warning.message));
  const shown = warnings.slice(0, MAX_WARNINGS).join("; ");
  const more = warnings.length > MAX_WARNINGS ? ` (and ${warnings.length - MAX_WARNINGS} more)` : "";
  const list = rows.map((row) => `${testKey(row.test)} ${row.status}`).join(", ");
  return {
    ...base,
    outcome,
    details,
    conclusion: shown === "" ? `DCGM: ${list}.` : `DCGM: ${list}. ${shown}${more}`,
  };
}

/** DCGM 3 prints `Targeted Stress`, DCGM 4 `targeted_stress`. */
function testKey(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
}
