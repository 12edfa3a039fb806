import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { createDatasetService } from "../dataset-service.ts";
import type { ExitName } from "../exit-codes.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly status?: string;
  readonly limit: number;
}

/** Jobs with their datasets, newest first. */
export async function run(context: CommandContext, { status, limit, json }: Options): Promise<ExitName> {
  const { terminal } = context;
  const filter = { limit, ...(status === undefined ? {} : { status }) };
  const answer = await withConnection(context, (connection) =>
    createDatasetService(connection, context.signal).list(filter),
  );
  if (json) {
    terminal.out(jsonText("dataset_list", answer));
    return "ok";
  }
  if (answer.datasets.length === 0) {
    terminal.out("no datasets");
    return "ok";
  }
  terminal.out(
    table(
      answer.datasets,
      [
        { title: "id", value: ({ id }) => id },
        { title: "status", value: (dataset) => dataset.status },
        { title: "rows", value: ({ rows }) => rows?.toLocaleString("en-US"), align: "right" },
        { title: "of", value: ({ target }) => target?.toLocaleString("en-US"), align: "right" },
        { title: "created", value: (dataset) => dataset.created_at },
        { title: "name", value: ({ name }) => name },
      ],
      terminal.columns,
    ),
  );
  const left = answer.total - answer.datasets.length;
  if (left > 0) terminal.note(`${left} more: raise --limit`);
  return "ok";
}
