import type { Observation } from "../checks/log/observation.ts";
import type { Action } from "../vocabulary.ts";
import { SEVERITY_RANK } from "../vocabulary.ts";

const DEMANDS: readonly string[] = ["driver.recovery_action", "xid.154"];

/** Actions that stand for "recover the GPU": the driver knows better which of them it takes. */
const RECOVERIES: ReadonlySet<Action> = new Set(["RESET_GPU", "DRAIN_RESET", "REBOOT_NODE", "RESTART_APP", "WATCH"]);

/** What the request covers or has been weighed against; as a later step it would only confuse. */
const MILDER: ReadonlySet<Action> = new Set(["RESET_GPU", "DRAIN_RESET", "WATCH"]);

/**
 * Lets the driver's own request replace what was inferred for the GPU's faults. What was read comes before the last XID
 * 154, because it is later. Not replaced: a review for replacement, faults outside the GPU's recovery (cooling, slot,
 * clocks), and the restart that a GPU off the bus needs, which no reset can reach; that contradiction is noted.
 * Source: NVIDIA Xid Catalog on XID 154: it restates the recovery action; nvml.h API 13, field 230.
 */
export function applyDriverRequests(observations: readonly Observation[]): Observation[] {
  const demands = observations.filter(isDemand);
  return observations.map((observation) => {
    const demand = demandFor(observation, demands);
    if (demand === undefined) return observation;
    if (isDemand(observation)) return attach(observation, demand, observations);
    return follow(observation, demand);
  });
}

function isDemand({ finding }: Observation): boolean {
  return DEMANDS.includes(finding.rule) && finding.verdict !== "healthy" && finding.action !== "WATCH";
}

/** The request in force for the GPU of an observation: of the reading, else of the log. */
function demandFor({ gpuKey, host }: Observation, demands: readonly Observation[]): Observation | undefined {
  if (gpuKey === undefined) return undefined;
  const own = demands.filter((demand) => demand.gpuKey === gpuKey && demand.host === host);
  return own.find(({ finding }) => finding.rule === DEMANDS[0]) ?? own[0];
}

function isRecoverable({ finding }: Observation): boolean {
  return (
    RECOVERIES.has(finding.action) &&
    (finding.verdict === "gpu_degraded" || finding.verdict === "gpu_failed") &&
    /^(?:xid|memory|nvlink|firmware|pcie\.gpu_lost)/.test(finding.rule)
  );
}

function follow(observation: Observation, demand: Observation): Observation {
  const { finding } = observation;
  const { action } = demand.finding;
  if (!isRecoverable(observation) || finding.causedBy !== undefined || finding.action === action) return observation;
  if (isOffTheBus(observation)) {
    return {
      ...observation,
      notes: [
        ...observation.notes,
        `the driver asks for ${action} and the GPU is off the bus, where no reset reaches it: the restart stands`,
      ],
    };
  }
  const severity =
    SEVERITY_RANK[demand.finding.severity] > SEVERITY_RANK[finding.severity]
      ? demand.finding.severity
      : finding.severity;
  return {
    ...observation,
    finding: {
      ...finding,
      action,
      severity,
      verdict: demand.finding.verdict === "gpu_failed" ? "gpu_failed" : finding.verdict,
      evidence: [...finding.evidence.slice(0, 4), ...demand.finding.evidence.slice(-1)],
    },
    followUp: [finding.action, ...observation.followUp].filter((step) => step !== action && !MILDER.has(step)),
  };
}

/** The request itself decides only where no fault of the GPU is known; else it is part of that fault. */
function attach(observation: Observation, demand: Observation, observations: readonly Observation[]): Observation {
  if (observation.finding.causedBy !== undefined) return observation;
  const onGpu = observations.filter(
    (other) => other.gpuKey === observation.gpuKey && other.host === observation.host && !isDemand(other),
  );
  const fault = onGpu.find((other) => isRecoverable(other) && other.finding.causedBy === undefined);
  // An effect that stands for the request as well, for example the link error of a GPU whose switch failed.
  const explained = onGpu.find((other) => isRecoverable(other) && other.finding.causedBy !== undefined);
  const causedBy =
    fault?.finding.rule ?? explained?.finding.causedBy ?? (demand === observation ? undefined : demand.finding.rule);
  return causedBy === undefined ? observation : { ...observation, finding: { ...observation.finding, causedBy } };
}

function isOffTheBus({ finding }: Observation): boolean {
  return finding.rule === "xid.79" || finding.rule === "pcie.gpu_lost";
}
