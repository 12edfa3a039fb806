import type { Finding } from "../../finding.ts";
import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import { currentSignals } from "./signals.ts";
import type { TimedSignal } from "./signals.ts";
import type { Timeline } from "./timeline.ts";

type Row = Pick<Finding, "rule" | "severity" | "verdict" | "title" | "action"> & { readonly pattern: RegExp };

/** First row whose pattern is in the line holds. Source: leptonai/gpud fabric-manager log signs (2026-08); incident I07. */
const ROWS: readonly Row[] = [
  {
    pattern: /detected NVSwitch non-fatal error/i,
    rule: "fabric.manager_nonfatal_error",
    severity: "info",
    verdict: "fabric",
    title: "The fabric manager reports a non-fatal NVSwitch error",
    action: "WATCH",
  },
  {
    pattern: /detected NVSwitch fatal error/i,
    rule: "fabric.manager_fatal_error",
    severity: "critical",
    verdict: "fabric",
    title: "The fabric manager reports a fatal NVSwitch error",
    action: "RESET_FABRIC",
  },
  {
    pattern: /don't match with any supported system topology/i,
    rule: "fabric.manager_topology",
    severity: "critical",
    verdict: "fabric",
    title: "The fabric manager does not find the NVSwitches it expects",
    action: "RESTART_FABRIC_MANAGER",
  },
  {
    pattern: /(?:)/,
    rule: "fabric.manager_error",
    severity: "warning",
    verdict: "fabric",
    title: "The fabric manager reports an error",
    action: "RESTART_FABRIC_MANAGER",
  },
];

/** What the fabric manager's own log says, one observation per kind. */
export function fabricManagerRules(timeline: Timeline): Observation[] {
  const groups = Map.groupBy(
    currentSignals(timeline, "fabric_manager_error"),
    (timed) => `${timed.host}|${rowOf(timed)?.rule}`,
  );
  return [...groups.values()].flatMap((records) => {
    if (!isNotEmpty(records)) return [];
    const row = rowOf(records[0]);
    if (row === undefined) return [];
    const { pattern: _pattern, ...grade } = row;
    return [
      observe(
        records,
        { ...grade, component: "fabric", source: "leptonai/gpud fabric-manager (2026-08); incident I07" },
        { followUp: row.action === "RESET_FABRIC" ? ["REBOOT_NODE", "RESTART_FABRIC_MANAGER"] : [] },
      ),
    ];
  });
}

function rowOf({ event }: TimedSignal): Row | undefined {
  return ROWS.find((row) => row.pattern.test(event.text));
}
