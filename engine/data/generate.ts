import { ServiceError } from "../../lib/errors.ts";
import { type StepOptions, compileColumnStep } from "./column-steps.ts";
import type { ColumnPlan } from "./design/column-plan.ts";
import { type Design, isLlmColumn } from "./design/design.ts";
import { hasErrors } from "./design/violation.ts";
import type { GenerationEvent } from "./generation-events.ts";
import { type RowGenerator, createRowGenerator } from "./row-generator.ts";
import { compileSamplers } from "./samplers/compile-samplers.ts";
import { loadPersonLibrary } from "./samplers/person-library.ts";
import { compileSeedRows } from "./seed-rows.ts";
import type { EmbeddingModels } from "./steps/embedding.ts";
import { compileModelBlock } from "./steps/model-block.ts";
import type { ModelCells } from "./steps/model-cells.ts";
import type { GeneratorServices } from "./steps/services.ts";
import { stageColumns } from "./steps/stages.ts";
import type { Step } from "./steps/step.ts";
import type { RemoteValidator } from "./steps/validation.ts";
import type { RowRange, Table } from "./table.ts";

export interface GeneratorOptions {
  readonly design: Design;
  /** Of this design, made with the columns of `seedRows`. */
  readonly plan: ColumnPlan;
  readonly seed: number | string;
  /** The seed dataset, for a design that has one. */
  readonly seedRows?: Table;
  /** What is asked outside of the engine; without models the offline text model writes their columns. */
  readonly services?: GeneratorServices;
  readonly onEvent?: (event: GenerationEvent) => void;
}

export interface Generator extends RowGenerator {
  /** Who writes the columns of models; absent when there are none or the offline text model does. */
  readonly models?: Pick<ModelCells, "label" | "usage">;
  /** Who makes embeddings; absent when there are none. */
  readonly embeddings?: Pick<EmbeddingModels, "label" | "usage">;
}

/**
 * Compiles a design into a function from row numbers to rows. The same seed gives the same rows for any division into
 * ranges. Throws `invalid_input` for a plan with errors, a template or parameters that cannot be used and a seed
 * dataset that is missing, `not_supported` for columns that the built-in engine cannot make, and what opening the models throws.
 */
export async function createGenerator({
  design,
  plan,
  seed,
  seedRows,
  services,
  onEvent = () => undefined,
}: GeneratorOptions): Promise<Generator> {
  // Its grammar and lexicons take ten megabytes in each thread: only for designs that need them.
  const textModel = design.columns.some(isLlmColumn)
    ? (await import("./text/offline-text.ts")).createOfflineText({ seed })
    : undefined;
  if (hasErrors(plan.violations)) {
    throw new ServiceError("invalid_input", plan.violations.map(({ message }) => message).join("; "));
  }
  const samplers = compileSamplers({ design, plan, seed, persons: await loadPersonLibrary(design) });
  const sources: ((range: RowRange) => Table)[] = [];
  if (design.seed_config !== null) {
    if (seedRows === undefined) throw new ServiceError("invalid_input", "the design has a seed dataset; give its rows");
    sources.push(compileSeedRows({ config: design.seed_config, rows: seedRows, seed }));
  }
  if (plan.samplers.length > 0) sources.push((range) => samplers.generate(range));
  const models = services?.models;
  const cells = plan.order.some((name) => isModelColumn(plan, name))
    ? await models?.open({ design, tools: services?.tools, onEvent })
    : undefined;
  const embeddings = design.columns.some(({ column_type: type }) => type === "embedding")
    ? await services?.embeddings?.open({ design, onEvent })
    : undefined;
  const validation = { parseCode: services?.parseCode, remote: await openValidators(design, services, onEvent) };
  const options: StepOptions = { plan, textModel, validation, embeddings };
  const steps = stageColumns(plan).flatMap((stage): Step[] => {
    if (stage.kind === "column") return [compileColumnStep(stage.column, options)];
    if (cells !== undefined) return [compileModelBlock({ columns: stage.columns, plan, models: cells })];
    return stage.columns.map((column) => compileColumnStep(column, options));
  });
  const rows = createRowGenerator({ plan, sources, steps });
  return {
    ...rows,
    ...(cells === undefined ? {} : { models: cells }),
    ...(embeddings === undefined ? {} : { embeddings }),
  };
}

async function openValidators(
  design: Design,
  services: GeneratorServices | undefined,
  onEvent: (event: GenerationEvent) => void,
): Promise<ReadonlyMap<string, RemoteValidator>> {
  const opened = new Map<string, RemoteValidator>();
  if (services?.validators === undefined) return opened;
  for (const column of design.columns) {
    if (column.column_type !== "validation" || column.validator_type !== "remote") continue;
    opened.set(column.name, await services.validators.open(column, onEvent));
  }
  return opened;
}

function isModelColumn(plan: ColumnPlan, name: string): boolean {
  const column = plan.columns.get(name);
  return column !== undefined && isLlmColumn(column);
}
