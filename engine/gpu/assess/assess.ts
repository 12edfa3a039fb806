import { checkReading } from "../checks/index.ts";
import { createIdentities, isSameHost } from "../checks/log/gpu-identity.ts";
import { checkLog } from "../checks/log/index.ts";
import type { Observation } from "../checks/log/observation.ts";
import { readTimeline } from "../checks/log/timeline.ts";
import type { Assessment } from "../finding.ts";
import { listActions, listForbidden } from "./actions.ts";
import { correlate } from "./correlate.ts";
import { rankDeciding, sortForReading } from "./decide.ts";
import { diagnosticFindings, reportFindings } from "./diagnostics.ts";
import { applyDriverRequests } from "./driver-request.ts";
import type { AssessInput } from "./input.ts";
import { mergeSources } from "./merge-sources.ts";
import { findPatterns } from "./patterns.ts";
import { describeCause, summarise } from "./summary.ts";
import { listUncertainties } from "./uncertainties.ts";

export type { AssessInput } from "./input.ts";

/**
 * Turns what is known about a node into one answer: findings, causes before effects, a verdict, ordered actions and what
 * stays uncertain. Deterministic, the same input gives the same answer. Never throws on input of the declared shapes;
 * an empty input is `healthy` with a summary that says that there was nothing to assess.
 * Text of logs and process names is quoted as evidence and never read for what to do.
 */
export function assess(input: AssessInput): Assessment {
  const observed = mergeSources(observeAll(input));
  const related = correlate([...observed, ...findPatterns(observed)]);
  const observations = applyDriverRequests(related);
  const deciding = rankDeciding(observations);
  const [primary] = deciding;
  const actions = listActions(deciding, observations);
  return {
    verdict: primary?.finding.verdict ?? "healthy",
    severity: primary?.finding.severity ?? "info",
    summary: summarise(deciding, {
      effects: observations.filter(({ finding }) => finding.causedBy !== undefined).length,
      action: actions[0] ?? "NONE",
      hasInput: hasAnything(input),
    }),
    rootCause: describeCause(primary),
    ...(primary === undefined ? {} : { primary: primary.finding.rule }),
    actions,
    forbiddenActions: listForbidden(deciding, observations, actions),
    findings: sortForReading(observations).map(({ finding }) => finding),
    uncertainties: listUncertainties(input, observations),
    gpus: primary === undefined ? [] : gpusOf(primary, observations),
    isSimulated: input.reading?.isSimulated ?? input.diagnostics?.some((result) => result.isSimulated) ?? false,
  };
}

function observeAll(input: AssessInput): Observation[] {
  const { reading, log, diagnostics = [], diagReport, history = [] } = input;
  const hosts = log?.hosts ?? [];
  const host = readingHost(input);
  const onGpu = (gpu: number | undefined): Pick<Observation, "host" | "gpuKey"> => ({
    host,
    ...(gpu === undefined ? {} : { gpuKey: `gpu ${gpu}` }),
  });
  const timeline = readTimeline([...history, ...(log?.events ?? [])], createIdentities(reading, hosts));
  const read = (reading === undefined ? [] : checkReading(reading)).map((finding): Observation => ({
    finding,
    ...onGpu(finding.gpu),
    followUp: [],
    notes: [],
  }));
  const logged = checkLog(timeline, reading);
  const tested = [...diagnosticFindings(diagnostics), ...(diagReport === undefined ? [] : reportFindings(diagReport))];
  return [...read, ...logged, ...tested.map((rest) => ({ ...rest, ...onGpu(rest.finding.gpu) }))];
}

/** Name under which the log knows the machine of the reading; empty with a single host. */
function readingHost({ reading, log }: AssessInput): string {
  const hosts = log?.hosts ?? [];
  if (hosts.length <= 1) return "";
  return hosts.find((host) => isSameHost(host, reading?.hostname)) ?? reading?.hostname ?? "";
}

function hasAnything({ reading, log, diagnostics = [], diagReport }: AssessInput): boolean {
  return (
    (reading !== undefined && (reading.gpus.length > 0 || reading.problems.length > 0)) ||
    (log !== undefined && log.totalLines > 0) ||
    diagnostics.length > 0 ||
    (diagReport?.results.length ?? 0) > 0
  );
}

/** GPUs the verdict is about: of the deciding finding, of its like on other GPUs, and of what follows from it. */
function gpusOf(primary: Observation, observations: readonly Observation[]): number[] {
  const { rule, verdict, gpu } = primary.finding;
  const isAboutNode = gpu === undefined;
  const about = observations.filter(
    ({ finding, host }) =>
      host === primary.host &&
      (finding.rule === rule || (isAboutNode && finding.causedBy === rule)) &&
      (finding.verdict === verdict || isAboutNode),
  );
  return [...new Set(about.flatMap(({ finding }) => finding.gpu ?? []))].sort((left, right) => left - right);
}
