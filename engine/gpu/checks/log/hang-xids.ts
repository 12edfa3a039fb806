import { refine, sourceOf } from "./refine.ts";
import { incidentsOf } from "./timeline.ts";
import type { XidGrade } from "./xid-grade.ts";
import type { XidGroup } from "./xid-group.ts";

/** 109: reset when it comes again or the GPU stays stuck; a GPU that works needs only the application restarted. */
export function contextSwitchTimeout(group: XidGroup): Partial<XidGrade> {
  // One hang is reported by every channel it stopped.
  const outcome = refine(
    group,
    incidentsOf(group.xids).flatMap(([first]) => first ?? []),
  );
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

/** 79: a reading in which the same GPU answers contradicts the record; which of them is older is not known. */
export function offTheBus({ reading, isPast }: XidGroup): Partial<XidGrade> {
  if (isPast || reading?.temperatureC === undefined || reading.isLost === true) return {};
  return {
    notes: [
      "XID 79 says that the GPU is off the bus and the reading shows it answering: one of them is older, read the GPU again before the restart",
    ],
  };
}

/** 159: matters only with unified memory or vGPU in use, which neither a log nor a reading shows. */
export function coherentBusError(): Partial<XidGrade> {
  return { notes: ["XID 159 asks for a GPU reset where unified memory or vGPU is in use; that is not known here"] };
}
