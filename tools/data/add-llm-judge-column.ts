import { z } from "zod";

import { field, readJson, readList, readObject, readText } from "./design-tools/fields.ts";
import { defineLlmTool, LLM_FIELDS } from "./design-tools/llm-tool.ts";

interface Score {
  readonly name: string;
  readonly description: string;
  readonly options: Readonly<Record<string, string>>;
}

const scoresField = field(
  {
    type: "array",
    items: {
      type: "object",
      properties: {
        name: { type: "string" },
        description: { type: "string" },
        options: { type: "object", additionalProperties: { type: "string" } },
      },
      required: ["name", "description", "options"],
    },
  },
  "What is judged: for each score its name, what it measures, and what each option means",
  'a list of {"name", "description", "options": {"1": "poor", "5": "excellent"}}',
  (given) => {
    const value = typeof given === "string" ? readJson(given) : given;
    const scores = (Array.isArray(value) ? value : [value]).map(readScore);
    return scores.length > 0 && scores.every((score) => score !== undefined) ? scores : undefined;
  },
);

export const addLlmJudgeColumn = defineLlmTool({
  name: "add_llm_judge_column",
  title: "Add a column of judgements",
  description:
    "Add a column in which a language model scores other columns. A score is at {{ column.ScoreName.score }}, its reason at {{ column.ScoreName.reasoning }}.",
  example: {
    name: "quality",
    prompt: "Judge this review: {{ review }}",
    scores: [{ name: "Helpful", description: "Does it help a buyer?", options: { "1": "no", "5": "very much" } }],
  },
  input: z.object({ ...LLM_FIELDS, scores: scoresField }),
  column: (fields) => ({ column_type: "llm-judge", ...fields }),
});

/** Options given as a list mean themselves. */
function readScore(given: unknown): Score | undefined {
  const score = readObject(given);
  if (score === undefined) return undefined;
  const { name, description, options: givenOptions } = score;
  const map = readObject(givenOptions);
  const list = map === undefined ? readList(givenOptions)?.map(readText) : undefined;
  const options = map ?? Object.fromEntries((list ?? []).map((option) => [option ?? "", option ?? ""]));
  const entries = Object.entries(options).map(([option, meaning]) => [option, readText(meaning) ?? option] as const);
  if (typeof name !== "string" || name.trim() === "" || entries.length === 0) return undefined;
  return { name, description: readText(description) ?? name, options: Object.fromEntries(entries) };
}
