import type { Observation } from "../checks/log/observation.ts";
import type { Finding } from "../finding.ts";
import type { Action, Verdict } from "../vocabulary.ts";

/** What each verdict means to the person who reads it, as a sentence after the finding that decided it. */
const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  healthy: "Nothing wrong was found",
  app: "The cause is an application; the hardware is fine",
  gpu_degraded: "The GPU works but carries a fault",
  gpu_failed: "The GPU is lost or must not be used until it is repaired",
  node: "The cause is in the host",
  fabric: "The cause is in the NVLink fabric",
  network: "The cause is in the network or in a collective",
  power: "The cause is in the power supply, outside the GPU",
  cooling: "The cause is in the cooling",
  driver: "The cause is a driver version or a setting",
  telemetry: "The readings are wrong, not the GPU",
};

/** `XID 79: … (GPU 3, 0000:8c:00.0)`; never a word from a log but the name of a host. */
export function describeFinding(finding: Finding): string {
  const where = placeOf(finding);
  return where === "" ? finding.title : `${finding.title} (${where})`;
}

function placeOf({ gpu, pci, host }: Finding): string {
  const device = [gpu === undefined ? [] : `GPU ${gpu}`, pci ?? []].flat();
  if (device.length === 0) return "";
  return [...device, host === undefined ? [] : `host ${host.slice(0, 64)}`].flat().join(", ");
}

export function describeCause(primary: Observation | undefined): string {
  return primary === undefined ? "" : `${describeFinding(primary.finding)}.`;
}

/** Two to five sentences: cause, verdict, what else there is, first step. */
export function summarise(
  deciding: readonly Observation[],
  { effects, action, hasInput }: { effects: number; action: Action; hasInput: boolean },
): string {
  const [primary, ...others] = deciding;
  if (primary === undefined) {
    return hasInput ? `${VERDICT_WORDS.healthy}.` : "There was nothing to assess: no reading and no log.";
  }
  const sentences = [`${describeFinding(primary.finding)}.`, `${VERDICT_WORDS[primary.finding.verdict]}.`];
  const isSame = ({ finding }: Observation): boolean => finding.title === primary.finding.title;
  const places = others
    .filter(isSame)
    .map(({ finding }) => placeOf(finding) || finding.host?.slice(0, 64) || "the node");
  const different = others.filter((other) => !isSame(other)).map(({ finding }) => describeFinding(finding));
  if (places.length > 0) sentences.push(`The same on ${firstOf(places, 3)}.`);
  if (different.length > 0) sentences.push(`Also: ${firstOf(different, 2)}.`);
  if (effects > 0) sentences.push(`${effects} further finding${effects === 1 ? " follows" : "s follow"} from it.`);
  sentences.push(action === "NONE" ? "Nothing has to be done." : `First step: ${action}.`);
  return sentences.join(" ");
}

function firstOf(texts: readonly string[], count: number): string {
  const left = texts.length - count;
  return `${texts.slice(0, count).join("; ")}${left > 0 ? `; and ${left} more` : ""}`;
}
