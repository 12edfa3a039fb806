import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import { currentSignals } from "./signals.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Wrong numbers without any error of the device. NaN alone is most often the training's own; a replay that differs on
 * one device and not on another points at that device's compute units. Source: incident I19; Llama 3 report, table 5.
 */
export function numericRules(timeline: Timeline): Observation[] {
  const groups = Map.groupBy(
    currentSignals(timeline, "numeric_anomaly"),
    ({ event, host, gpu }) => `${host}|${gpu?.key ?? event.device ?? ""}`,
  );
  return [...groups.values()].flatMap((records) => {
    if (!isNotEmpty(records)) return [];
    const { gpu, event } = records[0];
    const isReplayed = records.some((record) => /\bdiffers on\b/i.test(record.event.text));
    const parts = {
      component: "compute",
      source: "incident I19: silent data corruption",
      ...(gpu ? { gpu } : {}),
    } as const;
    if (!isReplayed) {
      return [
        observe(
          records,
          {
            ...parts,
            rule: "compute.not_a_number",
            severity: "info",
            verdict: "app",
            title: "A job computes NaN",
            action: "CHECK_APP",
          },
          {
            followUp: ["RUN_DIAG"],
            notes: ["NaN alone does not tell a training problem from a device: replay the step on another GPU"],
          },
        ),
      ];
    }
    return [
      observe(
        records,
        {
          ...parts,
          rule: "compute.silent_corruption",
          severity: "critical",
          verdict: "gpu_degraded",
          title: "A replayed step differs on this device only: its compute units may give wrong results",
          action: "RUN_DIAG",
        },
        {
          followUp: ["RMA_REVIEW"],
          notes: event.device?.startsWith("cuda:")
            ? [
                "The job names its device by CUDA number; it is taken as the node's GPU number, which a device mask can shift",
              ]
            : [],
        },
      ),
    ];
  });
}
