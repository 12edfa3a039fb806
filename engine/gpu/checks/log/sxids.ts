import { classifySxid } from "../../catalog/sxid.ts";
import type { SxidEvent } from "../../event.ts";
import type { Verdict } from "../../vocabulary.ts";
import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import type { TimedEvent, Timeline } from "./timeline.ts";

type TimedSxid = TimedEvent<SxidEvent>;

/**
 * One observation per NVSwitch, code and present boot. The severity word of the record is the floor of the grade, the
 * table is advice. Source: NVIDIA/NVSentinel sxid mapping, leptonai/gpud sxid (2026-08).
 */
export function sxidRules(timeline: Timeline): Observation[] {
  const events = timeline.events
    .filter((timed): timed is TimedSxid => timed.event.kind === "sxid")
    .filter((timed) => timed.moment.boot === timeline.currentBoot(timed.host));
  const groups = Map.groupBy(events, ({ event, host }) => `${host}|${event.pci ?? event.nvswitch ?? ""}|${event.sxid}`);
  return [...groups.values()].flatMap((group) => {
    if (!isNotEmpty(group)) return [];
    const { event } = group[0];
    const isFatal = group.some((timed) => timed.event.isFatal === true) ? true : event.isFatal;
    const grade = classifySxid(event.sxid, isFatal);
    const links = [...new Set(group.flatMap((timed) => timed.event.link ?? []))];
    const where = links.length === 0 ? "" : ` on link${links.length === 1 ? "" : "s"} ${links.slice(0, 6).join(", ")}`;
    return [
      observe(
        group,
        {
          rule: `sxid.${event.sxid}`,
          component: grade.class === "thermal" ? "thermal" : "fabric",
          sxid: event.sxid,
          severity: grade.severity,
          verdict: verdictFor(grade.action),
          title: `NVSwitch error ${event.sxid}${where}: ${grade.meaning}`,
          action: grade.action,
          source: grade.source,
        },
        {
          followUp: grade.followUp,
          notes: grade.conflict === undefined ? [] : [`SXID ${event.sxid}: ${grade.conflict}`],
        },
      ),
    ];
  });
}

/** Whatever has to be done about a switch, the switch is what is wrong, except where it is too hot. */
function verdictFor(action: ReturnType<typeof classifySxid>["action"]): Verdict {
  if (action === "NONE") return "healthy";
  return action === "CHECK_COOLING" ? "cooling" : "fabric";
}
