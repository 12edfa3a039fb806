import type { JsonValue } from "../../../engine/data/table.ts";
import { compileCells } from "../../../engine/data/table-rows.ts";
import type { DatasetFiles } from "./dataset-files.ts";
import type { RowCache } from "./row-cache.ts";
import { type DatasetColumn, type RowQuery, compileFilter, compileSort } from "./row-query.ts";
import type { SqlClient } from "./sql-client.ts";
import type { SqlStatement } from "./sql-protocol.ts";

export type DataRow = Readonly<Record<string, JsonValue>>;

export interface RowPage {
  readonly rows: readonly DataRow[];
  readonly offset: number;
  readonly limit: number;
  /** Rows of the dataset, or of what the filter leaves of it. */
  readonly total: number;
}

/** About the bytes of a page as JSON; more than any table shows. */
const MAX_PAGE_BYTES = 32 * 1_048_576;

/** A page in the order of the dataset, from the few row groups it touches. Undefined when a file has other types. */
export async function readPlainPage(
  { files, version, rowCount: total }: DatasetFiles,
  { offset, limit }: RowQuery,
  cache: RowCache,
): Promise<RowPage | undefined> {
  const end = Math.min(offset + limit, total);
  const rows: DataRow[] = [];
  for (const part of files) {
    const from = Math.max(offset - part.firstRow, 0);
    const to = Math.min(end - part.firstRow, part.rowCount);
    if (from >= to) continue;
    const table = await cache.table(part, version);
    if (table === undefined) return undefined;
    const cells = Array.from(table.columns, ([name, column]) => ({ name, read: compileCells(column) }));
    for (let row = from; row < to; row += 1) {
      rows.push(Object.fromEntries(cells.map(({ name, read }) => [name, read(row)])));
    }
  }
  return { rows, offset, limit, total };
}

export interface QueriedPageOptions {
  readonly files: DatasetFiles;
  readonly columns: readonly DatasetColumn[];
  readonly query: RowQuery;
  readonly sql: SqlClient;
  readonly signal?: AbortSignal;
}

/** A page that is sorted or filtered. Rows that compare equal keep the order of the dataset, so that pages never overlap. */
export async function readQueriedPage(options: QueriedPageOptions): Promise<RowPage> {
  const { files, columns, query, sql, signal } = options;
  const { offset, limit } = query;
  const names = files.files.map(({ file }) => file);
  const source = `read_parquet([${names.map((file) => `'${file.replaceAll("'", "''")}'`).join(",")}])`;
  const filter = compileFilter(query.filter, columns);
  const order = compileSort(query.sort, columns);
  const page: SqlStatement = {
    sql: order === "" ? filteredSql(source, filter.sql, query) : sortedSql(source, filter.sql, order, query),
    values: filter.values,
  };
  const count: SqlStatement = {
    sql: `SELECT count(*) AS total FROM ${source} WHERE ${filter.sql}`,
    values: filter.values,
  };
  const statements = query.filter === undefined || query.filter.length === 0 ? [page] : [page, count];
  const call = { files: names, statements, isUntrusted: false, maxRows: limit, maxBytes: MAX_PAGE_BYTES };
  const [found, counted] = await sql.run(call, signal);
  const total = counted === undefined ? files.rowCount : Number(counted.rows[0]?.["total"] ?? 0);
  return { rows: (found?.rows ?? []).map((row) => parseJsonCells(row, columns)), offset, limit, total };
}

function filteredSql(source: string, where: string, { offset, limit }: RowQuery): string {
  return `SELECT * FROM ${source} WHERE ${where} LIMIT ${limit} OFFSET ${offset}`;
}

/** Sorts the places of the rows and fetches the few of the page then: half the time of sorting whole rows. */
function sortedSql(source: string, where: string, order: string, { offset, limit }: RowQuery): string {
  return `
    WITH page AS MATERIALIZED (
      SELECT file_index AS page_file, file_row_number AS page_row FROM ${source} WHERE ${where}
      ORDER BY ${order}, file_index, file_row_number LIMIT ${limit} OFFSET ${offset}
    )
    SELECT rows.* FROM ${source} AS rows
    SEMI JOIN page ON rows.file_index = page_file AND rows.file_row_number = page_row
    ORDER BY ${order}, rows.file_index, rows.file_row_number`;
}

/** Objects and lists are text in Parquet. */
function parseJsonCells(row: DataRow, columns: readonly DatasetColumn[]): DataRow {
  const names = columns.filter(({ type }) => type === "json").map(({ name }) => name);
  if (names.length === 0) return row;
  return { ...row, ...Object.fromEntries(names.map((name) => [name, parseCell(row[name] ?? null)])) };
}

function parseCell(value: JsonValue): JsonValue {
  // Written by `JSON.stringify`, so what comes back is a JSON value.
  return typeof value === "string" ? (JSON.parse(value) as JsonValue) : value;
}
