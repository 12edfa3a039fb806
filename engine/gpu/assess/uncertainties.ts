import { recoveryAction } from "../catalog/recovery.ts";
import { isSameHost, shortPci } from "../checks/log/gpu-identity.ts";
import type { Observation } from "../checks/log/observation.ts";
import { isDeciding } from "./decide.ts";
import type { AssessInput } from "./input.ts";

/** Records older than this may be about a state that is long over. */
const OLD_MS = 24 * 3_600_000;

/** Everything that limits the assessment, as whole sentences, each once. */
export function listUncertainties(input: AssessInput, observations: readonly Observation[]): string[] {
  const notes = observations.flatMap((observation) => observation.notes);
  return [
    ...new Set([...inputLimits(input), ...lookLimits(observations), ...oldRecords(input, observations), ...notes]),
  ].map(capitalise);
}

function inputLimits(input: AssessInput): string[] {
  const { reading, log, diagnostics = [], diagReport } = input;
  const limits: string[] = [];
  const hosts = log?.hosts ?? [];
  if (hosts.length > 1) {
    limits.push(`the log holds records of ${hosts.length} hosts (${listHosts(hosts)}): their GPUs are kept apart`);
  } else if (hosts.length === 1 && reading?.hostname !== undefined && !isSameHost(hosts[0], reading.hostname)) {
    limits.push("the log names another host than the reading: they may not belong together");
  }
  if (log !== undefined && log.skippedLines > 0) {
    limits.push(`${log.skippedLines} log lines look like GPU records and could not be read`);
  }
  if (log !== undefined && log.droppedEvents > 0) {
    limits.push(`${log.droppedEvents} records in the middle of the log were left out`);
  }
  if (reading !== undefined && reading.problems.length > 0) limits.push("the reading is incomplete");
  if (reading?.attachedGpus !== undefined && reading.gpus.length > 0 && reading.gpus.length < reading.attachedGpus) {
    limits.push(
      `the reading lists ${reading.gpus.length} of ${reading.attachedGpus} attached GPUs: nothing is known of the others`,
    );
  }
  limits.push(...unknownAddresses(input), ...unknownRecoveries(input), ...unreadValues(input));
  for (const result of diagnostics) {
    if (["refused", "unavailable", "aborted", "skipped"].includes(result.outcome)) {
      limits.push(
        `diagnostic ${result.test} on GPU ${result.gpu} was ${result.outcome}: it says nothing about the GPU`,
      );
    }
  }
  if (diagReport?.runtimeError !== undefined)
    limits.push("the diagnostic run failed as a whole: results may be missing");
  return limits;
}

function listHosts(hosts: readonly string[]): string {
  const shown = hosts.slice(0, 4).map((host) => host.slice(0, 64));
  return hosts.length > 4 ? `${shown.join(", ")}, …` : shown.join(", ");
}

/** XIDs of addresses that the reading does not have: another machine's log, or a GPU that is gone. */
function unknownAddresses({ reading, log }: AssessInput): string[] {
  const known = (reading?.gpus ?? []).flatMap((gpu) => (gpu.pci === undefined ? [] : [shortPci(gpu.pci)]));
  if (known.length === 0 || (log?.hosts.length ?? 0) > 1) return [];
  const logged = (log?.events ?? []).flatMap((event) =>
    event.kind === "xid" && event.pci !== undefined ? [shortPci(event.pci)] : [],
  );
  const unknown = [...new Set(logged)].filter((pci) => !known.includes(pci));
  if (unknown.length === 0) return [];
  return [`the log has XIDs of ${unknown.slice(0, 4).join(", ")}, which the reading does not have`];
}

/** What the driver of a later version asks for in words that the table does not have. */
function unknownRecoveries({ reading }: AssessInput): string[] {
  return (reading?.gpus ?? []).flatMap(({ index, recoveryAction: text }) =>
    text === undefined || recoveryAction(text) !== undefined
      ? []
      : [
          `GPU ${index} names a recovery action outside the table (${text.slice(0, 64)}): nothing is done because of it`,
        ],
  );
}

/** GPUs for which the driver printed an error in place of values, short of saying that they are lost or need a reset. */
function unreadValues({ reading }: AssessInput): string[] {
  return (reading?.gpus ?? []).flatMap(({ index, errorText, isLost, isResetRequired }) =>
    errorText === undefined || isLost === true || isResetRequired === true
      ? []
      : [`for GPU ${index} the driver prints "${errorText.slice(0, 64)}" in place of values: they are not known`],
  );
}

/** What one look cannot show. */
function lookLimits(observations: readonly Observation[]): string[] {
  const has = (rule: string): boolean =>
    observations.some(({ finding }) => finding.rule === rule && finding.causedBy === undefined);
  return has("power.hw_power_brake")
    ? ["one reading cannot tell a blink of the power brake from a lasting one: confirm it on three polls"]
    : [];
}

/** Says how old the latest record behind a finding is, when that is so long that its fault may be over. */
function oldRecords({ nowMs }: AssessInput, observations: readonly Observation[]): string[] {
  const times = observations.filter(({ finding }) => isDeciding(finding)).flatMap(({ last }) => last?.atMs ?? []);
  if (nowMs === undefined || times.length === 0) return [];
  const ageMs = nowMs - Math.max(...times);
  return ageMs > OLD_MS ? [`the latest record of a fault is ${Math.floor(ageMs / 3_600_000)} hours old`] : [];
}

function capitalise(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}
