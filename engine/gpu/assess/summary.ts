import type { Observation } from "../checks/log/observation.ts";
import type { Finding } from "../finding.ts";
import type { Action, Verdict } from "../vocabulary.ts";

/** What each verdict means to the person who reads it. */
const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  healthy: "Nothing wrong was found",
  app: "An application is the cause; the hardware is fine",
  gpu_degraded: "A GPU works but carries a fault",
  gpu_failed: "A GPU is lost or must not be used until repaired",
  node: "The host is the cause",
  fabric: "The NVLink fabric is the cause",
  network: "The network or a collective is the cause",
  power: "The power supply is the cause",
  cooling: "The cooling is the cause",
  driver: "A driver version or setting is the cause",
  telemetry: "The readings are wrong, not the GPU",
};

/** `XID 79: … on GPU 3 (0000:8c:00.0)`; never a word from a log. */
export function describeFinding(finding: Finding): string {
  const where = placeOf(finding);
  return where === "" ? finding.title : `${finding.title}, on ${where}`;
}

function placeOf({ gpu, pci, host }: Finding): string {
  const device = gpu === undefined ? (pci ?? "") : pci === undefined ? `GPU ${gpu}` : `GPU ${gpu} (${pci})`;
  if (host === undefined || device === "") return device;
  return `${device} of ${host.slice(0, 64)}`;
}

export function describeCause(primary: Observation | undefined): string {
  return primary === undefined ? "" : `${describeFinding(primary.finding)}.`;
}

/** One to four sentences: verdict, cause, what else there is, first step. */
export function summarise(
  deciding: readonly Observation[],
  { effects, action, hasInput }: { effects: number; action: Action; hasInput: boolean },
): string {
  const [primary, ...others] = deciding;
  if (primary === undefined) {
    return hasInput ? `${VERDICT_WORDS.healthy}.` : "There was nothing to assess: no reading and no log.";
  }
  const sentences = [`${VERDICT_WORDS[primary.finding.verdict]}: ${describeFinding(primary.finding)}.`];
  if (others.length > 0) {
    const shown = others.slice(0, 2).map(({ finding }) => describeFinding(finding));
    sentences.push(`Also: ${shown.join("; ")}${others.length > 2 ? `; and ${others.length - 2} more` : ""}.`);
  }
  if (effects > 0) sentences.push(`${effects} further finding${effects === 1 ? " follows" : "s follow"} from this.`);
  sentences.push(action === "NONE" ? "Nothing has to be done." : `First step: ${action}.`);
  return sentences.join(" ");
}
