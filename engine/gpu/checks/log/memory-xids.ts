import { refine, sourceOf } from "./refine.ts";
import { incidentsOf } from "./timeline.ts";
import type { XidGrade } from "./xid-grade.ts";
import { hasXid, isXid } from "./xid-group.ts";
import type { TimedXid, XidGroup } from "./xid-group.ts";

/** 48: reset; with a row remap drain and reset; past the SRAM threshold replace. Source: NVIDIA Xid Catalog, workflow 48. */
export function uncorrectableEcc(group: XidGroup): Partial<XidGrade> {
  const outcome = refine(group);
  if (outcome === undefined) return {};
  const isBankFull = group.onGpu.some(({ event }) => event.detail.isRemapExhausted === true);
  const withRemap = outcome.action === "DRAIN_RESET";
  return {
    title: `XID 48: an uncorrectable memory error, ${outcome.reason}`,
    verdict: outcome.action === "RMA_REVIEW" || isBankFull ? "gpu_failed" : "gpu_degraded",
    action: outcome.action,
    followUp: isBankFull ? ["RMA_REVIEW"] : withRemap ? ["RUN_DIAG", "WATCH"] : ["RUN_DIAG"],
    source: sourceOf(48),
  };
}

/**
 * 63: a remap is recorded and becomes active at the next reset. Work may finish first, which is a drain; a reading that
 * says that nothing is pending shows that the reset has been done. Source: NVIDIA Xid Catalog; leptonai/gpud.
 */
export function remapRecorded({ reading, isPast }: XidGroup): Partial<XidGrade> {
  if (reading?.isRemapPending === false && reading.isRemapFailed !== true) {
    return {
      title: "XID 63: a row remap was recorded and is active",
      severity: "info",
      verdict: "gpu_degraded",
      action: "WATCH",
      followUp: [],
      notes: isPast
        ? []
        : [
            "XID 63 recorded a row remap and the reading has none pending: the GPU was reset in between, or the reading is older than the log",
          ],
    };
  }
  return { verdict: "gpu_degraded", action: "DRAIN_RESET", followUp: ["WATCH"], source: sourceOf(63) };
}

/**
 * 64: reset; replace when it returns, also after a restart, or the bank has no spare rows.
 * Source: NVIDIA Xid Catalog; leptonai/gpud.
 */
export function remapNotRecorded(group: XidGroup): Partial<XidGrade> {
  const failures = group.all.filter(isXid);
  const isBankFull = (timed: TimedXid): boolean => timed.event.detail.isRemapExhausted === true;
  const outcome = refine(
    group,
    incidentsOf(failures).flatMap((incident) => incident.find(isBankFull) ?? incident[0] ?? []),
  );
  if (outcome === undefined) return {};
  return {
    title: `XID 64: ${outcome.reason}`,
    verdict: outcome.action === "RMA_REVIEW" ? "gpu_failed" : "gpu_degraded",
    action: outcome.action,
    followUp: outcome.action === "RMA_REVIEW" ? [] : ["RMA_REVIEW"],
    source: sourceOf(64),
  };
}

/**
 * 94: only the named application restarts. It never leads to a reset or a reboot by itself; a pending remap has a finding
 * of its own. A return on the same GPU asks for a test at the next idle moment.
 * Source: NVIDIA Xid Catalog; leptonai/gpud threshold override for 94.
 */
export function containedError(group: XidGroup): Partial<XidGrade> {
  const isRepeated = incidentsOf(group.xids).length > 1;
  return {
    verdict: "gpu_degraded",
    action: "RESTART_APP",
    followUp: isRepeated ? ["RUN_DIAG"] : ["WATCH"],
    source: sourceOf(94),
  };
}

/** 171 and 172 say where an uncorrectable error was; the 48 beside them decides. Source: NVIDIA Xid Catalog. */
export function detailRecord(group: XidGroup): Partial<XidGrade> {
  if (hasXid(group.onGpu, 48, 94, 95, 140)) return {};
  return {
    severity: "warning",
    verdict: "gpu_degraded",
    action: "WATCH",
    notes: [`XID ${group.entry.code} describes another error that the log does not hold: the log may be cut`],
    source: sourceOf(group.entry.code),
  };
}
