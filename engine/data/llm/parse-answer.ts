import type { JsonValue } from "../table.ts";
import type { LlmColumn } from "./column.ts";
import { type Fence, readFences, splitReasoning } from "./fences.ts";
import { checkJudgement } from "./judge.ts";
import { type JsonSchema, checkSchema, isList, isObject, typesOf } from "./json-schema.ts";
import { fenceTag } from "./prompt.ts";

export type ParsedAnswer =
  | { readonly isUsable: true; readonly value: JsonValue; readonly repairs: readonly string[] }
  /** `problem` is written for the model: what was wrong and what would be right. */
  | { readonly isUsable: false; readonly problem: string };

export interface ParseOptions {
  /** Mends JSON text (missing quotes, commas, brackets) or throws. */
  readonly repairJson: (text: string) => string;
  /** True when the model stopped at its token limit: then half an object is not completed by guessing. */
  readonly isCut: boolean;
}

const MAX_ANSWER_CHARS = 1_000_000;

/**
 * Reads a model's answer for a column. JSON: the last ```json block, else another block, else the object in the text; parsed,
 * else repaired; then held against the schema, without properties it does not know. Code: the one block in the column's
 * language. Text: as it is. `<think>` passages never count. Never throws.
 */
export function parseAnswer(column: LlmColumn, answer: string, options: ParseOptions): ParsedAnswer {
  const { text } = splitReasoning(answer);
  if (text === "") return unusable(options.isCut ? "the answer was cut off before it began" : "the answer is empty");
  if (text.length > MAX_ANSWER_CHARS) return unusable(`the answer is longer than ${MAX_ANSWER_CHARS} characters`);
  switch (column.column_type) {
    case "llm-text":
      return { isUsable: true, value: text, repairs: [] };
    case "llm-code":
      return parseCode(column.code_lang, text);
    case "llm-structured":
      return parseJson(text, options, (value) => bySchema(column.output_format, value), typesOf(column.output_format));
    case "llm-judge":
      return parseJson(
        text,
        options,
        (value) => {
          const { value: judged, problems } = checkJudgement(column.scores, value);
          return problems.length > 0 ? unusable(problems.join("; ")) : { isUsable: true, value: judged, repairs: [] };
        },
        ["object"],
      );
  }
}

function bySchema(schema: JsonSchema, value: JsonValue): ParsedAnswer {
  const checked = checkSchema(schema, value);
  if (checked.problems.length === 0) return { isUsable: true, value: checked.value, repairs: checked.changes };
  return unusable(
    `the JSON does not fit the schema: ${checked.problems.map(({ path, message }) => `${path} ${message}`).join("; ")}`,
  );
}

type Read = (value: JsonValue) => ParsedAnswer;

function parseJson(text: string, options: ParseOptions, read: Read, types: readonly string[]): ParsedAnswer {
  const isComposite = types.every((type) => type === "object" || type === "array");
  let problem: string | undefined;
  for (const mend of [false, true]) {
    for (const candidate of jsonCandidates(text)) {
      const value = parseText(candidate, mend && !options.isCut ? options.repairJson : undefined);
      // Repair turns any prose into a JSON string, which is an answer only where a text is one.
      if (value === undefined || (mend && isComposite && (typeof value !== "object" || value === null))) continue;
      for (const form of [value, ...unwrapped(value)]) {
        const result = read(form);
        if (result.isUsable) {
          const repairs = [
            ...(mend ? ["JSON repaired"] : []),
            ...(form === value ? [] : ["wrapper removed"]),
            ...result.repairs,
          ];
          return { ...result, repairs };
        }
        problem ??= result.problem;
      }
    }
  }
  if (problem !== undefined) return unusable(problem);
  return unusable(
    options.isCut
      ? "the JSON was cut off at the token limit"
      : "there is no JSON in the answer; put it in one ```json block",
  );
}

/** Texts that may be the JSON, the likeliest first. */
function jsonCandidates(text: string): string[] {
  const fences = readFences(text).toReversed();
  const isJson = ({ language }: Fence): boolean => language.startsWith("json");
  const blocks = [...fences.filter(isJson), ...fences.filter((fence) => !isJson(fence))].map(({ content }) =>
    content.trim(),
  );
  const bare = text.replaceAll(/<\/?response(?:_schema)?>/g, "").trim();
  return [...new Set([...blocks, bare, spanOf(bare, "{", "}"), spanOf(bare, "[", "]")])].filter((part) => part !== "");
}

function spanOf(text: string, open: string, close: string): string {
  const from = text.indexOf(open);
  const to = text.lastIndexOf(close);
  return from >= 0 && to > from ? text.slice(from, to + 1) : from >= 0 ? text.slice(from) : "";
}

function parseText(text: string, mend: ParseOptions["repairJson"] | undefined): JsonValue | undefined {
  try {
    // JSON text parses to JSON values only.
    return JSON.parse(mend === undefined ? text : mend(text)) as JsonValue;
  } catch {
    return undefined;
  }
}

/** `{"response": {…}}`, `[{…}]` and JSON inside a JSON string. */
function unwrapped(value: JsonValue): JsonValue[] {
  if (typeof value === "string") return [parseText(value, undefined)].filter((inner) => inner !== undefined);
  if (isList(value)) return value.length === 1 && value[0] !== undefined ? [value[0]] : [];
  if (!isObject(value)) return [];
  const entries = Object.entries(value);
  const [only] = entries;
  const isWrapper =
    entries.length === 1 &&
    only !== undefined &&
    /^(?:response|answer|result|output|data|json|properties|value)$/i.test(only[0]);
  return isWrapper ? [only[1]] : [];
}

const LANGUAGE_NAMES: Readonly<Record<string, readonly string[]>> = {
  bash: ["sh", "shell", "zsh", "shellscript"],
  cpp: ["c++", "cc", "cxx"],
  csharp: ["cs", "c#"],
  go: ["golang"],
  javascript: ["js", "jsx", "node", "mjs"],
  kotlin: ["kt"],
  python: ["py", "python3"],
  ruby: ["rb"],
  rust: ["rs"],
  typescript: ["ts", "tsx"],
  sql: ["sqlite", "postgres", "postgresql", "mysql", "tsql", "bigquery", "pgsql", "plpgsql"],
};

function parseCode(language: string, text: string): ParsedAnswer {
  const tag = fenceTag(language);
  const fences = readFences(text).filter(({ content }) => content.trim() !== "");
  const isWanted = (fence: Fence): boolean =>
    fence.language === tag || (LANGUAGE_NAMES[tag] ?? []).includes(fence.language) || fence.language === language;
  const wanted = fences.filter(isWanted);
  const fitting = wanted.length > 0 ? wanted : fences.filter((fence) => fence.language === "");
  const [block] = fitting;
  if (block === undefined) {
    const found = fences.map((fence) => fence.language).join(", ");
    return unusable(
      found === ""
        ? `there is no code block; put the ${tag} code in one \`\`\`${tag} block`
        : `the code block is ${found}, not ${tag}`,
    );
  }
  if (fitting.length > 1)
    return unusable(`there are ${fitting.length} code blocks; put all of the code in one \`\`\`${tag} block`);
  if (!block.isClosed) return unusable("the code block does not end; the code may be incomplete");
  return { isUsable: true, value: block.content.replace(/^\s*\n/, "").trimEnd(), repairs: [] };
}

function unusable(problem: string): ParsedAnswer {
  return { isUsable: false, problem };
}
