import { refine, sourceOf } from "./refine.ts";
import type { XidGrade } from "./xid-grade.ts";
import type { XidGroup } from "./xid-group.ts";

/** 109: reset when it comes again or the GPU stays stuck; a GPU that works needs only the application restarted. */
export function contextSwitchTimeout(group: XidGroup): Partial<XidGrade> {
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
export function firmwareTimeout(): Partial<XidGrade> {
  return { followUp: ["REBOOT_NODE", "UPDATE_DRIVER"] };
}

/** 159: matters only with unified memory or vGPU in use, which neither a log nor a reading shows. */
export function coherentBusError(): Partial<XidGrade> {
  return { notes: ["XID 159 asks for a GPU reset where unified memory or vGPU is in use; that is not known here"] };
}
