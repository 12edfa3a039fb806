import type { ChatMessage, LlmColumn, MediaPart } from "./column.ts";
import { judgeSchema } from "./judge.ts";
import type { JsonSchema } from "./json-schema.ts";

/** Prompts are rendered for the record before. */
export interface RenderedPrompt {
  readonly prompt: string;
  readonly systemPrompt?: string | null;
  readonly media?: readonly MediaPart[];
}

/**
 * The conversation that asks for one cell: the user's own prompt first, then how to answer. The form of the answer is asked for
 * in words, because not every endpoint knows a response format.
 */
export function buildMessages(
  column: LlmColumn,
  { prompt, systemPrompt, media = [] }: RenderedPrompt,
): readonly ChatMessage[] {
  const instructions = answerInstructions(column);
  const content = instructions === undefined ? prompt : `${prompt}\n\n${instructions}`;
  const user: ChatMessage = { role: "user", content, ...(media.length === 0 ? {} : { media }) };
  return systemPrompt ? [{ role: "system", content: systemPrompt }, user] : [user];
}

/** What the answer must look like; undefined for free text. */
export function answerInstructions(column: LlmColumn): string | undefined {
  switch (column.column_type) {
    case "llm-text":
      return undefined;
    case "llm-code":
      return `The answer must be written in ${languageName(column.code_lang)}, in a single fenced code block that begins with \`\`\`${fenceTag(column.code_lang)}, and no other code block.`;
    case "llm-structured":
      return jsonInstructions(column.output_format);
    case "llm-judge": {
      const questions = column.scores.map((score) => `- ${score.name}: ${score.description}`).join("\n");
      return `Give each of these scores, with your reasoning before the score:\n${questions}\n\n${jsonInstructions(judgeSchema(column.scores))}`;
    }
  }
}

/** The message that asks for a better answer within the same conversation. */
export function correctionMessage(problem: string): ChatMessage {
  return {
    role: "user",
    content: `That answer cannot be used: ${problem}\n\nPlease answer again, in the form that was asked for.`,
  };
}

function jsonInstructions(schema: JsonSchema): string {
  return `Answer with JSON that follows the schema below, in one fenced block that begins with \`\`\`json.\n\n<response_schema>\n${JSON.stringify(schema)}\n</response_schema>`;
}

/** `sql:postgres` is fenced as `sql`. */
export function fenceTag(language: string): string {
  return language.split(":")[0] ?? language;
}

const NAMES: Readonly<Record<string, string>> = {
  cpp: "C++",
  csharp: "C#",
  javascript: "JavaScript",
  typescript: "TypeScript",
  cobol: "COBOL",
  "sql:sqlite": "SQL (SQLite)",
  "sql:tsql": "SQL (T-SQL)",
  "sql:bigquery": "SQL (BigQuery)",
  "sql:mysql": "SQL (MySQL)",
  "sql:postgres": "SQL (PostgreSQL)",
  "sql:ansi": "SQL (ANSI)",
};

function languageName(language: string): string {
  return NAMES[language] ?? language.charAt(0).toUpperCase() + language.slice(1);
}
