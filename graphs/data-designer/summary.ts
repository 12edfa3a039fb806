import { AIMessage, type BaseMessage } from "@langchain/core/messages";

import type { DesignDraft } from "../../engine/data/design/draft.ts";
import { currentTurn, readExchanges } from "../conversation.ts";
import { OFFLINE_LABEL } from "../model/types.ts";
import type { JobResult } from "./results.ts";
import type { Summary } from "./state.ts";
import { visibleColumns } from "./submission.ts";

export interface SummaryOptions {
  /** The thread with the closing answer at its end. */
  readonly messages: readonly BaseMessage[];
  readonly design: DesignDraft | null;
  readonly job: JobResult | null;
  /** Assumptions of the design, from whoever read the brief. */
  readonly assumptions: readonly string[];
  readonly maxSteps: number;
  /** The run had to end before its model or policy was done. */
  readonly isCutShort: boolean;
}

const MAX_NOTE_CHARS = 300;

/** The structured answer beside the text, from the state and the tool results alone, whatever the model says. */
export function buildSummary(options: SummaryOptions): Summary {
  const { messages, design, job, assumptions, maxSteps, isCutShort } = options;
  const turn = currentTurn(messages);
  const { answeredBy, notes } = readAuthor(turn);
  return {
    title: design?.name ?? null,
    num_records: design?.num_records ?? null,
    seed: job?.seed ?? design?.seed ?? null,
    columns: design === null ? [] : visibleColumns(design),
    assumptions: [...assumptions],
    job,
    // The rows are made up on request; nothing here stands in for something real.
    simulated: false,
    answered_by: answeredBy,
    notes: [
      ...notes,
      ...(isCutShort ? [`The run stopped at its limit of ${maxSteps} steps.`] : []),
      ...readExchanges(turn)
        .filter(({ isError }) => isError)
        .map(({ name, text }) => `${name} failed: ${text.slice(0, MAX_NOTE_CHARS)}`),
    ],
  };
}

/** Who wrote the answer, and whether somebody else was asked first. */
function readAuthor(turn: readonly BaseMessage[]): { answeredBy: string; notes: string[] } {
  const answers = turn.filter((message) => AIMessage.isInstance(message));
  const last: unknown = answers.at(-1)?.response_metadata["answered_by"];
  const answeredBy = typeof last === "string" ? last : OFFLINE_LABEL;
  const fallback = answers.find(({ response_metadata: meta }) => typeof meta["fallback_reason"] === "string");
  if (fallback === undefined) return { answeredBy, notes: [] };
  const { fallback_from: from, fallback_reason: reason } = fallback.response_metadata;
  return {
    answeredBy: `${OFFLINE_LABEL} (fallback for ${String(from)})`,
    notes: [`The model ${String(from)} failed: ${String(reason)}. The offline policy went on.`],
  };
}
