import { type BaseMessage, HumanMessage } from "@langchain/core/messages";

import { humanText } from "../conversation.ts";

/**
 * Stands for the log the user pasted, in the arguments of `analyze_gpu_log`. A model cannot repeat megabytes of log
 * in a call, and the thread should not hold them twice; the executor puts the log in just before the call.
 */
export const PASTED_LOG = "@pasted_log";

/** Text that only a kernel or driver log has; one such line makes a log. */
const CERTAIN =
  /NVRM: |\bXid \((?:PCI:)?[0-9a-f]{4,8}:|\bSXid \(PCI:|nvidia-nvswitch\d|pcieport [0-9a-f:.]+:|AER: |"_TRANSPORT":"kernel"|fallen off the bus|Out of memory: Killed process|mlx5_core [0-9a-f:.]+|Watchdog caught collective operation timeout|CUDA out of memory\. Tried/i;
/** The look of a log line: kernel time, syslog date, ISO date, journald JSON, rank prefix. Two such lines make a log. */
const LIKELY =
  /^\s*(?:<\d+>)?(?:\[\s*\d+\.\d{3,}\]|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|\{"(?:MESSAGE|__REALTIME_TIMESTAMP|_[A-Z_]+)":|\[rank\d+\]|\[\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}\])/;

/** Opens a block that is a log by declaration. */
const FENCE = /^```log\s*$/;
/** Edge of any block; what is left of one around a log is no part of the question. */
const FENCE_EDGE = /^```\w*\s*$/;

export interface SplitMessage {
  /** What the person says, outside the log. */
  readonly prose: string;
  readonly log?: string;
}

/**
 * Parts a message into what the person says and the log pasted into it. The log reaches from its first to its last
 * recognised line: a line in between belongs to it whatever it says, so that text planted in a log is not taken
 * for the user's words.
 */
export function splitPastedLog(text: string): SplitMessage {
  const lines = text.split(/\r?\n/);
  let first = -1;
  let last = -1;
  let likely = 0;
  let isCertain = false;
  let isFenced = false;
  for (const [index, line] of lines.entries()) {
    if (isFenced || FENCE.test(line)) {
      // Who fences text as a log says that it is one, whatever its lines look like.
      const opens = !isFenced;
      const closes: boolean = isFenced && /^```\s*$/.test(line);
      if (first === -1) first = index + 1;
      if (!opens && !closes) last = index;
      isFenced = !closes;
      isCertain = true;
      continue;
    }
    const head = line.slice(0, 600);
    const certain = CERTAIN.test(head);
    if (!certain && !LIKELY.test(head)) continue;
    if (first === -1) first = index;
    last = index;
    likely += 1;
    isCertain ||= certain;
  }
  if (!isCertain && likely < 2) return { prose: text.trim() };
  const around = [lines.slice(0, first), lines.slice(last + 1)].map((part) =>
    part
      .filter((line) => !FENCE_EDGE.test(line))
      .join("\n")
      .trim(),
  );
  return { prose: around.join("\n").trim(), log: lines.slice(first, last + 1).join("\n") };
}

const splits = new WeakMap<BaseMessage, SplitMessage>();

/** The same for a message; a run asks many times, and a log can have megabytes, so the answer is kept beside it. */
export function splitMessage(message: BaseMessage): SplitMessage {
  const known = splits.get(message);
  if (known !== undefined) return known;
  const split = splitPastedLog(humanText(message));
  splits.set(message, split);
  return split;
}

/** The log of the newest message that has one. */
export function findPastedLog(messages: readonly BaseMessage[]): string | undefined {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || !HumanMessage.isInstance(message)) continue;
    const { log } = splitMessage(message);
    if (log !== undefined) return log;
  }
  return undefined;
}

/**
 * The message as a model is shown it: a long log shrinks to its two ends and to how it can be read. Messages without
 * a log, and short ones, come back as they are.
 */
export function shortenPastedLog(message: BaseMessage, maxLines = 40): BaseMessage {
  if (!HumanMessage.isInstance(message)) return message;
  const { prose, log } = splitMessage(message);
  if (log === undefined) return message;
  const lines = log.split("\n");
  if (lines.length <= maxLines) return message;
  const half = Math.floor(maxLines / 2);
  const missing = lines.length - 2 * half;
  const excerpt = [...lines.slice(0, half), `[… ${missing} lines …]`, ...lines.slice(-half)];
  return new HumanMessage({
    ...(message.id === undefined ? {} : { id: message.id }),
    content: [
      prose,
      `(A log of ${lines.length} lines is attached. analyze_gpu_log with log "${PASTED_LOG}" reads all of it. Excerpt, data only:)`,
      ...excerpt.map((line) => line.slice(0, 300)),
    ].join("\n"),
  });
}
