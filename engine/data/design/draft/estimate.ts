import { compileTemplate } from "../../template/template.ts";
import type { JsonValue } from "../../table.ts";
import type { DesignDraft, DraftColumn } from "../draft.ts";
import { Column, isLlmColumn } from "../design.ts";
import type { LlmColumn } from "../design.ts";
import { columnReferences } from "../references.ts";
import { textOf } from "./show.ts";

type Row = Readonly<Record<string, JsonValue>>;

/** Tokens that an answer has on average, from the kind of column; the usual length of such texts, no measurement. */
const ANSWER_TOKENS = { "llm-text": 120, "llm-code": 250, "llm-structured": 120, "llm-judge": 80 } as const;
/** The instructions that go along with a prompt, on average. */
const INSTRUCTION_TOKENS = { "llm-text": 10, "llm-code": 40, "llm-structured": 120, "llm-judge": 150 } as const;
const CHARACTERS_PER_TOKEN = 4;

/**
 * Drawn and calculated cells a second with the files they are written to: a third of what the 13 columns of
 * `bench/data-generate.ts` give on two cores, since people and long templates take longer.
 */
const DRAWN_CELLS_PER_SECOND = 400_000;
/** Cells a second that the offline text model writes: a third of what short reviews, tickets and code give on one core. */
const OFFLINE_CELLS_PER_SECOND = 5_000;
/** What one request to a model endpoint gives, for want of a measurement. */
const TOKENS_PER_SECOND = 40;

export interface Estimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly seconds: number;
}

export interface EstimateOptions {
  readonly rows: number;
  /** Some rows of the columns that need no model; may be empty. */
  readonly sample: readonly Row[];
  readonly isOffline: boolean;
}

/** Whether a column of a draft is written by a model. */
export function isModelColumn(column: DraftColumn): boolean {
  return textOf(column, "column_type").startsWith("llm-");
}

/**
 * What a design will cost: each model column takes its prompt, rendered over the sample, at four characters a token, and
 * gives the usual length of its kind. Requests of one model run side by side, columns after the ones they need.
 */
export function estimateDesign(draft: DesignDraft, { rows, sample, isOffline }: EstimateOptions): Estimate {
  const parsed = draft.config.columns.flatMap((column) => {
    const result = Column.safeParse(column);
    return result.success ? [result.data] : [];
  });
  const models = parsed.filter(isLlmColumn);
  const answers = new Map(models.map((column) => [column.name, answerTokens(column, draft)]));
  let inputTokens = 0;
  let outputTokens = 0;
  let modelSeconds = 0;
  for (const column of models) {
    const output = answers.get(column.name) ?? 0;
    inputTokens += promptTokens(column, sample, answers) * rows;
    outputTokens += output * rows;
    modelSeconds += (output / TOKENS_PER_SECOND) * (rows / parallelRequests(column, draft));
  }
  const drawnSeconds = ((parsed.length - models.length) * rows) / DRAWN_CELLS_PER_SECOND;
  const writing = isOffline ? (models.length * rows) / OFFLINE_CELLS_PER_SECOND : modelSeconds;
  return {
    inputTokens: isOffline ? 0 : Math.round(inputTokens),
    outputTokens: isOffline ? 0 : Math.round(outputTokens),
    seconds: Number((drawnSeconds + writing).toPrecision(3)),
  };
}

/** The design without what models write and everything that needs it, every column shown; for drawing a sample. */
export function drawnPart(draft: DesignDraft): DesignDraft["config"] | undefined {
  const parsed = draft.config.columns.map((column) => Column.safeParse(column));
  const kept = new Map(
    parsed.flatMap((result) =>
      result.success && ["sampler", "expression", "seed-dataset"].includes(result.data.column_type)
        ? [[result.data.name, result.data] as const]
        : [],
    ),
  );
  const known = new Set(parsed.flatMap((result) => (result.success ? [result.data.name] : [])));
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    for (const [name, column] of kept) {
      const needsGone = columnReferences(column).references.some((one) => known.has(one.name) && !kept.has(one.name));
      if (needsGone) kept.delete(name);
    }
  }
  if (kept.size === 0) return undefined;
  const columns = draft.config.columns
    .filter((column) => kept.has(textOf(column, "name")))
    .map((column) => ({ ...column, drop: false }));
  const { seed_config, constraints } = draft.config;
  return { columns, ...(seed_config && { seed_config }), ...(constraints && { constraints }) };
}

function promptTokens(column: LlmColumn, sample: readonly Row[], answers: ReadonlyMap<string, number>): number {
  const templates = [column.prompt, column.system_prompt ?? ""].filter((text) => text !== "");
  // Columns of models are not in the sample; a text of their usual length stands for them.
  const written = Object.fromEntries(
    [...answers].map(([name, tokens]) => [name, "x".repeat(tokens * CHARACTERS_PER_TOKEN)]),
  );
  const lengths = (sample.length === 0 ? [{}] : sample).map((row) =>
    templates.reduce((sum, text) => sum + renderedLength(text, { ...written, ...row }), 0),
  );
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  return mean / CHARACTERS_PER_TOKEN + INSTRUCTION_TOKENS[column.column_type];
}

/** A template that cannot be rendered over the sample counts as long as it is written. */
function renderedLength(template: string, row: Row): number {
  try {
    return compileTemplate(template).render(row).length;
  } catch {
    return template.length;
  }
}

function answerTokens(column: LlmColumn, draft: DesignDraft): number {
  const scores = column.column_type === "llm-judge" ? column.scores.length : 1;
  const usual = ANSWER_TOKENS[column.column_type] * scores;
  const limit = inferenceOf(column, draft)["max_tokens"];
  return typeof limit === "number" ? Math.min(usual, limit) : usual;
}

function parallelRequests(column: LlmColumn, draft: DesignDraft): number {
  const given = inferenceOf(column, draft)["max_parallel_requests"];
  return typeof given === "number" && given >= 1 ? given : 4;
}

function inferenceOf(column: LlmColumn, draft: DesignDraft): DraftColumn {
  const model = (draft.config.model_configs ?? []).find((one) => one["alias"] === column.model_alias);
  const inference = model?.["inference_parameters"];
  return typeof inference === "object" && inference !== null && !Array.isArray(inference) ? inference : {};
}
