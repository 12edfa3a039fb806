import { shortPci } from "../checks/log/gpu-identity.ts";
import { isNotEmpty } from "../checks/log/observation.ts";
import type { Observation } from "../checks/log/observation.ts";
import { secondsBetween } from "../checks/log/timeline.ts";
import type { Finding } from "../finding.ts";
import { SEVERITY_RANK } from "../vocabulary.ts";
import { matchesRule } from "./explanations.ts";

/** Looks at all observations of one host and adds the finding that stands behind several of them. */
type Pattern = (observations: readonly Observation[]) => Observation[];

/** GPUs that fail within this time fail together. */
const TOGETHER_S = 300;
/** Two GPUs are the two ends of one link; from three on the links have something in common. */
const MANY_GPUS = 3;

export const PATTERNS: readonly Pattern[] = [gpusLostTogether, commonPeer, linksOfManyGpus, severalGpusHot];

/** Findings about several GPUs at once, host by host. */
export function findPatterns(observations: readonly Observation[]): Observation[] {
  const hosts = Map.groupBy(observations, ({ host }) => host);
  return [...hosts.values()].flatMap((onHost) => PATTERNS.flatMap((pattern) => pattern(onHost)));
}

/**
 * Several GPUs lost at once have a common cause outside each of them: supply where something speaks of power, else the
 * host. Sources: incidents I04 (step 6) and I25.
 */
function gpusLostTogether(observations: readonly Observation[]): Observation[] {
  const lost = together(onDistinctGpus(observations, ["xid.79", "pcie.gpu_lost"]).filter(isAboutFault));
  if (lost.length < 2 || !isNotEmpty(lost)) return [];
  const isPower = observations.some(({ finding }) =>
    matchesRule(["power.alarm", "power.hw_power_brake"], finding.rule),
  );
  return [
    behind(lost, {
      rule: isPower ? "power.gpus_lost_together" : "node.gpus_lost_together",
      component: isPower ? "power" : "host",
      severity: "critical",
      verdict: isPower ? "power" : "node",
      title: `${lost.length} GPUs were lost at the same time${isPower ? ", with signs of a power event" : ""}`,
      action: isPower ? "CHECK_POWER" : "REBOOT_NODE",
      source: "incidents I04 and I25: several GPUs fail together",
      followUp: isPower ? ["REBOOT_NODE"] : ["CHECK_POWER", "INSPECT_HOST", "RESEAT"],
    }),
  ];
}

/**
 * Link errors of several GPUs that name one and the same other device: that device is the cause.
 * Source: NVIDIA Xid Catalog, NVLink workflow (an XID 74 may follow from a dead peer).
 */
function commonPeer(observations: readonly Observation[]): Observation[] {
  const links = onDistinctGpus(observations, ["xid.74", "xid.145"]).filter(isAboutFault);
  const named = Map.groupBy(
    links.flatMap((link) => [...new Set(link.peers)].map((peer) => ({ peer, link }))),
    ({ peer }) => peer,
  );
  const [best] = [...named.entries()].sort(([, left], [, right]) => right.length - left.length);
  if (best === undefined || best[1].length < 2) return [];
  const [peer, rows] = best;
  const behindRows = rows.map(({ link }) => link);
  if (!isNotEmpty(behindRows)) return [];
  const known = observations.find(({ finding }) => finding.pci !== undefined && shortPci(finding.pci) === peer);
  return [
    behind(behindRows, {
      rule: "nvlink.common_peer",
      component: "nvlink",
      severity: "critical",
      verdict: "gpu_degraded",
      title: `NVLink errors of ${behindRows.length} GPUs name one peer, ${peer}`,
      action: "INSPECT_PEER",
      source: "NVIDIA Xid Catalog, NVLink workflow: one peer behind many errors",
      followUp: ["RESET_GPU"],
      pci: known?.finding.pci ?? peer,
      ...(known?.finding.gpu === undefined ? {} : { gpu: known.finding.gpu }),
    }),
  ];
}

/** Link errors on many GPUs at once without a common peer: the switches or the fabric. Source: incident I07. */
function linksOfManyGpus(observations: readonly Observation[]): Observation[] {
  const links = together(
    onDistinctGpus(observations, ["xid.74", "xid.149", "xid.155", "nvlink.inactive_links"]).filter(isAboutFault),
  );
  if (links.length < MANY_GPUS || !isNotEmpty(links)) return [];
  return [
    behind(links, {
      rule: "fabric.links_of_many_gpus",
      component: "fabric",
      severity: "critical",
      verdict: "fabric",
      title: `NVLink errors on ${links.length} GPUs at once`,
      action: "RESET_FABRIC",
      source: "incident I07: NVSwitch or whole-fabric fault",
      followUp: ["REBOOT_NODE"],
    }),
  ];
}

/** Several hot GPUs share their air, not their coolers. Source: incident I10. */
function severalGpusHot(observations: readonly Observation[]): Observation[] {
  const hot = onDistinctGpus(observations, ["thermal.*"]).filter(isAboutFault);
  if (hot.length < 2 || !isNotEmpty(hot)) return [];
  const worst = [...hot].sort(
    (left, right) => SEVERITY_RANK[right.finding.severity] - SEVERITY_RANK[left.finding.severity],
  );
  return [
    behind(hot, {
      rule: "thermal.several_gpus_hot",
      component: "thermal",
      severity: worst[0]?.finding.severity ?? "warning",
      verdict: "cooling",
      title: `${hot.length} GPUs are too hot at the same time`,
      action: "CHECK_COOLING",
      source: "incident I10: thermal throttling of several GPUs",
      followUp: ["WATCH"],
    }),
  ];
}

function isAboutFault({ finding }: Observation): boolean {
  return finding.verdict !== "healthy" && finding.isMeasuredOnly !== true && finding.action !== "WATCH";
}

/** The most severe match of each GPU. */
function onDistinctGpus(observations: readonly Observation[], rules: readonly string[]): Observation[] {
  const matches = observations.filter(
    ({ finding, gpuKey }) => gpuKey !== undefined && matchesRule(rules, finding.rule),
  );
  const byGpu = Map.groupBy(matches, ({ gpuKey }) => gpuKey);
  return [...byGpu.values()].flatMap((ofGpu) =>
    ofGpu
      .toSorted((left, right) => SEVERITY_RANK[right.finding.severity] - SEVERITY_RANK[left.finding.severity])
      .slice(0, 1),
  );
}

/** The largest part that begins within one span of time. What was read holds now and belongs to any span. */
function together(observations: readonly Observation[]): Observation[] {
  const sets = observations.map(({ first }) =>
    observations.filter((other) => {
      if (first === undefined || other.first === undefined) return true;
      const seconds = secondsBetween(first, other.first);
      return seconds === undefined ? first.boot === other.first.boot : Math.abs(seconds) <= TOGETHER_S;
    }),
  );
  return sets.sort((left, right) => right.length - left.length)[0] ?? [];
}

type Parts = Omit<Finding, "evidence" | "count"> & Pick<Observation, "followUp">;

/** A finding about what stands behind the given ones, with their evidence. */
function behind(effects: readonly [Observation, ...Observation[]], { followUp, ...parts }: Parts): Observation {
  const [earliest] = effects.toSorted((left, right) => (left.first?.order ?? 0) - (right.first?.order ?? 0));
  const { first, last } = earliest ?? effects[0];
  const { firstAtMs, firstLine, host } = (earliest ?? effects[0]).finding;
  return {
    finding: {
      ...parts,
      evidence: effects.slice(0, 5).flatMap(({ finding }) => finding.evidence.slice(0, 1)),
      count: effects.length,
      ...(host === undefined ? {} : { host }),
      ...(firstAtMs === undefined ? {} : { firstAtMs }),
      ...(firstLine === undefined ? {} : { firstLine }),
    },
    host: effects[0].host,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    followUp,
    notes: [],
  };
}
