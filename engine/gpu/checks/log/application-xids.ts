import { modelLimits } from "../../catalog/models.ts";
import type { XidEvent } from "../../event.ts";
import { refine, sourceOf } from "./refine.ts";
import { incidentsOf } from "./timeline.ts";
import type { XidGrade } from "./xid-grade.ts";
import { hasXid } from "./xid-group.ts";
import type { TimedXid, XidGroup } from "./xid-group.ts";

/** 13: an application fault, unless the same part of the chip is hit again. Source: NVIDIA Xid Catalog, workflow 13. */
export function graphicsException(group: XidGroup): Partial<XidGrade> {
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
export function mmuFault(group: XidGroup): Partial<XidGrade> {
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
export function channelReset(): Partial<XidGrade> {
  return { severity: "info", verdict: "app", action: "NONE", followUp: [] };
}

/**
 * 45: a channel was removed, because its process ended or because another error came first; it never pages.
 * Only a record that stands quite alone, names no process and comes from a node with NVSwitches (or from one of which
 * nothing is known) leads to the fabric manager: a restart of it ends all jobs of the node.
 * Source: NVIDIA Xid Catalog, workflow 45; leptonai/gpud grades 45 as ignore.
 */
export function preemptiveRemoval(group: XidGroup): Partial<XidGrade> {
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

const REPEATS = 3;

/**
 * Application or driver codes that point at the hardware when they keep coming. Other systems reboot at the first one.
 * Source: NVIDIA Xid Catalog for one event; leptonai/gpud lists them as fatal.
 */
export function escalateOnRepeat(group: XidGroup): Partial<XidGrade> {
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
