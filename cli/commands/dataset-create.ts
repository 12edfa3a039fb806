import { rm } from "node:fs/promises";
import path from "node:path";

import type { Design } from "../../engine/data/design/design.ts";
import { planColumns } from "../../engine/data/design/plan.ts";
import type { Table } from "../../engine/data/table.ts";
import { OFFLINE_TEXT_LABEL } from "../../engine/data/text/label.ts";
import { ServiceError } from "../../lib/errors.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../../tools/data/dataset-job/export-formats.ts";
import { type ExportForm, exportDataset } from "../../tools/data/dataset-job/export.ts";
import { type DatasetJobResult, runDatasetJob } from "../../tools/data/dataset-job/run-job.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { loadRunnableDesign } from "../dataset-design.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { openGeneration } from "../generation.ts";
import { createJobProgress } from "../job-progress.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly rows: number;
  readonly format?: ExportFormat | "text";
  readonly column?: string;
  readonly output?: string;
  readonly seed: string;
  /** Left out: what suits the design. */
  readonly rowGroupSize?: number;
  readonly workers?: number;
  readonly resume: boolean;
  readonly artifacts?: string;
}

/**
 * Generates a dataset and prints the file it wrote. While it works, its row groups lie in `<file>.artifacts` beside it; what is
 * there after a failure or an interrupt is what `--resume` goes on with. Exits 1 when fewer rows came out than
 * were asked for.
 */
export async function run(context: CommandContext, file: string, options: Options): Promise<ExitName> {
  const { terminal, signal } = context;
  const { name, design, seedRows } = await loadRunnableDesign(file, terminal);
  const form = readForm(options);
  if (form.format === "text") checkColumn(form.column, design, seedRows);
  const { format } = form;
  const output = options.output ?? `${name}.${format === "text" ? "txt" : format}`;
  const folder = options.artifacts ?? `${output}.artifacts`;
  using services = openGeneration();
  const progress = createJobProgress(terminal);
  let result: DatasetJobResult;
  try {
    result = await runDatasetJob({
      design,
      datasetName: name,
      folder,
      numRecords: options.rows,
      seed: options.seed,
      resume: options.resume,
      signal,
      services,
      onEvent: (event) => progress.show(event),
      ...(seedRows === undefined ? {} : { seedRows }),
      ...(options.rowGroupSize === undefined ? {} : { rowGroupSize: options.rowGroupSize }),
      ...(options.workers === undefined ? {} : { workerCount: options.workers }),
    });
    await exportDataset({ folder, metadata: result.metadata, ...form, file: output, signal });
  } catch (error) {
    throw explain(error, folder);
  } finally {
    progress.end();
  }
  if (options.artifacts === undefined) await rm(folder, { recursive: true, force: true });
  const { actual_num_records: rows, text_model: textModel } = result.metadata;
  if (options.json) {
    const { profile } = result;
    const written = { file: path.resolve(output), format, rows, seed: options.seed, text_model: textModel, profile };
    terminal.out(jsonText("dataset", written));
  } else terminal.out(output);
  if (textModel === OFFLINE_TEXT_LABEL) {
    terminal.complain(`no model is configured: the ${textModel} wrote the model columns`);
  }
  if (rows === options.rows) return "ok";
  terminal.complain(`${rows} of ${options.rows} rows came out; the others were dropped`);
  return "failure";
}

/** Said before hours of work: a column without its format, or a format without its column. */
function readForm({ format, column, output }: Options): ExportForm {
  if (format === "text" && column === undefined) {
    throw new CliError("usage", "-f text writes one column: name it with --column");
  }
  if (format === "text" && column !== undefined) return { format, column };
  if (column !== undefined) throw new CliError("usage", "--column goes with -f text");
  return { format: format === undefined || format === "text" ? formatOf(output) : format };
}

/** Throws CliError `usage` naming the columns there are. */
function checkColumn(column: string, design: Design, seedRows: Table | undefined): void {
  const { output } = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  if (output.includes(column)) return;
  throw new CliError("usage", `the dataset has no column "${column}"; columns are ${output.join(", ")}`);
}

function formatOf(output: string | undefined): ExportFormat {
  const ending = path.extname(output ?? "").slice(1);
  return EXPORT_FORMATS.find((format) => format === ending) ?? "jsonl";
}

function explain(error: unknown, folder: string): unknown {
  if (!(error instanceof ServiceError)) return error;
  if (error.code === "conflict") {
    return new CliError("usage", `${error.message} (--resume, or remove ${folder})`, { cause: error });
  }
  return error.code === "storage_failed" || error.code === "model_failed"
    ? new CliError("failure", `${error.message}; what is finished is in ${folder}, --resume goes on`, { cause: error })
    : error;
}
