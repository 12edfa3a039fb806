import type { Action } from "../../../engine/gpu/vocabulary.ts";

/** Actions as a person would say them, to follow "First:" or "Do not". */
const ACTION_WORDS: Readonly<Record<Action, string>> = {
  NONE: "nothing",
  RESTART_APP: "restart the job",
  CHECK_APP: "check the application",
  RESET_GPU: "reset the GPU",
  DRAIN_RESET: "drain the node and reset the GPU",
  REBOOT_NODE: "reboot the node",
  RESTART_VM: "restart the virtual machine",
  RESTART_FABRIC_MANAGER: "restart the fabric manager",
  RESET_FABRIC: "reset all GPUs and NVSwitches together",
  RESEAT: "reseat the GPU",
  CHECK_COOLING: "check the cooling",
  INSPECT_LINK: "inspect the link",
  INSPECT_PEER: "inspect the device at the other end of the link",
  INSPECT_HOST: "inspect the host",
  UPDATE_DRIVER: "bring driver and libraries to one version",
  RUN_DIAG: "run a diagnostic",
  RMA_REVIEW: "have the GPU reviewed for replacement",
  CHECK_POWER: "check the power supply",
  RESTORE_CLOCKS: "restore the default clocks and power limit",
  WATCH: "watch it",
};

/** `reset the GPU (RESET_GPU)`: words for the reader, the code for who looks it up. */
export function actionText(action: Action | undefined): string {
  return action === undefined || action === "NONE" ? ACTION_WORDS.NONE : `${ACTION_WORDS[action]} (${action})`;
}

export function actionWords(action: Action): string {
  return ACTION_WORDS[action];
}

/** `reset the GPU or reboot the node`, to follow "Do not". */
export function forbiddenList(actions: readonly Action[]): string {
  // Who may not reset need not be told not to drain for it.
  const named = actions.filter((action) => action !== "DRAIN_RESET" || !actions.includes("RESET_GPU"));
  return listWords(named.map(actionWords), "or");
}

/** `a, b and c` */
export function listWords(words: readonly string[], conjunction: "and" | "or" = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}

/** `GPU 3`, `GPUs 0, 1 and 2`; of many only the first. */
export function gpuList(gpus: readonly number[]): string {
  if (gpus.length === 0) return "";
  const shown = gpus.slice(0, 8).map(String);
  const rest = gpus.length > shown.length ? [`${gpus.length - shown.length} more`] : [];
  return `${gpus.length === 1 ? "GPU" : "GPUs"} ${listWords([...shown, ...rest])}`;
}

/** Ends a text with one full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" || /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** A quotation as code: what comes from a log must not end the quotation or format the answer. */
export function quoted(text: string): string {
  return `\`${text
    .replaceAll("`", "'")
    .replace(/\s*[\r\n]+\s*/g, " ")
    .slice(0, 300)}\``;
}
