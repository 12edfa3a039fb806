import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { createDatasetService } from "../dataset-service.ts";
import type { ExitName } from "../exit-codes.ts";
import { rowsText } from "../rows-text.ts";
import { table } from "../table.ts";
import { jsonText, printable } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly rows: number;
}

/** What a job is, the columns of its dataset and the first rows, as far as they are there. */
export async function run(context: CommandContext, id: string, options: Options): Promise<ExitName> {
  const { terminal } = context;
  return withConnection<ExitName>(context, async (connection) => {
    const service = createDatasetService(connection, context.signal);
    const dataset = await service.get(id);
    const hasRows = (dataset.rows ?? 0) > 0 || dataset.status === "completed";
    const schema = hasRows ? await service.schema(id) : undefined;
    const page = hasRows && options.rows > 0 ? await service.rows(id, options.rows) : undefined;
    if (options.json) {
      const parts = { ...dataset, columns: schema?.columns ?? null, first_rows: page?.rows ?? null };
      terminal.out(jsonText("dataset_status", parts));
      return "ok";
    }
    const { name, status, rows, target, seed, text_model: textModel, created_at: createdAt } = dataset;
    const facts: readonly (readonly [string, string | number | null | undefined])[] = [
      ["id", dataset.id],
      ["name", name],
      ["status", status],
      ["rows", `${rows ?? 0} of ${target ?? "?"}`],
      ["seed", seed],
      ["text", textModel],
      ["created", createdAt],
    ];
    for (const [title, value] of facts) {
      if (value !== null && value !== undefined) terminal.out(`${title.padEnd(8)} ${printable(String(value))}`);
    }
    if (dataset.error) terminal.out(`error    ${printable(errorText(dataset.error))}`);
    if (schema !== undefined) {
      const columns = [
        { title: "column", value: (column: (typeof schema.columns)[number]) => column.name },
        { title: "type", value: (column: (typeof schema.columns)[number]) => column.type },
        { title: "made by", value: (column: (typeof schema.columns)[number]) => column.column_type },
      ];
      terminal.out(`\n${table(schema.columns, columns, terminal.columns)}`);
    }
    if (page !== undefined && schema !== undefined) {
      const names = schema.columns.map((column) => column.name);
      terminal.out(`\n${rowsText(page.rows, names, terminal)}`);
    }
    return "ok";
  });
}

function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  const message: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "message") : undefined;
  return typeof message === "string" ? message : JSON.stringify(error);
}
