import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";

import { errorMessage } from "../../../lib/errors.ts";
import type { SqlProblem, SqlReply, SqlRequest, SqlResult, SqlStatement } from "./sql-protocol.ts";
import { createCellConverter } from "./sql-values.ts";

type DuckDb = typeof import("@duckdb/node-api");

const THREADS = 2;
const SETTINGS = {
  threads: String(THREADS),
  temp_directory: "",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
};

/** A statement that begins otherwise is refused by name; DuckDB rewrites some, like PRAGMA, to SELECT. */
const READING_WORDS = ["SELECT", "WITH", "FROM", "VALUES", "TABLE", "DESCRIBE", "DESC", "SUMMARIZE", "SHOW", "("];

/**
 * Runs statements over Parquet files, which the views `dataset` and `data` show. Every request has a database of its
 * own, in memory, that can open these files and nothing else. Never throws.
 */
export async function runSql(request: SqlRequest): Promise<SqlReply> {
  let duckdb: DuckDb;
  try {
    // The name is one of the request only so that its absence can be tested; the package is what its name says.
    duckdb = (await import(request.module)) as DuckDb;
  } catch (error) {
    return { problem: { kind: "missing", message: errorMessage(error) } };
  }
  const instance = await duckdb.DuckDBInstance.create(":memory:", {
    ...SETTINGS,
    memory_limit: `${request.memoryMiB}MiB`,
  });
  try {
    const connection = await instance.connect();
    const timer = setTimeout(() => connection.interrupt(), request.timeoutMs);
    try {
      await openFiles(connection, request.files);
      const results: SqlResult[] = [];
      for (const statement of request.statements) results.push(await runOne(duckdb, connection, statement, request));
      return { results };
    } finally {
      clearTimeout(timer);
      connection.closeSync();
    }
  } catch (error) {
    return { problem: error instanceof Refusal ? error.problem : toProblem(error) };
  } finally {
    instance.closeSync();
  }
}

class Refusal extends Error {
  readonly problem: SqlProblem;

  constructor(problem: SqlProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** The views come first: once access is off and the settings are locked, nothing can open another file. */
async function openFiles(connection: DuckDBConnection, files: readonly string[]): Promise<void> {
  const list = `[${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(",")}]`;
  await connection.run(`SET allowed_paths=${list}`);
  for (const view of ["dataset", "data"]) {
    await connection.run(`CREATE VIEW ${view} AS SELECT * FROM read_parquet(${list})`);
  }
  await connection.run("SET errors_as_json=true");
  await connection.run("SET enable_external_access=false");
  await connection.run("SET lock_configuration=true");
}

async function runOne(
  duckdb: DuckDb,
  connection: DuckDBConnection,
  { sql, values }: SqlStatement,
  { isUntrusted, maxRows, maxBytes }: SqlRequest,
): Promise<SqlResult> {
  const statement = await prepare(duckdb, connection, sql, isUntrusted);
  try {
    if (values !== undefined && values.length > 0) statement.bind([...values]);
    const result = await statement.stream();
    const names = result.deduplicatedColumnNames();
    const types = result.columnTypes();
    const convert = createCellConverter(duckdb);
    const columns = names.map((name, at) => ({ name, type: String(types[at]) }));
    const rows: SqlResult["rows"][number][] = [];
    let bytes = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      for (const cells of chunk.convertRows(convert)) {
        if (rows.length >= maxRows) return { columns, rows, isTruncated: true };
        const row = Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null]));
        bytes += JSON.stringify(row).length;
        if (bytes > maxBytes) return { columns, rows, isTruncated: true };
        rows.push(row);
      }
    }
    return { columns, rows, isTruncated: false };
  } finally {
    statement.destroySync();
  }
}

async function prepare(
  duckdb: DuckDb,
  connection: DuckDBConnection,
  sql: string,
  isUntrusted: boolean,
): Promise<DuckDBPreparedStatement> {
  if (!isUntrusted) return connection.prepare(sql);
  const word = firstWord(sql);
  if (word === "") throw new Refusal({ kind: "invalid", message: "there is no statement" });
  // Parsing has no effects, and a misspelt word is better named by the parser.
  const statements = await connection.extractStatements(sql);
  if (!READING_WORDS.includes(word)) throw notReading(word);
  if (statements.count !== 1) {
    throw new Refusal({ kind: "invalid", message: `${statements.count} statements: exactly one is run` });
  }
  const statement = await statements.prepare(0);
  if (statement.statementType !== duckdb.StatementType.SELECT) {
    statement.destroySync();
    throw notReading(word);
  }
  return statement;
}

/** The first word in upper case, after comments and space; empty when there is none. */
function firstWord(sql: string): string {
  const rest = sql.replace(/^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, "");
  return /^(?:[a-z_]+|\()/i.exec(rest)?.[0].toUpperCase() ?? "";
}

function notReading(word: string): Refusal {
  return new Refusal({
    kind: "forbidden",
    message: `${word} is not run: use SELECT, WITH, FROM, DESCRIBE or SUMMARIZE`,
  });
}

interface DuckDbError {
  readonly exception_type?: unknown;
  readonly exception_message?: unknown;
  readonly position?: unknown;
}

function toProblem(error: unknown): SqlProblem {
  const text = errorMessage(error);
  const parsed = parseError(text);
  const message = typeof parsed.exception_message === "string" ? parsed.exception_message : text;
  const type = typeof parsed.exception_type === "string" ? parsed.exception_type : "";
  if (type === "INTERRUPT" || /\bInterrupted!/.test(text)) return { kind: "timeout", message };
  if (type === "Out of Memory" || /out of memory|failed to allocate/i.test(text)) return { kind: "memory", message };
  if (type === "Permission" || /file system operations are disabled/.test(text)) return { kind: "forbidden", message };
  if (type === "IO" || type === "FATAL" || type === "INTERNAL") return { kind: "failed", message };
  const position = typeof parsed.position === "string" ? Number(parsed.position) : Number.NaN;
  return { kind: "invalid", message, ...(Number.isInteger(position) ? { position } : {}) };
}

/** With `errors_as_json` the message is an object, in some cases behind a few words. */
function parseError(text: string): DuckDbError {
  const start = text.indexOf("{");
  if (start === -1) return {};
  try {
    const value: unknown = JSON.parse(text.slice(start));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
