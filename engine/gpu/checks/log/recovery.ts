import { recoveryAction } from "../../catalog/recovery.ts";
import { statefulRule } from "../../catalog/stateful.ts";
import { recoveryVerdict } from "../driver.ts";
import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import type { TimedXid, XidGroup } from "./xid-group.ts";

/**
 * The last XID 154 of a GPU: the driver restates what it asks for whenever that changes, so only the last one counts.
 * The assessment lets it replace the action of the GPU's other faults. `None` withdraws earlier requests and is a remark;
 * a request from before the last boot has been carried out by the restart, which resets the GPU as well.
 * Source: NVIDIA Xid Catalog on XID 154; nvml.h API 13, field 230.
 */
export function recoveryObservation(group: XidGroup): Observation[] {
  const last = group.xids.at(-1);
  if (last === undefined || !isNotEmpty(group.xids)) return [];
  const { recoveryTo, recoveryText } = last.event.detail;
  const demand = recoveryAction(recoveryTo ?? recoveryText ?? "") ?? recoveryAction(recoveryText ?? "");
  const parts = {
    rule: "xid.154",
    component: "driver" as const,
    xid: 154,
    source: statefulRule(154)?.source ?? group.entry.source,
    ...(group.gpu === undefined ? {} : { gpu: group.gpu }),
  };
  if (demand === undefined) {
    return [
      observe(
        group.xids,
        {
          ...parts,
          title: "XID 154: a recovery action that is not known",
          severity: "warning",
          verdict: "gpu_degraded",
          action: "WATCH",
        },
        {
          notes: [
            `XID 154 at line ${last.event.line} names a recovery action outside the table: nothing is done because of it`,
          ],
        },
      ),
    ];
  }
  if (demand.action === "NONE") {
    return [
      observe(group.xids, {
        ...parts,
        title: "XID 154: the driver asks for no recovery (any more)",
        severity: "info",
        verdict: "healthy",
        action: "NONE",
      }),
    ];
  }
  if (group.isPast) {
    return [
      observe(group.xids, {
        ...parts,
        title: `XID 154: the driver asked for: ${demand.name}; the node has restarted since`,
        severity: group.reading === undefined ? "warning" : "info",
        verdict: "gpu_degraded",
        action: "WATCH",
      }),
    ];
  }
  const read = recoveryAction(group.reading?.recoveryAction ?? "");
  return [
    observe(
      group.xids,
      {
        ...parts,
        title: `XID 154: the driver asks for: ${demand.name}`,
        severity: demand.severity,
        verdict: recoveryVerdict(demand.action),
        action: demand.action,
      },
      {
        notes:
          read?.action === "NONE"
            ? [`XID 154 asks for ${demand.name} and the reading says None: one of them is older, read the GPU again`]
            : [],
      },
    ),
  ];
}

/** The last XID 154 when its value satisfies the test; undefined when there is none, or it does not. */
export function findRecovery(
  onGpu: readonly TimedXid[],
  isWanted: (value: number | undefined) => boolean,
): TimedXid | undefined {
  const last = onGpu.findLast(({ event }) => event.xid === 154);
  return last !== undefined && isWanted(last.event.detail.recoveryTo) ? last : undefined;
}
