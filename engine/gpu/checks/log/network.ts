import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import { currentSignals } from "./signals.ts";
import type { TimedSignal } from "./signals.ts";
import { secondsBetween } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

/** Two outages of a port within this time are flapping. Source: ByteRobust (arXiv 2509.16293): two alerts in five minutes. */
const CLOSE_S = 300;
/** More outages of a port than this in a day are flapping. Source: Azure/azurehpc-health-checks: five a day are accepted. */
const PER_DAY = 5;
const DAY_S = 86_400;
/** Without times: a second outage may be a coincidence, a third is not. */
const UNDATED = 3;

/** Ports that went down and stayed down, and ports that flap. One outage that ended is tolerated. Source: incident I14. */
export function linkRules(timeline: Timeline): Observation[] {
  const events = currentSignals(timeline, "ib_link_down", "ib_link_up");
  const ports = Map.groupBy(events, ({ event, host }) => `${host}|${event.device ?? event.pci ?? ""}`);
  return [...ports.values()].flatMap((records) => {
    const outages = records.filter(({ event, isBooting }) => event.signal === "ib_link_down" && !isBooting);
    if (!isNotEmpty(outages)) return [];
    const isDown = records.at(-1)?.event.signal === "ib_link_down";
    const isFlapping = flaps(outages);
    const parts = {
      rule: "network.link_flap",
      component: "network",
      source: "incident I14: link flapping or down",
    } as const;
    if (!isDown && !isFlapping) {
      return [
        observe(outages, {
          ...parts,
          severity: "info",
          verdict: "healthy",
          title: "A network port was down for a moment and came back, which is tolerated",
          action: "NONE",
        }),
      ];
    }
    return [
      observe(
        outages,
        {
          ...parts,
          ...(isFlapping ? {} : { rule: "network.link_down" }),
          severity: "warning",
          verdict: "network",
          title: isFlapping
            ? `A network port went down ${outages.length} times`
            : "A network port went down and stayed down",
          action: "INSPECT_LINK",
        },
        { followUp: ["INSPECT_PEER"] },
      ),
    ];
  });
}

function flaps(outages: readonly TimedSignal[]): boolean {
  const isWithin = (count: number, limitS: number): boolean =>
    outages.some((outage, index) => {
      const later = outages[index + count - 1];
      const seconds = later === undefined ? undefined : secondsBetween(outage.moment, later.moment);
      return seconds !== undefined && seconds <= limitS;
    });
  if (isWithin(2, CLOSE_S) || isWithin(PER_DAY + 1, DAY_S)) return true;
  const isDated = outages.every(({ moment }) => (moment.atMs ?? moment.yearlessMs ?? moment.uptimeS) !== undefined);
  return !isDated && outages.length >= UNDATED;
}

/** A hot optic or adapter, which makes links flap. Source: incident I14. */
export function hotAdapterRule(timeline: Timeline): Observation[] {
  const ports = Map.groupBy(
    currentSignals(timeline, "ib_high_temperature"),
    ({ event, host }) => `${host}|${event.device ?? event.pci ?? ""}`,
  );
  return [...ports.values()].flatMap((records) =>
    isNotEmpty(records)
      ? [
          observe(records, {
            rule: "network.high_temperature",
            component: "network",
            severity: "warning",
            verdict: "network",
            title: "A network adapter or its optic is too hot",
            action: "INSPECT_LINK",
            source: "incident I14: high temperature of an adapter",
          }),
        ]
      : [],
  );
}

/**
 * A collective that waited too long. With healthy GPUs and links the reason is most often a rank that came late: its
 * storage, its data or its host, so that is where to look first. Source: incident I15.
 */
export function collectiveTimeoutRule(timeline: Timeline): Observation[] {
  const hosts = Map.groupBy(currentSignals(timeline, "nccl_timeout"), ({ host }) => host);
  return [...hosts.values()].flatMap((records) =>
    isNotEmpty(records)
      ? [
          observe(
            records,
            {
              rule: "network.collective_timeout",
              component: "network",
              severity: "warning",
              verdict: "network",
              title: "A collective operation timed out or its transport failed",
              action: "INSPECT_HOST",
              source: "incident I15: NCCL watchdog timeout with healthy GPUs",
            },
            {
              followUp: ["CHECK_APP", "INSPECT_LINK"],
              notes: ["A collective timeout does not say which rank was late: find the one that did not enter it"],
            },
          ),
        ]
      : [],
  );
}
