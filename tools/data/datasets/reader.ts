import { readFile } from "node:fs/promises";
import path from "node:path";

import type { ColumnData } from "../../../engine/data/table.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import type { ExportFormat } from "../dataset-job/export-formats.ts";
import type { DataDesigner } from "../designer/designer.ts";
import { type DatasetFiles, findDatasetFiles } from "./dataset-files.ts";
import { readColumnTypes } from "./column-types.ts";
import { type ExportedFile, createExportFiles } from "./export-files.ts";
import { type RowPage, readPlainPage, readQueriedPage } from "./pages.ts";
import { createRowCache } from "./row-cache.ts";
import type { DatasetColumn, RowQuery } from "./row-query.ts";
import { createSqlClient } from "./sql-client.ts";
import type { SqlResult } from "./sql-protocol.ts";

export const MAX_SQL_ROWS = 10_000;
/** About the bytes of an answer as JSON. */
const MAX_SQL_BYTES = 8 * 1_048_576;
const MAX_SCHEMAS = 64;

export interface SqlAnswer extends SqlResult {
  readonly elapsedMs: number;
}

/**
 * Reads the datasets of jobs, finished or half-finished. A dataset's id is its job's. Every method throws `not_found`
 * for an unknown id and for a dataset without rows. SQL, sorting and filtering need DuckDB and throw `not_supported`
 * where it is not installed; plain pages do not.
 */
export interface DatasetReader {
  schema(id: string, signal?: AbortSignal): Promise<readonly DatasetColumn[]>;
  /** Throws `invalid_input` for columns that are not there and values that do not fit. */
  rows(id: string, query: RowQuery, signal?: AbortSignal): Promise<RowPage>;
  /** `DatasetProfilerResults`; it is written when the job has ended well, and `not_found` before. */
  profile(id: string, signal?: AbortSignal): Promise<unknown>;
  /**
   * One reading statement over the table `dataset` (also `data`), which can see nothing else. At most `limit` rows (up to
   * `MAX_SQL_ROWS`) and 8 MiB come back. Throws `invalid_input`, `forbidden`, `timed_out` and `rate_limited`.
   */
  sql(id: string, text: string, options: { readonly limit: number; readonly signal?: AbortSignal }): Promise<SqlAnswer>;
  /** Throws `not_supported` for files of another engine, `rate_limited` and `storage_failed`. */
  exportFile(id: string, format: ExportFormat, signal?: AbortSignal): Promise<ExportedFile>;
  close(): Promise<void>;
}

export interface DatasetReaderOptions {
  readonly designer: Pick<DataDesigner, "datasetFolder">;
  readonly sqlTimeoutMs: number;
  readonly clock: Clock;
  /** The DuckDB package; another name in tests of its absence. */
  readonly sqlModule?: string;
}

export function createDatasetReader(options: DatasetReaderOptions): DatasetReader {
  const { designer, sqlTimeoutMs, clock, sqlModule } = options;
  const cache = createRowCache();
  const exports = createExportFiles();
  const sql = createSqlClient({
    timeoutMs: sqlTimeoutMs,
    clock,
    ...(sqlModule === undefined ? {} : { module: sqlModule }),
  });
  const schemas = new Map<string, readonly DatasetColumn[]>();

  const open = async (id: string, signal?: AbortSignal): Promise<DatasetFiles> =>
    findDatasetFiles(await designer.datasetFolder(id, signal));

  const columnsOf = async (files: DatasetFiles, signal?: AbortSignal): Promise<readonly DatasetColumn[]> => {
    const key = `${files.folder}\u0000${files.version}`;
    const known = schemas.get(key);
    if (known !== undefined) return known;
    const [first] = files.files;
    const table = first === undefined ? undefined : await cache.table(first, files.version);
    const columnTypes = await readColumnTypes(files.folder);
    const shape =
      table === undefined
        ? await describe(files, signal)
        : Array.from(table.columns, ([name, column]) => ({ name, type: typeOf(column) }));
    const columns = shape.map(({ name, type }) => ({ name, type, columnType: columnTypes.get(name) ?? null }));
    if (schemas.size >= MAX_SCHEMAS) schemas.delete(schemas.keys().next().value ?? "");
    schemas.set(key, columns);
    return columns;
  };

  /** Files of another writer: DuckDB knows their types. */
  const describe = async (
    files: DatasetFiles,
    signal?: AbortSignal,
  ): Promise<readonly Pick<DatasetColumn, "name" | "type">[]> => {
    const call = { files: filesOf(files), isUntrusted: false, maxRows: 1, maxBytes: MAX_SQL_BYTES };
    const [result] = await sql.run({ ...call, statements: [{ sql: "SELECT * FROM dataset LIMIT 0" }] }, signal);
    return (result?.columns ?? []).map(({ name, type }) => ({ name, type: typeOfSql(type) }));
  };

  return {
    schema: async (id, signal) => columnsOf(await open(id, signal), signal),
    async rows(id, query, signal) {
      const files = await open(id, signal);
      const isPlain = !query.sort && (query.filter === undefined || query.filter.length === 0);
      const plain = isPlain ? await readPlainPage(files, query, cache) : undefined;
      if (plain !== undefined) return plain;
      const columns = await columnsOf(files, signal);
      return readQueriedPage({ files, columns, query, sql, ...(signal === undefined ? {} : { signal }) });
    },
    async profile(id, signal) {
      const file = path.join(await designer.datasetFolder(id, signal), "analysis.json");
      const text = await readFile(file, "utf8").catch((): undefined => undefined);
      if (text === undefined)
        throw new ServiceError("not_found", `dataset ${id} has no profile: its job has not ended well`);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new ServiceError("unreadable_input", `${file} cannot be read: ${errorMessage(error)}`, { cause: error });
      }
    },
    async sql(id, text, { limit, signal }) {
      const files = await open(id, signal);
      const startedAt = clock.now();
      const call = { files: filesOf(files), isUntrusted: true, maxRows: limit, maxBytes: MAX_SQL_BYTES };
      const [result] = await sql.run({ ...call, statements: [{ sql: text }] }, signal);
      if (result === undefined) throw new Error("one statement has one result");
      return { ...result, elapsedMs: clock.now() - startedAt };
    },
    async exportFile(id, format, signal) {
      const files = await open(id, signal);
      const [first] = files.files;
      if (first === undefined || (await cache.table(first, files.version)) === undefined) {
        const why = "its files were not made by the built-in engine";
        throw new ServiceError(
          "not_supported",
          `dataset ${id} has no ${format} export: ${why}; download the job's result`,
        );
      }
      return exports.exportFile(files.folder, format);
    },
    close: () => sql.close(),
  };
}

function filesOf({ files }: DatasetFiles): readonly string[] {
  return files.map(({ file }) => file);
}

function typeOf({ type }: ColumnData): DatasetColumn["type"] {
  return type === "text" || type === "category" || type === "time" ? "string" : type;
}

function typeOfSql(type: string): DatasetColumn["type"] {
  if (/^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$/.test(type)) return "int";
  if (/^(?:DOUBLE|FLOAT|DECIMAL)/.test(type)) return "float";
  if (type === "BOOLEAN") return "bool";
  return type === "VARCHAR" ? "string" : "other";
}
