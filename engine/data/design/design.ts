import { z } from "zod";

import {
  CustomColumn,
  EmbeddingColumn,
  ExpressionColumn,
  ImageColumn,
  LlmCodeColumn,
  LlmJudgeColumn,
  LlmStructuredColumn,
  LlmTextColumn,
  SAMPLER_COLUMNS,
  SeedDatasetColumn,
  VALIDATION_COLUMNS,
} from "./columns.ts";
import { JudgeScoreProfiler, ModelConfig, ToolConfig } from "./models.ts";
import { configObject } from "./object-schema.ts";
import { Constraint, Processor } from "./parts.ts";
import type { SamplerType } from "./sampler-params.ts";
import { SeedConfig } from "./seed.ts";

/**
 * A dataset design: the config of the open-source Data Designer with every default filled in. Its keys are those of the
 * file format (snake_case), so a design is its own JSON, and reading that JSON gives the same design again.
 * Source: NVIDIA-NeMo/DataDesigner, `DataDesignerConfig`, 0.9.
 */

export const SamplerColumn = z.discriminatedUnion("sampler_type", [
  SAMPLER_COLUMNS.uuid,
  SAMPLER_COLUMNS.category,
  SAMPLER_COLUMNS.subcategory,
  SAMPLER_COLUMNS.uniform,
  SAMPLER_COLUMNS.gaussian,
  SAMPLER_COLUMNS.bernoulli,
  SAMPLER_COLUMNS.bernoulli_mixture,
  SAMPLER_COLUMNS.binomial,
  SAMPLER_COLUMNS.poisson,
  SAMPLER_COLUMNS.scipy,
  SAMPLER_COLUMNS.datetime,
  SAMPLER_COLUMNS.timedelta,
  SAMPLER_COLUMNS.person,
  SAMPLER_COLUMNS.person_from_faker,
]);

export const ValidationColumn = z.discriminatedUnion("validator_type", [
  VALIDATION_COLUMNS.code,
  VALIDATION_COLUMNS.local_callable,
  VALIDATION_COLUMNS.remote,
]);

/** Schema of each column type, by the value of `column_type`. */
export const COLUMN_SCHEMAS = {
  sampler: SamplerColumn,
  "llm-text": LlmTextColumn,
  "llm-code": LlmCodeColumn,
  "llm-structured": LlmStructuredColumn,
  "llm-judge": LlmJudgeColumn,
  expression: ExpressionColumn,
  validation: ValidationColumn,
  "seed-dataset": SeedDatasetColumn,
  embedding: EmbeddingColumn,
  image: ImageColumn,
  custom: CustomColumn,
} as const;

export type ColumnType = keyof typeof COLUMN_SCHEMAS;

export const Column = z.discriminatedUnion("column_type", [
  SamplerColumn,
  LlmTextColumn,
  LlmCodeColumn,
  LlmStructuredColumn,
  LlmJudgeColumn,
  ExpressionColumn,
  ValidationColumn,
  SeedDatasetColumn,
  EmbeddingColumn,
  ImageColumn,
  CustomColumn,
]);
export type Column = z.infer<typeof Column>;

/** `ColumnOf<"expression">`, `ColumnOf<"llm-judge">` and so on. */
export type ColumnOf<Type extends ColumnType> = Extract<Column, { column_type: Type }>;
export type LlmColumn = ColumnOf<"llm-text" | "llm-code" | "llm-structured" | "llm-judge">;

/** `SamplerColumn<"uniform">` and so on. */
export type SamplerColumn<Type extends SamplerType = SamplerType> = Extract<
  z.infer<typeof SamplerColumn>,
  { sampler_type: Type }
>;

/** Parts of a design besides its columns, with the schema of one entry. */
export const LIST_SCHEMAS = {
  model_configs: ModelConfig,
  tool_configs: ToolConfig,
  constraints: Constraint,
  profilers: JudgeScoreProfiler,
  processors: Processor,
} as const;

export const Design = configObject({
  columns: z.array(Column),
  model_configs: z.array(ModelConfig).nullable().default(null),
  tool_configs: z.array(ToolConfig).nullable().default(null),
  seed_config: SeedConfig.nullable().default(null),
  constraints: z.array(Constraint).nullable().default(null),
  profilers: z.array(JudgeScoreProfiler).nullable().default(null),
  processors: z.array(Processor).nullable().default(null),
});
export type Design = z.infer<typeof Design>;

/** What a caller may write: everything with a default can be left out. */
export type DesignInput = z.input<typeof Design>;

export function isLlmColumn(column: Column): column is LlmColumn {
  return column.column_type.startsWith("llm-");
}

export type { Constraint } from "./parts.ts";
