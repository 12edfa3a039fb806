import { REPEAT_ESCALATION } from "../../catalog/stateful.ts";
import type { NodeReading } from "../../reading.ts";
import type { Action } from "../../vocabulary.ts";
import { shortPci } from "./gpu-identity.ts";
import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import { findRecovery, recoveryObservation } from "./recovery.ts";
import { countBoots, groupXids } from "./xid-group.ts";
import type { XidGroup } from "./xid-group.ts";
import { gradeXid } from "./xid-grade.ts";
import type { XidGrade } from "./xid-grade.ts";
import { XID_RULES } from "./xid-rules.ts";
import type { Timeline } from "./timeline.ts";

/** 154 carries no fault of its own: it says what to do about another one. */
const RECOVERY_XID = 154;

/** What a reset or a restart mends, so that a later one settles it. */
const MENDED_BY_RESTART: ReadonlySet<Action> = new Set([
  "RESET_GPU",
  "DRAIN_RESET",
  "REBOOT_NODE",
  "RESTART_APP",
  "RESET_FABRIC",
]);

/** One observation per code and GPU. */
export function xidRules(timeline: Timeline, node?: NodeReading): Observation[] {
  return groupXids(timeline, node).flatMap((group) => {
    if (group.entry.code === RECOVERY_XID) return recoveryObservation(group);
    const { latest } = group;
    if (!isNotEmpty(latest)) return [];
    const grade = settle(group, escalate(group, { ...gradeXid(group.entry), ...XID_RULES[group.entry.code]?.(group) }));
    const { title, severity, verdict, action, source, followUp, notes } = grade;
    return [
      observe(
        latest,
        {
          rule: `xid.${group.entry.code}`,
          component: group.entry.component,
          xid: group.entry.code,
          title,
          severity,
          verdict,
          action,
          source,
          ...(group.gpu === undefined ? {} : { gpu: group.gpu }),
        },
        { followUp, notes, count: group.all.length, peers: peersNamed(group) },
      ),
    ];
  });
}

const PCI = /\b[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}(?:\.[0-7])?\b/gi;

/** Addresses in the driver's text other than the GPU's own. The name of a process is not part of that text. */
function peersNamed({ entry, xids }: XidGroup): string[] {
  if (entry.component !== "nvlink") return [];
  return xids.flatMap(({ event }) => {
    const own = event.pci === undefined ? undefined : shortPci(event.pci);
    return [...event.text.matchAll(PCI)].map(([address]) => shortPci(address)).filter((address) => address !== own);
  });
}

/**
 * A fault that comes back after two restarts is not mended by a third: somebody has to look at the hardware.
 * Source: leptonai/gpud xid health state (2026-08).
 */
function escalate(group: XidGroup, grade: XidGrade): XidGrade {
  const mends: readonly Action[] = ["RESET_GPU", "DRAIN_RESET", "REBOOT_NODE"];
  if (group.isPast || !mends.includes(grade.action)) return grade;
  if (countBoots(group) <= REPEAT_ESCALATION.reboots) return grade;
  return {
    ...grade,
    title: `${grade.title}; it came back after ${countBoots(group) - 1} restarts`,
    verdict: "gpu_failed",
    severity: "critical",
    action: "RMA_REVIEW",
    followUp: ["RESEAT"],
    source: REPEAT_ESCALATION.source,
  };
}

/** What happened since: a restart of the machine, or the driver taking its request back. */
function settle(group: XidGroup, grade: XidGrade): XidGrade {
  if (grade.action === "NONE" || grade.action === "WATCH") return grade;
  if (group.isPast) return settleByRestart(group, grade);
  const withdrawal = findRecovery(group.onGpu, (value) => value === 0);
  const last = group.latest.at(-1);
  const isWithdrawn = withdrawal !== undefined && last !== undefined && withdrawal.moment.order > last.moment.order;
  const isStillBad = group.reading?.isLost === true || group.entry.code === 79;
  if (!isWithdrawn || isStillBad || grade.verdict === "app" || !MENDED_BY_RESTART.has(grade.action)) return grade;
  return {
    ...grade,
    title: `${grade.title}; the driver has since withdrawn its request for recovery`,
    severity: "warning",
    action: "WATCH",
    followUp: [],
    notes: [
      ...grade.notes,
      `XID 154 went back to None after XID ${group.entry.code}: it is taken as recovered, not as never happened`,
    ],
  };
}

function settleByRestart(group: XidGroup, grade: XidGrade): XidGrade {
  if (grade.verdict === "app") return { ...grade, severity: "info", verdict: "healthy", action: "NONE", followUp: [] };
  if (!MENDED_BY_RESTART.has(grade.action)) return grade;
  const { code } = group.entry;
  return {
    ...grade,
    title: `${grade.title}; the node has restarted since`,
    severity: group.reading === undefined ? "warning" : "info",
    action: "WATCH",
    followUp: [],
    notes:
      group.reading === undefined
        ? [...grade.notes, `XID ${code} was before the last boot: whether the GPU came back well is not known`]
        : grade.notes,
  };
}
