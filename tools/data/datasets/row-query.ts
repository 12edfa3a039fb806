import { z } from "zod";

import { listNames, nearestName } from "../../../engine/data/design/nearest.ts";
import { ServiceError } from "../../../lib/errors.ts";

export const MAX_PAGE_ROWS = 1_000;
const MAX_CONDITIONS = 20;
const MAX_LISTED_VALUES = 1_000;
const MAX_SORT_COLUMNS = 5;

const Scalar = z.union([z.string(), z.number(), z.boolean()], { error: "must be text, a number, true or false" });

/** One condition on a column; several must all hold. */
export const RowCondition = z.discriminatedUnion(
  "op",
  [
    z.strictObject({ column: z.string().min(1), op: z.enum(["eq", "ne", "lt", "le", "gt", "ge"]), value: Scalar }),
    z.strictObject({
      column: z.string().min(1),
      op: z.literal("contains").describe("Text that stands anywhere in the cell; upper and lower case are the same."),
      value: z.string().min(1),
    }),
    z.strictObject({
      column: z.string().min(1),
      op: z.literal("in"),
      value: z.array(Scalar).min(1).max(MAX_LISTED_VALUES),
    }),
    z.strictObject({
      column: z.string().min(1),
      op: z.literal("is_null"),
      value: z.boolean().default(true).describe("false asks for cells that hold a value."),
    }),
  ],
  { error: 'must be {"column", "op", "value"} with op one of eq, ne, lt, le, gt, ge, contains, in, is_null' },
);
export type RowCondition = z.infer<typeof RowCondition>;

export const RowFilter = z.array(RowCondition).max(MAX_CONDITIONS);
export type RowFilter = z.infer<typeof RowFilter>;

export interface RowQuery {
  /** 0-based place of the first row of the page. */
  readonly offset: number;
  /** 1 to `MAX_PAGE_ROWS`. */
  readonly limit: number;
  /** Column names separated by commas, `-` before one for descending; missing values come last. */
  readonly sort?: string;
  readonly filter?: RowFilter;
}

export interface DatasetColumn {
  readonly name: string;
  readonly type: "int" | "float" | "bool" | "string" | "json" | "other";
  /** From the design; null for a column that no design lists, like one beside a model's column. */
  readonly columnType: string | null;
}

interface SqlPart {
  readonly sql: string;
  readonly values: readonly (string | number | boolean)[];
}

/** `"a" DESC NULLS LAST, …`, empty without a sort. Throws `invalid_input` naming the columns there are. */
export function compileSort(sort: string | undefined, columns: readonly DatasetColumn[]): string {
  if (sort === undefined || sort.trim() === "") return "";
  const parts = sort.split(",").map((part) => part.trim());
  if (parts.length > MAX_SORT_COLUMNS) {
    throw problem("sort", `${parts.length} columns: at most ${MAX_SORT_COLUMNS} are sorted by`);
  }
  return parts
    .map((part) => {
      const isDescending = part.startsWith("-") && !columns.some(({ name }) => name === part);
      const { name } = findColumn(isDescending ? part.slice(1) : part, "sort", columns);
      return `${quoteName(name)} ${isDescending ? "DESC" : "ASC"} NULLS LAST`;
    })
    .join(", ");
}

const OPERATORS = { eq: "=", ne: "IS DISTINCT FROM", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

/** The condition of a `WHERE`, `TRUE` without a filter, with its values as parameters. Throws `invalid_input`. */
export function compileFilter(filter: RowFilter | undefined, columns: readonly DatasetColumn[]): SqlPart {
  const values: (string | number | boolean)[] = [];
  const bind = (value: string | number | boolean): string => `$${values.push(value)}`;
  const conditions = (filter ?? []).map((condition, at) => {
    const field = `filter[${at}]`;
    const column = findColumn(condition.column, `${field}.column`, columns);
    const name = quoteName(column.name);
    switch (condition.op) {
      case "is_null":
        return `${name} IS ${condition.value ? "" : "NOT "}NULL`;
      case "contains":
        return `contains(lower(CAST(${name} AS VARCHAR)), lower(${bind(condition.value)}))`;
      case "in":
        return `${name} IN (${condition.value.map((value) => bind(checkValue(value, column, field))).join(", ")})`;
      case "eq":
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
        return `${name} ${OPERATORS[condition.op]} ${bind(checkValue(condition.value, column, field))}`;
    }
  });
  return { sql: conditions.length === 0 ? "TRUE" : conditions.join(" AND "), values };
}

const JS_TYPES: Readonly<Record<DatasetColumn["type"], string | undefined>> = {
  int: "number",
  float: "number",
  bool: "boolean",
  string: "string",
  json: undefined,
  other: "string",
};

function checkValue(
  value: string | number | boolean,
  { name, type }: DatasetColumn,
  field: string,
): string | number | boolean {
  const wanted = JS_TYPES[type];
  if (wanted === undefined) {
    throw problem(`${field}.op`, `column "${name}" holds JSON; use contains or is_null, or SQL`);
  }
  if (typeof value === wanted) return value;
  const what = { number: "a number", boolean: "true or false", string: "text" }[wanted] ?? wanted;
  throw problem(`${field}.value`, `column "${name}" is ${type}: compare it with ${what}, not ${JSON.stringify(value)}`);
}

function findColumn(name: string, field: string, columns: readonly DatasetColumn[]): DatasetColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const near = nearestName(name, names);
  const hint = near === undefined ? "" : ` did you mean "${near}"?`;
  throw problem(field, `no column "${name}";${hint} the columns are ${listNames(names)}`);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function problem(field: string, message: string): ServiceError {
  return new ServiceError("invalid_input", `${field}: ${message}`, { problems: [{ field, message }] });
}
