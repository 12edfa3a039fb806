import { lookupXid } from "../catalog/xid.ts";
import type { XidEntry } from "../catalog/xid.ts";
import type { Finding } from "../finding.ts";
import type { Action } from "../vocabulary.ts";
import { gpuFinding } from "./check.ts";
import type { GpuContext } from "./check.ts";
import { gradeXid } from "./log/xid-grade.ts";

/** A code whose text decides and that has none here is watched: link events are counted at every boot. */
function undecoded(entry: XidEntry): Pick<Finding, "severity" | "verdict" | "action" | "title"> {
  return {
    severity: "warning",
    verdict: "gpu_degraded",
    action: "WATCH",
    title: `XID ${entry.code} was counted; only its text in the kernel log says what it asks for`,
  };
}

/** The rules over several codes that need no text: 48 with a remap on the same GPU, and the remap itself. */
function withRemap(code: number, counted: Readonly<Record<string, number>>): { action?: Action; title?: string } {
  const hasRemap = [63, 64].some((remap) => (counted[remap] ?? 0) > 0);
  if (code === 63) return { action: "DRAIN_RESET" };
  if (code !== 48 || !hasRemap) return {};
  return { action: "DRAIN_RESET", title: "XID 48: an uncorrectable memory error, with a row remap on the same GPU" };
}

/**
 * XIDs that the exporter counted within its own window: real events, without a line to decode. Each is graded as one
 * event seen alone, except 48 and 63; the log, where there is one, says more and then explains this.
 * Source: NVIDIA/dcgm-exporter, DCGM_EXP_XID_ERRORS_COUNT.
 */
export function windowedXids(context: GpuContext): Finding[] {
  return Object.entries(context.gpu.windowedXids ?? {})
    .filter(([code, count]) => /^\d+$/.test(code) && Number(code) > 0 && count > 0)
    .map(([code, count]) => {
      const entry = lookupXid(Number(code));
      const { severity, verdict, action, title } = entry.grade === "decode" ? undecoded(entry) : gradeXid(entry);
      return {
        ...gpuFinding(context, {
          rule: `xid.${entry.code}`,
          component: entry.component,
          xid: entry.code,
          severity,
          verdict,
          title,
          action,
          ...withRemap(entry.code, context.gpu.windowedXids ?? {}),
          source: entry.source,
          evidence: [{ from: "metric", where: `gpu ${context.gpu.index} windowed_xids.${code}`, quote: String(count) }],
        }),
        count: Math.max(1, Math.round(count)),
      };
    });
}
