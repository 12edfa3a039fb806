import type { Command } from "commander";

import { oneOf, wholeNumber } from "../arguments.ts";
import type { Action } from "../program.ts";

const DESIGN_FILE = "JSON or YAML file, or what `dataset design --json` printed";

export function addDatasetCommands(program: Command, action: Action): void {
  const dataset = program.command("dataset").helpCommand(false).description("synthetic datasets from a design");
  dataset
    .command("design")
    .description("turn a brief in plain words into a design file; asks no model")
    .argument("<brief...>", 'for example "500 fake medical invoices with amount between 50 and 5000"')
    .option("-o, --output <file>", "write it there (.yaml or .json) instead of to stdout")
    .action(action(() => import("../commands/dataset-design.ts")));
  dataset
    .command("validate")
    .description("say everything that is wrong with a design; exit 1 on an error")
    .argument("<design>", DESIGN_FILE)
    .action(action(() => import("../commands/dataset-validate.ts")));
  dataset
    .command("preview")
    .description("show the first rows of a dataset")
    .argument("<design>", DESIGN_FILE)
    .option("-n, --rows <count>", "rows", wholeNumber(1, 1_000), 10)
    .option("--seed <seed>", "other rows for another seed", "0")
    .action(action(() => import("../commands/dataset-preview.ts")));
  dataset
    .command("create")
    .description("generate a dataset and print the file that was written")
    .argument("<design>", DESIGN_FILE)
    .requiredOption("-n, --rows <count>", "rows", wholeNumber(1, 100_000_000))
    .option(
      "-f, --format <format>",
      "jsonl, csv, parquet, or text for one column (else by the ending of -o)",
      oneOf("jsonl", "csv", "parquet", "text"),
    )
    .option("--column <name>", "with -f text: the column whose values are the lines, such as a log")
    .option("-o, --output <file>", "<name of the design>.<format> when left out")
    .option("--seed <seed>", "other rows for another seed", "0")
    .option("--row-group-size <rows>", "rows made and kept at once", wholeNumber(1, 1_000_000))
    .option("--workers <count>", "threads; as many as processors when left out", wholeNumber(1, 64))
    .option("--resume", "go on after an interrupted run of the same command", false)
    .option("--artifacts <folder>", "keep the row groups, metadata and profile there")
    .action(action(() => import("../commands/dataset-create.ts")));
  dataset
    .command("jobs")
    .description("datasets that were made by jobs, newest first")
    .option("--status <status>", "created, pending, active, completed, error or cancelled")
    .option("--limit <count>", "most jobs", wholeNumber(1, 1_000), 20)
    .action(action(() => import("../commands/dataset-jobs.ts")));
  dataset
    .command("watch")
    .description("follow a job to its end; exit 1 when it failed")
    .argument("<id>", "job-…")
    .action(action(() => import("../commands/dataset-watch.ts")));
  dataset
    .command("show")
    .description("a job, its columns and its first rows")
    .argument("<id>", "job-…")
    .option("-n, --rows <count>", "rows to show", wholeNumber(0, 1_000), 5)
    .action(action(() => import("../commands/dataset-show.ts")));
  dataset
    .command("sql")
    .description("one read-only query over the table `dataset`")
    .argument("<id>", "job-…")
    .argument("<query>", 'for example "select status, count(*) from dataset group by 1"')
    .option("--limit <count>", "most rows", wholeNumber(1, 10_000), 1_000)
    .action(action(() => import("../commands/dataset-sql.ts")));
  dataset
    .command("download")
    .description("fetch a finished dataset as one file and print its path")
    .argument("<id>", "job-…")
    .option("-f, --format <format>", "jsonl, csv or parquet", oneOf("jsonl", "csv", "parquet"), "parquet")
    .option("-o, --output <folder>", "folder to write into", ".")
    .action(action(() => import("../commands/dataset-download.ts")));
}
