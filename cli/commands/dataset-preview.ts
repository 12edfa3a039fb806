import { planColumns } from "../../engine/data/design/plan.ts";
import { createGenerator } from "../../engine/data/generate.ts";
import type { GenerationEvent } from "../../engine/data/generation-events.ts";
import { previewRows } from "../../engine/data/preview.ts";
import { buildProfile } from "../../engine/data/profile/profile.ts";
import { summarizeTable } from "../../engine/data/profile/summary.ts";
import { tableRows } from "../../engine/data/table-rows.ts";
import { writeJudgeSummaries } from "../../tools/data/judge-summaries.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { loadRunnableDesign } from "../dataset-design.ts";
import type { ExitName } from "../exit-codes.ts";
import { openGeneration } from "../generation.ts";
import { recordText, rowsText } from "../rows-text.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly rows: number;
  readonly seed: string;
}

/** Shows the first rows of a dataset: all of them as a table, the first one in full. */
export async function run({ terminal, signal }: CommandContext, file: string, options: Options): Promise<ExitName> {
  const { name, design, seedRows, violations } = await loadRunnableDesign(file, terminal);
  const plan = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  const { seed } = options;
  using services = openGeneration();
  const seeds = seedRows === undefined ? {} : { seedRows };
  const onEvent = (event: GenerationEvent): void => {
    if (event.type === "log") terminal.complain(event.message);
  };
  const generator = await createGenerator({ design, plan, seed, services, onEvent, ...seeds });
  const preview = await previewRows(generator, options.rows, { signal });
  const records = tableRows(preview.table);
  if (options.json) {
    const counted = buildProfile({
      design,
      summary: summarizeTable(preview.table, 0),
      columnNames: plan.output,
      sideEffectColumns: [...plan.sideEffects.values()].flat(),
      targetNumRecords: options.rows,
    });
    const profile = await writeJudgeSummaries(counted, { design, services, onEvent, signal });
    terminal.out(jsonText("dataset_preview", { name, seed, records, failures: preview.failures, violations, profile }));
    return "ok";
  }
  terminal.out(rowsText(records, plan.output, terminal));
  const [first] = records;
  if (first !== undefined) terminal.out(`\n${recordText(first, terminal)}`);
  const { length: dropped } = preview.failures;
  if (dropped > 0) terminal.complain(`${dropped} rows were dropped; --json names them`);
  return "ok";
}
