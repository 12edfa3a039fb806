import type { JsonValue } from "../table.ts";
import { type JsonSchema, isObject } from "./json-schema.ts";

/** One question to a judge; `options` maps each score, a number or a word, to what it means. */
export interface JudgeScore {
  readonly name: string;
  readonly description: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface JudgeCheck {
  /** Score name to `{score, reasoning}`; scores are numbers when all options of their question are. */
  readonly value: JsonValue;
  readonly problems: readonly string[];
}

/** The schema that a judge is asked to answer by. */
export function judgeSchema(scores: readonly JudgeScore[]): JsonSchema {
  const properties = Object.fromEntries(
    scores.map((score) => [
      score.name,
      {
        type: "object",
        description: score.description,
        properties: {
          reasoning: { type: "string", description: "Why this score and no other." },
          score: { enum: optionValues(score), description: describeOptions(score) },
        },
        required: ["reasoning", "score"],
      },
    ]),
  );
  return { type: "object", properties, required: scores.map(({ name }) => name) };
}

/** Numbers when every option is one, else the words. */
export function optionValues({ options }: JudgeScore): readonly (number | string)[] {
  const keys = Object.keys(options);
  return keys.every((key) => /^-?\d+(?:\.\d+)?$/.test(key))
    ? keys.map(Number).toSorted((left, right) => left - right)
    : keys;
}

/**
 * Reads a judge's answer. A score may be written as text, in other letters, with a fraction of zero ("3.0") or without the object around
 * it, as long as it means exactly one option; a boolean never means a number. Names of questions may differ in letters.
 */
export function checkJudgement(scores: readonly JudgeScore[], answer: JsonValue): JudgeCheck {
  const problems: string[] = [];
  if (!isObject(answer)) return { value: null, problems: ["the answer must be an object with one entry per score"] };
  const judged = scores.map((score): [string, JsonValue] => {
    const given = findEntry(answer, score.name);
    const entry: JsonSchema = isObject(given) ? given : { score: given ?? null };
    const matched = matchOption(score, entry["score"]);
    if (given === undefined) problems.push(`"${score.name}" is missing`);
    else if (matched === undefined) {
      problems.push(
        `"${score.name}": ${JSON.stringify(entry["score"] ?? null).slice(0, 60)} is none of ${optionValues(score).join(", ")}`,
      );
    }
    const reasoning = typeof entry["reasoning"] === "string" ? entry["reasoning"].trim() : "";
    return [score.name, { score: matched ?? null, reasoning }];
  });
  return { value: Object.fromEntries(judged), problems };
}

function findEntry(answer: JsonSchema, name: string): JsonValue | undefined {
  if (Object.hasOwn(answer, name)) return answer[name];
  const close = Object.keys(answer).filter((key) => normalise(key) === normalise(name));
  const [only] = close;
  return close.length === 1 && only !== undefined ? answer[only] : undefined;
}

function matchOption(score: JudgeScore, given: JsonValue | undefined): number | string | undefined {
  if (typeof given !== "string" && typeof given !== "number") return undefined;
  const values = optionValues(score);
  const exact = values.find((value) => value === given);
  if (exact !== undefined) return exact;
  const close = values.filter((value) => normalise(value) === normalise(given));
  return close.length === 1 ? close[0] : undefined;
}

/** Trimmed, without case, and 3.0 as 3. */
function normalise(value: string | number): string {
  const text = String(value).trim().toLowerCase();
  return /^-?\d+(?:\.\d+)?$/.test(text) ? String(Number(text)) : text.replaceAll(/[\s_-]+/g, " ");
}

function describeOptions({ options }: JudgeScore): string {
  return Object.entries(options)
    .map(([key, meaning]) => `${key}: ${meaning}`)
    .join("; ");
}
