import type { Observation } from "../checks/log/observation.ts";
import { secondsBetween } from "../checks/log/timeline.ts";
import { SEVERITY_RANK } from "../vocabulary.ts";
import { EXPLANATIONS, FAMILIES, matchesRule } from "./explanations.ts";
import type { Explanation } from "./explanations.ts";

/** An effect may be printed this long before its cause: lines of one event reach the log from several writers. */
const LEAD_S = 5;
/** The same for records without time, in records. */
const LEAD_RECORDS = 4;
/** A fault of one part explains what another part logs for this long. */
const ACROSS_GPUS_S = 120;

/**
 * Marks the observations that another one explains. The result has the same observations in the same order; an effect
 * carries the rule of its cause in `causedBy`. A finding that says nothing is wrong is neither cause nor effect.
 */
export function correlate(observations: readonly Observation[]): Observation[] {
  const causes = new Map<Observation, Observation>();
  for (const row of EXPLANATIONS) explainBy(row, observations, causes);
  for (const effect of observations) {
    const head = causes.has(effect) ? undefined : findHeadOfFamily(effect, observations);
    if (head !== undefined && !leadsTo(head, effect, causes)) causes.set(effect, head);
  }
  return observations.map((effect) => {
    const cause = causes.get(effect);
    return cause === undefined ? effect : { ...effect, finding: { ...effect.finding, causedBy: cause.finding.rule } };
  });
}

function explainBy(
  row: Explanation,
  observations: readonly Observation[],
  causes: Map<Observation, Observation>,
): void {
  // The rule named first is the best known cause: a record with a time comes before a flag that only holds now.
  const candidates = row.causes.flatMap((rule) =>
    observations.filter((candidate) => matchesRule([rule], candidate.finding.rule) && isActive(candidate)),
  );
  if (candidates.length === 0) return;
  for (const effect of observations) {
    if (causes.has(effect) || effect.finding.verdict === "healthy" || !matchesRule(row.effects, effect.finding.rule))
      continue;
    const cause = candidates.find(
      (candidate) =>
        candidate !== effect &&
        isCause(candidate, effect, row) &&
        !isMutual(candidate, effect, row) &&
        !leadsTo(candidate, effect, causes),
    );
    if (cause !== undefined) causes.set(effect, cause);
  }
}

/** Whether `effect` already stands, directly or not, behind `cause`: two findings never explain each other. */
function leadsTo(cause: Observation, effect: Observation, causes: ReadonlyMap<Observation, Observation>): boolean {
  for (let step = causes.get(cause); step !== undefined; step = causes.get(step)) if (step === effect) return true;
  return false;
}

function isCause(cause: Observation, effect: Observation, row: Explanation): boolean {
  if (cause.host !== effect.host) return false;
  if (row.scope === "gpu" && (cause.gpuKey === undefined || cause.gpuKey !== effect.gpuKey)) return false;
  return isInTime(cause, effect, row.scope === "node" && cause.gpuKey !== effect.gpuKey);
}

/** A remark, or a fault that is over, explains nothing that is there now. */
function isActive({ finding }: Observation): boolean {
  return finding.verdict !== "healthy" && finding.isMeasuredOnly !== true && finding.action !== "WATCH";
}

/**
 * Two findings that a row with wide names takes for cause and effect both ways: the stronger explains the weaker, the
 * earlier at a tie.
 */
function isMutual(cause: Observation, effect: Observation, row: Explanation): boolean {
  const isBothWays =
    matchesRule(row.causes, effect.finding.rule) && matchesRule(row.effects, cause.finding.rule) && isActive(effect);
  return isBothWays && !isStronger(cause, effect);
}

function isStronger(left: Observation, right: Observation): boolean {
  const bySeverity = SEVERITY_RANK[left.finding.severity] - SEVERITY_RANK[right.finding.severity];
  if (bySeverity !== 0) return bySeverity > 0;
  return (left.first?.order ?? 0) < (right.first?.order ?? 0);
}

function isInTime(cause: Observation, effect: Observation, isAcross: boolean): boolean {
  if (cause.first === undefined || effect.first === undefined || effect.last === undefined) return true;
  if (cause.first.boot !== effect.first.boot) return false;
  const lead = secondsBetween(effect.first, cause.first);
  const isBefore = lead === undefined ? cause.first.order <= effect.first.order + LEAD_RECORDS : lead <= LEAD_S;
  if (!isBefore || !isAcross) return isBefore;
  const lag = secondsBetween(cause.last ?? cause.first, effect.first);
  return lag === undefined || lag <= ACROSS_GPUS_S;
}

function findHeadOfFamily(effect: Observation, observations: readonly Observation[]): Observation | undefined {
  const family = FAMILIES.find((rules) => rules.includes(effect.finding.rule));
  if (family === undefined || effect.finding.verdict === "healthy") return undefined;
  const members = observations.filter(
    (candidate) =>
      family.includes(candidate.finding.rule) &&
      isActive(candidate) &&
      candidate.host === effect.host &&
      candidate.gpuKey === effect.gpuKey,
  );
  const [head] = members.sort(
    (left, right) =>
      SEVERITY_RANK[right.finding.severity] - SEVERITY_RANK[left.finding.severity] ||
      family.indexOf(left.finding.rule) - family.indexOf(right.finding.rule),
  );
  return head === effect ? undefined : head;
}
