import type { DiagnosticMode, DiagnosticName } from "../diagnostic.ts";
import type { GpuEvent } from "../event.ts";
import type { GpuReading } from "../reading.ts";

/** A test that only reads state is safe on a busy GPU. */
export type Intrusion = "passive" | "stress";

export interface SafetyInput {
  readonly gpu: GpuReading;
  readonly intrusion: Intrusion;
  /** From `hardFaultXids`. */
  readonly hardFaultXids: readonly number[];
  /** The simulation pauses its own job, so a busy GPU is no reason there. */
  readonly canPauseWorkload?: boolean;
}

export const MAX_UTILIZATION_PCT = 5;
export const MAX_ALLOCATED_MIB = 500;

/** XIDs after which stress adds risk: bus lost, uncontained memory error. */
export const HARD_FAULT_XIDS: readonly number[] = [79, 95];

/**
 * Why a test must not run, most serious first; empty when it may. A GPU that is lost or does not answer and a hard
 * fault forbid every test, the other rules only those that put load on the GPU. A value that is not reported forbids nothing by itself.
 */
export function refusalReasons({
  gpu,
  intrusion,
  hardFaultXids,
  canPauseWorkload = false,
}: SafetyInput): readonly string[] {
  const reasons: string[] = [];
  if (gpu.isLost === true) reasons.push(`GPU ${gpu.index} is lost: ${gpu.errorText ?? "the driver cannot reach it"}`);
  for (const xid of hardFaultXids) {
    reasons.push(`GPU ${gpu.index} has a hard fault: XID ${xid} in the kernel log`);
  }
  if (gpu.isRemapFailed === true) reasons.push(`GPU ${gpu.index} has a hard fault: a memory row could not be remapped`);
  if (gpu.errorText !== undefined && gpu.isLost !== true) {
    reasons.push(`GPU ${gpu.index} does not answer: ${gpu.errorText}`);
  }
  if (intrusion === "passive") return reasons;

  const instances = gpu.migInstances ?? 0;
  if (gpu.migMode === true || instances > 0) reasons.push(`GPU ${gpu.index} is in MIG mode (${instances} instances)`);
  if (!canPauseWorkload) reasons.push(...busyReasons(gpu));
  return reasons;
}

function busyReasons(gpu: GpuReading): string[] {
  const reasons: string[] = [];
  const processes = gpu.processes?.length ?? 0;
  if (processes > 0) reasons.push(`GPU ${gpu.index} is busy: ${processes} process${processes === 1 ? "" : "es"} on it`);
  if ((gpu.utilizationPct ?? 0) > MAX_UTILIZATION_PCT) {
    reasons.push(`GPU ${gpu.index} is busy: utilisation ${gpu.utilizationPct} %, at most ${MAX_UTILIZATION_PCT} %`);
  }
  if ((gpu.memoryUsedMib ?? 0) > MAX_ALLOCATED_MIB) {
    reasons.push(`GPU ${gpu.index} is busy: ${gpu.memoryUsedMib} MiB allocated, at most ${MAX_ALLOCATED_MIB}`);
  }
  return reasons;
}

/**
 * XIDs in the node's log after which this GPU must be left alone. One older than the last driver load belongs to a state
 * that a reset or reboot has ended, so only later ones count; order in the log decides, because not every line has a time.
 */
export function hardFaultXids(events: readonly GpuEvent[], gpu: GpuReading): readonly number[] {
  const lastLoad = events.findLast((event) => event.kind === "signal" && event.signal === "driver_load");
  return HARD_FAULT_XIDS.filter((xid) =>
    events.some(
      (event) =>
        event.kind === "xid" &&
        event.xid === xid &&
        event.line > (lastLoad?.line ?? 0) &&
        ((event.pci !== undefined && event.pci === gpu.pci) || (event.uuid !== undefined && event.uuid === gpu.uuid)),
    ),
  );
}

/** How a test touches the GPU in each mode. */
export function intrusionOf(test: DiagnosticName, mode: DiagnosticMode): Intrusion {
  return test === "nvlink_check" && mode === "quick" ? "passive" : "stress";
}
