import type { JudgeScore } from "../llm/judge.ts";
import type { JsonSchema } from "../llm/json-schema.ts";
import type { JsonValue } from "../table.ts";
import { Dice, textKey } from "./dice.ts";
import { OFFLINE_TEXT_LABEL } from "./label.ts";
import { type PromptFacts, readFacts } from "./facts.ts";
import { readWish } from "./wish.ts";
import { writeCode } from "./write-code.ts";
import { writeJson } from "./write-json.ts";
import { writeJudgement } from "./write-judgement.ts";
import { writeText } from "./write-text.ts";
import { ServiceError } from "../../../lib/errors.ts";

/** The part of a design's LLM column that decides what is written. */
export type TextColumn =
  | { readonly column_type: "llm-text"; readonly name: string }
  | { readonly column_type: "llm-code"; readonly name: string; readonly code_lang: string }
  | { readonly column_type: "llm-structured"; readonly name: string; readonly output_format: JsonSchema }
  | { readonly column_type: "llm-judge"; readonly name: string; readonly scores: readonly JudgeScore[] };

export interface TextRequest {
  readonly column: TextColumn;
  /** Rendered for this record. */
  readonly prompt: string;
  /** Values of the columns that the prompt can refer to. */
  readonly record: Readonly<Record<string, JsonValue>>;
  /** Of the whole dataset, 0-based. */
  readonly row: number;
}

export interface OfflineText {
  /** For the metadata of datasets in which it wrote a column. */
  readonly generatedBy: string;
  generate(request: TextRequest): JsonValue;
}

/**
 * Writes LLM columns without a model: English sentences from a grammar and a lexicon, about the record's values that the
 * prompt shows, of the kind, mood and length that the prompt asks for. The same (seed, column, row, prompt, record)
 * gives the same value. Text is a string, code a string in the column's language, structured and judged columns are JSON that their schema or options accept.
 * Throws `not_supported` for a language without snippets and for a schema no value was found for.
 */
export function createOfflineText({ seed }: { readonly seed: number | string }): OfflineText {
  const keys = new Map<string, ReturnType<typeof textKey>>();
  return {
    generatedBy: OFFLINE_TEXT_LABEL,
    generate(request) {
      const { column, row } = request;
      let key = keys.get(column.name);
      if (key === undefined) {
        key = textKey(seed, column.name);
        keys.set(column.name, key);
      }
      return write(request, new Dice(key, row), readFacts(request.prompt, request.record));
    },
  };
}

function write({ column, record, prompt }: TextRequest, dice: Dice, facts: PromptFacts): JsonValue {
  switch (column.column_type) {
    case "llm-text":
      return writeText({ wish: readWish(facts.maskedPrompt, column.name), facts, dice });
    case "llm-code":
      return writeCode(column.code_lang, facts, dice);
    case "llm-judge":
      return writeJudgement(column.scores, facts, dice);
    case "llm-structured": {
      const value = writeJson({
        root: column.output_format,
        dice,
        known: new Map(Object.entries(record).filter(([, item]) => isIn(item, prompt))),
        phrase: (property, isLong) => phrase(property, isLong, facts, dice),
      });
      if (value === undefined) {
        throw new ServiceError(
          "not_supported",
          `the offline text model found no value for the schema of "${column.name}"; simplify the schema or configure a model`,
        );
      }
      return value;
    }
  }
}

function isIn(item: JsonValue, prompt: string): boolean {
  return (typeof item === "string" || typeof item === "number") && prompt.includes(String(item));
}

/** A text for one property, in the kind that the property's name asks for. */
function phrase(property: string, isLong: boolean, facts: PromptFacts, dice: Dice): string {
  const wish = readWish(isLong ? property.replaceAll(/[_-]+/g, " ") : "", "");
  if (isLong) return writeText({ wish: { ...wish, sentences: 1 }, facts, dice });
  return writeText({
    wish: { ...wish, genre: /title|subject|headline|name/i.test(property) ? "title" : "tag", sentences: 1 },
    facts,
    dice,
  });
}
