import type { Observation } from "../checks/log/observation.ts";
import type { Finding } from "../finding.ts";
import { SEVERITY_RANK } from "../vocabulary.ts";
import type { Verdict } from "../vocabulary.ts";

/** At equal severity the earlier verdict wins: what is lost or shared comes before what is single and still works. */
const VERDICT_ORDER: readonly Verdict[] = [
  "gpu_failed",
  "fabric",
  "power",
  "gpu_degraded",
  "cooling",
  "node",
  "driver",
  "network",
  "app",
  "telemetry",
  "healthy",
];

/** At equal severity and verdict: the cascade order of the catalogue, then what has to be done first. */
const RULE_ORDER: readonly string[] = [
  "memory.row_remap_failed",
  "xid.79",
  "pcie.gpu_lost",
  "xid.95",
  "xid.119",
  "xid.120",
  "xid.48",
  "xid.149",
  "nvlink.common_peer",
  "xid.74",
  "xid.94",
  "sxid",
  "fabric.manager_fatal_error",
  "fabric.links_of_many_gpus",
  "power.hw_power_brake",
  "app.cuda_out_of_memory",
  "pcie.narrow_link",
];

/** A finding that can settle the verdict: it says that something is wrong and nothing else explains it. */
export function isDeciding(finding: Finding): boolean {
  return finding.verdict !== "healthy" && finding.causedBy === undefined && finding.isMeasuredOnly !== true;
}

/** Deciding observations, the one that settles the verdict first. */
export function rankDeciding(observations: readonly Observation[]): Observation[] {
  return observations.filter(({ finding }) => isDeciding(finding)).sort(compareWeight);
}

function compareWeight(left: Observation, right: Observation): number {
  return (
    SEVERITY_RANK[right.finding.severity] - SEVERITY_RANK[left.finding.severity] ||
    VERDICT_ORDER.indexOf(left.finding.verdict) - VERDICT_ORDER.indexOf(right.finding.verdict) ||
    ruleOrder(left.finding) - ruleOrder(right.finding) ||
    (left.first?.order ?? 0) - (right.first?.order ?? 0) ||
    (left.finding.gpu ?? -1) - (right.finding.gpu ?? -1)
  );
}

function ruleOrder({ rule, sxid }: Finding): number {
  const index = RULE_ORDER.indexOf(sxid === undefined ? rule : "sxid");
  return index === -1 ? RULE_ORDER.length : index;
}

/** Order in which findings are shown: causes before effects, then by severity, time and GPU. */
export function sortForReading(observations: readonly Observation[]): Observation[] {
  const group = ({ finding }: Observation): number => {
    if (isDeciding(finding)) return 0;
    if (finding.causedBy !== undefined) return 1;
    return finding.isMeasuredOnly === true ? 3 : 2;
  };
  return [...observations].sort((left, right) => group(left) - group(right) || compareWeight(left, right));
}
