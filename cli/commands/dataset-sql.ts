import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { createDatasetService } from "../dataset-service.ts";
import type { ExitName } from "../exit-codes.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly limit: number;
}

/** One read-only query over the table `dataset`. */
export async function run(context: CommandContext, id: string, query: string, options: Options): Promise<ExitName> {
  const { terminal } = context;
  const result = await withConnection(context, (connection) =>
    createDatasetService(connection, context.signal).sql(id, query, options.limit),
  );
  if (options.json) {
    terminal.out(jsonText("dataset_query", result));
    return "ok";
  }
  const columns = result.columns.map(({ name }) => ({
    title: name,
    value: (row: Readonly<Record<string, unknown>>) => cell(row[name]),
  }));
  terminal.out(table(result.rows, columns, terminal.isOutTty ? terminal.columns : Number.MAX_SAFE_INTEGER));
  if (result.truncated) terminal.complain(`cut after ${result.row_count} rows: raise --limit or aggregate`);
  return "ok";
}

function cell(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
