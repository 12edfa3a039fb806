import type { Observation } from "../checks/log/observation.ts";

/**
 * Brings together what several sources say about the same thing: an XID that the exporter counted and the log holds is
 * one finding, with the log's decode and the metric as further evidence; an XID gauge that the log confirms is not stale.
 */
export function mergeSources(observations: readonly Observation[]): Observation[] {
  const logged = observations.filter(isLoggedXid);
  const sameXid = (observation: Observation): Observation | undefined =>
    logged.find(
      (other) =>
        other.gpuKey !== undefined &&
        other.gpuKey === observation.gpuKey &&
        other.finding.xid === observation.finding.xid,
    );
  const metrics = observations.filter((observation) => isMetricXid(observation) && sameXid(observation) !== undefined);
  return observations
    .filter((observation) => !metrics.includes(observation))
    .map((observation) => {
      const further = metrics.filter((metric) => sameXid(metric) === observation);
      if (further.length === 0) return observation;
      const evidence = [
        ...observation.finding.evidence.slice(0, 4),
        ...further.flatMap(({ finding }) => finding.evidence),
      ].slice(0, 5);
      return { ...observation, finding: { ...observation.finding, evidence } };
    });
}

function isLoggedXid({ finding, first }: Observation): boolean {
  return finding.xid !== undefined && first !== undefined;
}

/** Counted in the exporter's window, or shown by its gauge; neither has a line. */
function isMetricXid({ finding, first }: Observation): boolean {
  return first === undefined && finding.xid !== undefined;
}
