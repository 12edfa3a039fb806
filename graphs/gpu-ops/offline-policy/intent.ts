import type { Action, Severity } from "../../../engine/gpu/vocabulary.ts";
import type { SplitMessage } from "../pasted-log.ts";
import { INTENT_RULES } from "./intent-rules.ts";
import type { TestName } from "./mentions.ts";

/** What a question asks for. `gpuIds` empty means the whole node. */
export type Intent =
  | { readonly kind: "analyze_log" }
  | {
      readonly kind: "health";
      readonly gpuIds: readonly number[];
      readonly node?: string;
      /** The user sees something go wrong; an answer that finds nothing has to say where else to look. */
      readonly isComplaint?: true;
    }
  /** Asked for measured values or versions, not for what is wrong. */
  | { readonly kind: "read_values"; readonly gpuIds: readonly number[]; readonly node?: string }
  /** Asked to do something to the machine, which the agent never does itself, or whether to do it. */
  | {
      readonly kind: "act";
      readonly action: Action;
      readonly gpuIds: readonly number[];
      readonly node?: string;
      readonly isQuestion?: true;
    }
  | { readonly kind: "explain_xid"; readonly xids: readonly number[] }
  /** An NVSwitch error by its number, for which there is no lookup. */
  | { readonly kind: "explain_sxid"; readonly sxid: number }
  | {
      readonly kind: "run_diagnostic";
      readonly test?: TestName;
      readonly gpuIds: readonly number[];
      /** Every GPU of the node is meant. */
      readonly isEveryGpu?: true;
      readonly mode: "quick" | "full";
      readonly node?: string;
    }
  | { readonly kind: "unknown_test"; readonly name: string }
  | { readonly kind: "search_incidents"; readonly query: string }
  | {
      readonly kind: "raise_alert";
      readonly gpuIds: readonly number[];
      readonly severity?: Severity;
      /** What the user says it is about; empty when it is about what was found. */
      readonly subject: string;
      readonly node?: string;
    }
  | {
      readonly kind: "update_alert";
      readonly action: "acknowledge" | "snooze" | "close";
      readonly alertId?: string;
      readonly minutes?: number;
      /** More than one alert is meant. */
      readonly isEvery?: true;
      /** A time was given that could not be read, such as "until tomorrow". */
      readonly hasUnclearTime?: true;
    }
  /** Asked to undo a snooze or a closing, which nobody can. */
  | { readonly kind: "undo_alert_change" }
  | { readonly kind: "show_alert"; readonly alertId?: string }
  | {
      readonly kind: "list_alerts";
      readonly status?: string;
      readonly severity?: Severity;
      readonly gpuIds: readonly number[];
    }
  | { readonly kind: "list_gpus"; readonly node?: string }
  | { readonly kind: "show_events"; readonly gpuIds: readonly number[]; readonly xid?: number; readonly node?: string }
  | { readonly kind: "propose_plan"; readonly gpuIds: readonly number[]; readonly node?: string }
  | { readonly kind: "explain_last" }
  | { readonly kind: "next_steps"; readonly gpuIds: readonly number[] }
  | { readonly kind: "help" }
  | { readonly kind: "thanks" }
  | { readonly kind: "unreadable_dump" }
  | { readonly kind: "unanswerable" };

export type IntentKind = Intent["kind"];

/** Longest part of a question that is read for its meaning; questions are short, and patterns stay quick. */
const MAX_QUESTION_CHARS = 2_000;

/**
 * What the newest of the user's messages asks for. `earlier` holds the ones before it, oldest first: "and GPU 1?" asks
 * the same as the question before. With a log in the message the question is always about that log: words in it, before
 * it or after it, do not start anything else.
 */
export function classify(message: SplitMessage, earlier: readonly SplitMessage[] = []): Intent {
  const { prose, log } = message;
  if (log !== undefined) return { kind: "analyze_log" };
  if (prose.includes("<nvidia_smi_log>") || prose.includes("=NVSMI LOG=")) return { kind: "unreadable_dump" };
  const question = prose.slice(0, MAX_QUESTION_CHARS).replace(/\s+/g, " ").trim();
  if (question === "") return { kind: "help" };
  const previous = earlier.at(-1);
  const context = {
    // Bounded by the number of messages: each step looks one message further back.
    previous: () => (previous === undefined ? undefined : classify(previous, earlier.slice(0, -1).slice(-8))),
  };
  for (const rule of INTENT_RULES) {
    const intent = rule(question, context);
    if (intent !== undefined) return intent;
  }
  return { kind: "unanswerable" };
}
