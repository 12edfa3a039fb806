import type { Command } from "commander";

import { oneOf, wholeNumber } from "../arguments.ts";
import type { Action } from "../program.ts";

export function addDatasetCommands(program: Command, action: Action): void {
  const dataset = program.command("dataset").helpCommand(false).description("synthetic datasets from a design");
  dataset
    .command("validate")
    .description("say everything that is wrong with a design; exit 1 on an error")
    .argument("<design>", "JSON or YAML file")
    .action(action(() => import("../commands/dataset-validate.ts")));
  dataset
    .command("preview")
    .description("show the first rows of a dataset")
    .argument("<design>", "JSON or YAML file")
    .option("-n, --rows <count>", "rows", wholeNumber(1, 1_000), 10)
    .option("--seed <seed>", "other rows for another seed", "0")
    .action(action(() => import("../commands/dataset-preview.ts")));
  dataset
    .command("create")
    .description("generate a dataset and print the file that was written")
    .argument("<design>", "JSON or YAML file")
    .requiredOption("-n, --rows <count>", "rows", wholeNumber(1, 100_000_000))
    .option(
      "-f, --format <format>",
      "jsonl, csv or parquet (else by the ending of -o)",
      oneOf("jsonl", "csv", "parquet"),
    )
    .option("-o, --output <file>", "<name of the design>.<format> when left out")
    .option("--seed <seed>", "other rows for another seed", "0")
    .option("--row-group-size <rows>", "rows made and kept at once", wholeNumber(1, 1_000_000), 10_000)
    .option("--workers <count>", "threads; as many as processors when left out", wholeNumber(1, 64))
    .option("--resume", "go on after an interrupted run of the same command", false)
    .option("--artifacts <folder>", "keep the row groups, metadata and profile there")
    .action(action(() => import("../commands/dataset-create.ts")));
}
