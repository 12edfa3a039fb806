import { ServiceError } from "../../lib/errors.ts";
import { compileColumnStep } from "./column-steps.ts";
import type { ColumnPlan } from "./design/column-plan.ts";
import { type Design, isLlmColumn } from "./design/design.ts";
import { hasErrors } from "./design/violation.ts";
import type { GenerationEvent } from "./generation-events.ts";
import { type RowGenerator, createRowGenerator } from "./row-generator.ts";
import { compileSamplers } from "./samplers/compile-samplers.ts";
import { loadPersonLibrary } from "./samplers/person-library.ts";
import { compileSeedRows } from "./seed-rows.ts";
import { compileModelBlock } from "./steps/model-block.ts";
import type { ModelCells } from "./steps/model-cells.ts";
import type { GeneratorServices } from "./steps/services.ts";
import { stageColumns } from "./steps/stages.ts";
import type { Step } from "./steps/step.ts";
import type { RowRange, Table } from "./table.ts";
import { createOfflineText } from "./text/offline-text.ts";

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
}

/**
 * Compiles a design into a function from row numbers to rows. The same seed gives the same rows for any division into
 * ranges. Throws `invalid_input` for a plan with errors, a template or parameters that cannot be used and a seed
 * dataset that is missing, `not_supported` for columns that the built-in engine cannot make, and what opening the models throws.
 */
export async function createGenerator(options: GeneratorOptions): Promise<Generator> {
  const { design, plan, seed, seedRows, services, onEvent = () => undefined } = options;
  const textModel = createOfflineText({ seed });
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
  const steps = stageColumns(plan).flatMap((stage): Step[] => {
    if (stage.kind === "column") return [compileColumnStep(stage.column, { plan, textModel })];
    if (cells !== undefined) return [compileModelBlock({ columns: stage.columns, plan, models: cells })];
    return stage.columns.map((column) => compileColumnStep(column, { plan, textModel }));
  });
  const rows = createRowGenerator({ plan, sources, steps });
  return { ...rows, ...(cells === undefined ? {} : { models: cells }) };
}

function isModelColumn(plan: ColumnPlan, name: string): boolean {
  const column = plan.columns.get(name);
  return column !== undefined && isLlmColumn(column);
}
