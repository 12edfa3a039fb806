import { type BaseMessage, HumanMessage } from "@langchain/core/messages";

import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import { type ToolExchange, currentTurn, humanText, readExchanges } from "../../conversation.ts";
import { type JobResult, ValidationResult, type ViolationResult } from "../results.ts";
import type { Preview } from "../state.ts";
import type { BriefReader, BriefResult } from "./brief-reader.ts";

/** What the node passes to the policy beside the messages. */
export interface PolicyState {
  readonly design: DesignDraft | null;
  readonly violations: readonly ViolationResult[];
  readonly preview: Preview | null;
  readonly job: JobResult | null;
  /** `YYYY-MM-DD`. */
  readonly today: string;
}

/** The conversation as the policy reads it. */
export interface PolicyView extends PolicyState {
  readonly brief: BriefReader;
  /** What the user said last. */
  readonly text: string;
  /** Everything the user said, oldest first, the last included. */
  readonly said: readonly string[];
  /** Tool calls answered since then, in order. */
  readonly done: readonly ToolExchange[];
  readonly hasDesign: boolean;
}

/** Earlier messages that may complete a brief. */
const MAX_EARLIER = 3;

export function viewConversation(messages: readonly BaseMessage[], state: PolicyState, brief: BriefReader): PolicyView {
  const said = messages.filter((message) => HumanMessage.isInstance(message)).map(humanText);
  return {
    ...state,
    brief,
    said,
    text: said.at(-1) ?? "",
    done: readExchanges(currentTurn(messages)),
    hasDesign: (state.design?.config.columns.length ?? 0) > 0,
  };
}

export function wasCalled({ done }: PolicyView, name: string): boolean {
  return done.some((exchange) => exchange.name === name);
}

export function lastOf({ done }: PolicyView, name: string): ToolExchange | undefined {
  return done.findLast((exchange) => exchange.name === name);
}

/** Tools that change the design. */
export function changesDesign({ name }: Pick<ToolExchange, "name">): boolean {
  return /^(?:init_config|add_|update_column|remove_column)/.test(name);
}

/** The answer of `validate_config` for the design as it is; undefined when it was changed since, or never checked. */
export function currentValidation({ done }: PolicyView) {
  const changedAt = done.findLastIndex(changesDesign);
  const found = done.slice(changedAt + 1).findLast(({ name, isError }) => name === "validate_config" && !isError);
  return found === undefined ? undefined : ValidationResult.safeParse(found.result).data;
}

/** Whether the design as it is has been previewed in this turn, and how that went. */
export function currentPreview({ done }: PolicyView): ToolExchange | undefined {
  const changedAt = done.findLastIndex(changesDesign);
  return done.slice(changedAt + 1).findLast(({ name }) => name === "preview_data");
}

/** What the present message asks for, read together with earlier ones when it is not enough alone. */
export function readBrief({ brief, said, text, today, hasDesign, done }: PolicyView): BriefResult {
  const alone = brief.designFromBrief(text, { today });
  const isFirstDesign = !hasDesign || done.some(changesDesign);
  if (!isFirstDesign || said.length < 2 || (alone.kind === "design" && alone.draft.num_records !== null)) return alone;
  if (alone.kind === "design") return alone;
  const joined = brief.designFromBrief(said.slice(-1 - MAX_EARLIER).join("\n"), { today });
  return joined.kind === "design" ? joined : alone;
}

const FORMAT_WORDS = { jsonl: /\b(?:jsonl|json lines|ndjson)\b/i, csv: /\bcsv\b/i, parquet: /\bparquet\b/i } as const;

/** File formats that the user named, in the last message that names any; undefined when none does. */
export function namedFormats(said: readonly string[]): string[] | undefined {
  for (const text of said.toReversed()) {
    const named = Object.entries(FORMAT_WORDS).flatMap(([format, word]) => (word.test(text) ? [format] : []));
    if (named.length > 0) return named;
  }
  return undefined;
}
