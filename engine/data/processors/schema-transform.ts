import { errorMessage } from "../../../lib/errors.ts";
import type { Processor } from "../design/parts.ts";
import { columnFromValues, tableRows } from "../table-rows.ts";
import type { ColumnData, JsonValue, Table } from "../table.ts";
import { compileTemplate } from "../template/template.ts";

type SchemaTransform = Extract<Processor, { processor_type: "schema_transform" }>;
/** `onFailure` is told of each text that could not be rendered. */
type Render = (record: Readonly<Record<string, JsonValue>>, onFailure: (message: string) => void) => JsonValue;

export interface TransformedTable {
  readonly table: Table;
  /** Texts that are missing; `row` counts within the table. At most one for each row of a column. */
  readonly failures: readonly { readonly row: number; readonly column: string; readonly message: string }[];
}

/**
 * Makes the second dataset of a schema transform: each key of the template is a column, the texts within are rendered
 * over the finished row. A text that fails on a row, or renders to nothing, is missing there. Throws `invalid_input`
 * when a text is no template.
 */
export function compileSchemaTransform({ template }: SchemaTransform): (table: Table) => TransformedTable {
  const columns = Object.entries(template).map(([key, value]) => ({
    key,
    render: compileValue(value),
    isText: typeof value === "string",
  }));
  return (table) => {
    const records = tableRows(table);
    const failures: TransformedTable["failures"][number][] = [];
    const made = columns.map(({ key, render, isText }): [string, ColumnData] => {
      const values = records.map((record, row) => {
        let problem: string | undefined;
        const value = render(record, (message) => void (problem ??= message));
        if (problem !== undefined) failures.push({ row, column: key, message: problem });
        return value;
      });
      // The type follows from the template, not from the rows: all row groups must agree.
      return [key, isText ? columnFromValues(values) : { type: "json", values }];
    });
    return { table: { rowCount: table.rowCount, columns: new Map(made) }, failures };
  };
}

function compileValue(value: JsonValue): Render {
  if (typeof value === "string") return compileText(value);
  if (typeof value !== "object" || value === null) return () => value;
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => compileValue(item));
    return (record, onFailure) => items.map((render) => render(record, onFailure));
  }
  const members = Object.entries(value).map(([key, item]) => [key, compileValue(item)] as const);
  return (record, onFailure) => Object.fromEntries(members.map(([key, render]) => [key, render(record, onFailure)]));
}

function compileText(source: string): Render {
  const compiled = compileTemplate(source);
  return (record, onFailure) => {
    try {
      return compiled.render(record);
    } catch (error) {
      onFailure(errorMessage(error));
      // One row that cannot be rendered leaves a gap in this second dataset; the main dataset has the row.
      return null;
    }
  };
}
