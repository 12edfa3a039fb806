import type { Finding } from "../finding.ts";
import { gpuFinding, snakeCase } from "./check.ts";
import type { GpuContext } from "./check.ts";

/** From this utilisation on profiling metrics cannot truly be zero. */
const BUSY_PCT = 90;

/**
 * The exporter's XID gauge keeps the last code until the exporter restarts, so alone it is never a fault: a dated log
 * line or the windowed counter has to confirm it. The assessment drops this finding when the log does.
 * Source: NVIDIA/dcgm-exporter issue 500; incident I23.
 */
export function staleXidGauge(context: GpuContext): Finding[] {
  const { gpu } = context;
  const code = gpu.lastXid;
  if (!code || (gpu.windowedXids?.[String(code)] ?? 0) > 0) return [];
  return [
    gpuFinding(context, {
      rule: "telemetry.stale_xid",
      component: "telemetry",
      xid: code,
      severity: "info",
      verdict: "telemetry",
      title: `The XID gauge shows ${code} and no event confirms it`,
      action: "WATCH",
      source: "NVIDIA/dcgm-exporter issue 500: last-value gauge; incident I23",
      evidence: [quoteMetric(context, "lastXid", String(code))],
    }),
  ];
}

/**
 * A fully used GPU whose profiling metrics are zero or blank: the profiling module has failed, the numbers say nothing.
 * Source: NVIDIA/DCGM issue 303; incident I23.
 */
export function profilingBlind(context: GpuContext): Finding[] {
  const { gpu } = context;
  if ((gpu.utilizationPct ?? 0) < BUSY_PCT) return [];
  const blank = gpu.blanks?.["graphicsEngineActive"];
  if (gpu.graphicsEngineActive !== 0 && blank === undefined) return [];
  return [
    gpuFinding(context, {
      rule: "telemetry.profiling_blind",
      component: "telemetry",
      severity: "info",
      verdict: "telemetry",
      title: `Profiling metrics are ${blank === undefined ? "zero" : "blank"} on a GPU at ${gpu.utilizationPct} % utilisation`,
      action: "WATCH",
      source: "NVIDIA/DCGM issue 303; incident I23",
      evidence: [
        quoteMetric(context, "graphicsEngineActive", blank ?? "0"),
        quoteMetric(context, "utilizationPct", String(gpu.utilizationPct)),
      ],
    }),
  ];
}

function quoteMetric({ gpu }: GpuContext, field: string, quote: string): Finding["evidence"][number] {
  return { from: "metric", where: `gpu ${gpu.index} ${snakeCase(field)}`, quote };
}
