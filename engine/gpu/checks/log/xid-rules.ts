import { refineXid, statefulRule } from "../../catalog/stateful.ts";
import type { StatefulOutcome } from "../../catalog/stateful.ts";
import { modelLimits } from "../../catalog/models.ts";
import type { XidEvent } from "../../event.ts";
import { decideNvlink5, decideXid74 } from "./nvlink-rules.ts";
import { incidentsOf } from "./timeline.ts";
import type { TimedXid } from "./xid-group.ts";
import { hasXid } from "./xid-group.ts";
import type { XidGroup } from "./xid-group.ts";
import type { XidGrade } from "./xid-grade.ts";

/** Refines the catalogue's grade of a code by what stands around its records; absent parts keep the catalogue's. */
export type XidRule = (group: XidGroup) => Partial<XidGrade>;

/** Codes whose meaning depends on more than the code. Every other code keeps the grade of its catalogue row. */
export const XID_RULES: Readonly<Record<number, XidRule>> = {
  13: graphicsException,
  31: mmuFault,
  32: escalateOnRepeat,
  38: escalateOnRepeat,
  43: channelReset,
  44: escalateOnRepeat,
  45: preemptiveRemoval,
  48: uncorrectableEcc,
  63: remapRecorded,
  64: remapNotRecorded,
  68: escalateOnRepeat,
  69: escalateOnRepeat,
  74: decideXid74,
  94: containedError,
  109: contextSwitchTimeout,
  119: firmwareTimeout,
  120: firmwareTimeout,
  144: decideNvlink5,
  145: decideNvlink5,
  146: decideNvlink5,
  147: decideNvlink5,
  148: decideNvlink5,
  149: decideNvlink5,
  150: decideNvlink5,
  159: coherentBusError,
  171: detailRecord,
  172: detailRecord,
};

/** 13: an application fault, unless the same part of the chip is hit again. Source: NVIDIA Xid Catalog, workflow 13. */
function graphicsException(group: XidGroup): Partial<XidGrade> {
  const outcome = refine(group);
  if (outcome?.action !== "RUN_DIAG") return { action: "CHECK_APP", followUp: ["RESTART_APP"] };
  return {
    title: `XID 13 again at the same place of the chip: ${outcome.reason}`,
    verdict: "gpu_degraded",
    action: "RUN_DIAG",
    followUp: ["RMA_REVIEW"],
    source: sourceOf(13),
  };
}

/**
 * 31: an application fault, unless one GPU has it under different jobs. Jobs differ by the name of their program, or by
 * a process that faults at another time: the processes of one job fault together. A program that takes the fault to
 * another GPU is the cause itself.
 * Source: NVIDIA Xid Catalog, workflow 31.
 */
function mmuFault(group: XidGroup): Partial<XidGrade> {
  const incidents = incidentsOf(splitByProcess(group.xids));
  const names = new Set(group.xids.flatMap(({ event }) => event.processName ?? []));
  const movesAlong = group.onHost.some(
    ({ event, gpu }) =>
      event.xid === 31 &&
      gpu?.key !== group.gpu?.key &&
      event.processName !== undefined &&
      names.has(event.processName),
  );
  const jobs = Math.max(incidents.length, names.size);
  if (jobs < 2 || (movesAlong && names.size < 2)) return { action: "CHECK_APP", followUp: ["RESTART_APP"] };
  return {
    title: `XID 31 on one GPU under ${jobs} different processes`,
    verdict: "gpu_degraded",
    action: "RUN_DIAG",
    followUp: ["RMA_REVIEW"],
    source: sourceOf(31),
  };
}

/** Keeps the first record of each process: what it prints after that is the same fault. */
function splitByProcess(xids: readonly TimedXid[]): readonly TimedXid[] {
  const seen = new Set<string>();
  return xids.filter(({ event }) => {
    const process = processOf(event);
    if (seen.has(process)) return false;
    seen.add(process);
    return true;
  });
}

function processOf({ pid, processName = "" }: XidEvent): string {
  return pid === undefined ? processName : String(pid);
}

/** 43: the application's channel was reset; the GPU is healthy and nobody is to be called. Source: NVIDIA Xid Catalog. */
function channelReset(): Partial<XidGrade> {
  return { severity: "info", verdict: "app", action: "NONE", followUp: [] };
}

/**
 * 45: a channel was removed, because its process ended or because another error came first; it never pages.
 * Only a record that stands quite alone, names no process and comes from a node with NVSwitches (or from one of which
 * nothing is known) leads to the fabric manager: a restart of it ends all jobs of the node.
 * Source: NVIDIA Xid Catalog, workflow 45; leptonai/gpud grades 45 as ignore.
 */
function preemptiveRemoval(group: XidGroup): Partial<XidGrade> {
  const quiet = { severity: "info", verdict: "app", action: "NONE", followUp: [] } as const;
  const parent = group.xids.find(({ event }) => event.detail.causedByXid !== undefined)?.event.detail.causedByXid;
  if (parent !== undefined) {
    if (hasXid(group.onHost, parent)) return quiet;
    return {
      ...quiet,
      title: `XID 45: a channel was removed because of XID ${parent}`,
      severity: "warning",
      verdict: "gpu_degraded",
      action: "WATCH",
      notes: [`XID 45 names XID ${parent} as its cause, which the log does not hold: the log may be cut`],
    };
  }
  const namesProcess = group.xids.some(({ event }) => event.processName !== undefined || event.pid !== undefined);
  const others = group.onHost.some(({ event }) => event.xid !== 45 && event.xid !== 154);
  if (namesProcess || others || isAfterApplicationExit(group) || hasWorkingOrNoFabric(group)) return quiet;
  return {
    severity: "info",
    verdict: "fabric",
    action: "RESTART_FABRIC_MANAGER",
    followUp: [],
    notes: ["XID 45 stands alone and names no process: the error it follows may be missing from the log"],
    source: sourceOf(45),
  };
}

function isAfterApplicationExit(group: XidGroup): boolean {
  return group.timeline.events.some(
    ({ event, host }) =>
      host === group.host &&
      event.kind === "signal" &&
      (event.signal === "oom_killer" || event.signal === "cuda_out_of_memory"),
  );
}

function hasWorkingOrNoFabric({ reading, node }: XidGroup): boolean {
  if (node?.isFabricManagerRunning === true || /^completed$/i.test(reading?.fabricState ?? "")) return true;
  if (reading?.name === undefined) return false;
  return reading.fabricState === undefined && modelLimits(reading.name)?.nvlinkCount === undefined;
}

/** 48: reset; with a row remap drain and reset; past the SRAM threshold replace. Source: NVIDIA Xid Catalog, workflow 48. */
function uncorrectableEcc(group: XidGroup): Partial<XidGrade> {
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
function remapRecorded({ reading }: XidGroup): Partial<XidGrade> {
  if (reading?.isRemapPending === false && reading.isRemapFailed !== true) {
    return {
      title: "XID 63: a row remap was recorded and is active",
      severity: "info",
      verdict: "gpu_degraded",
      action: "WATCH",
      followUp: [],
    };
  }
  return { verdict: "gpu_degraded", action: "DRAIN_RESET", followUp: ["WATCH"], source: sourceOf(63) };
}

/** 64: reset; replace when it returns or the bank has no spare rows. Source: NVIDIA Xid Catalog; leptonai/gpud. */
function remapNotRecorded(group: XidGroup): Partial<XidGrade> {
  const outcome = refine(group);
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
function containedError(group: XidGroup): Partial<XidGrade> {
  const isRepeated = incidentsOf(group.xids).length > 1;
  return {
    verdict: "gpu_degraded",
    action: "RESTART_APP",
    followUp: isRepeated ? ["RUN_DIAG"] : ["WATCH"],
    source: sourceOf(94),
  };
}

/** 109: reset when it comes again or the GPU stays stuck; a GPU that works needs only the application restarted. */
function contextSwitchTimeout(group: XidGroup): Partial<XidGrade> {
  const outcome = refine(group);
  if (outcome?.action !== "RESTART_APP") return { source: sourceOf(109) };
  return {
    severity: "warning",
    verdict: "gpu_degraded",
    action: "RESTART_APP",
    followUp: ["WATCH"],
    title: "XID 109: a context switch timed out once and the GPU works again",
    source: sourceOf(109),
  };
}

/** 119, 120: reset, else reboot; driver branches with known faults of this kind exist. Source: incident I05. */
function firmwareTimeout(): Partial<XidGrade> {
  return { followUp: ["REBOOT_NODE", "UPDATE_DRIVER"] };
}

/** 159: matters only with unified memory or vGPU in use, which neither a log nor a reading shows. */
function coherentBusError(): Partial<XidGrade> {
  return { notes: ["XID 159 asks for a GPU reset where unified memory or vGPU is in use; that is not known here"] };
}

/** 171 and 172 say where an uncorrectable error was; the 48 beside them decides. Source: NVIDIA Xid Catalog. */
function detailRecord(group: XidGroup): Partial<XidGrade> {
  if (hasXid(group.onGpu, 48, 94, 95, 140)) return {};
  return {
    severity: "warning",
    verdict: "gpu_degraded",
    action: "WATCH",
    notes: [`XID ${group.entry.code} describes another error that the log does not hold: the log may be cut`],
    source: sourceOf(group.entry.code),
  };
}

const REPEATS = 3;

/**
 * Application or driver codes that point at the hardware when they keep coming. Other systems reboot at the first one.
 * Source: NVIDIA Xid Catalog for one event; leptonai/gpud lists them as fatal.
 */
function escalateOnRepeat(group: XidGroup): Partial<XidGrade> {
  const { code } = group.entry;
  const count = incidentsOf(group.xids).length;
  if (count < REPEATS) return {};
  return {
    title: `XID ${code} came ${count} times on one GPU`,
    severity: "warning",
    verdict: "gpu_degraded",
    action: "RUN_DIAG",
    followUp: [],
  };
}

function refine(group: XidGroup): StatefulOutcome | undefined {
  const { reading } = group;
  const events = group.onGpu.map(({ event }) => event);
  return refineXid(group.entry.code, group.xids[0]?.event.pci, events, {
    ...(reading?.isSramThresholdExceeded === undefined
      ? {}
      : { isSramThresholdExceeded: reading.isSramThresholdExceeded }),
    ...(reading?.isRemapFailed === undefined ? {} : { isRemapFailed: reading.isRemapFailed }),
    ...(reading === undefined ? {} : { isStuck: isStuck(group) }),
  });
}

/** Whether the GPU shows that it did not come back: lost, asking for a reset, or followed by another hang. */
function isStuck({ reading, onGpu }: XidGroup): boolean {
  if (reading?.isLost === true || reading?.isResetRequired === true || reading?.errorText !== undefined) return true;
  if (reading?.temperatureC === undefined && reading?.utilizationPct === undefined) return true;
  return hasXid(onGpu, 46, 119, 120, 158);
}

function sourceOf(code: number): string {
  return statefulRule(code)?.source ?? "NVIDIA Xid Catalog";
}
