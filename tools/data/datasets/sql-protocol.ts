import type { JsonValue } from "../../../engine/data/table.ts";

/** What goes over the channel to the process that runs SQL, and back. Both ends are ours, so it is not parsed again. */
export interface SqlStatement {
  readonly sql: string;
  /** For `$1`, `$2` and so on. */
  readonly values?: readonly (string | number | boolean)[];
}

export interface SqlRequest {
  /** Parquet files of one schema, in the order of the rows; nothing else can be read. */
  readonly files: readonly string[];
  readonly statements: readonly SqlStatement[];
  /** Whether the statements come from a user: only a single reading one is taken then. */
  readonly isUntrusted: boolean;
  /** At most so many rows, and about so many bytes as JSON, of each statement. */
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** What DuckDB may take; long texts are not counted, so its process ends at two and a half times as much. */
  readonly memoryMiB: number;
  /** Name of the DuckDB package. */
  readonly module: string;
}

export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, JsonValue>>[];
  /** More rows were there. */
  readonly isTruncated: boolean;
}

export type SqlProblem =
  /** DuckDB is not installed. */
  | { readonly kind: "missing"; readonly message: string }
  /** Position is the 0-based place in the text, where DuckDB tells one. */
  | { readonly kind: "invalid"; readonly message: string; readonly position?: number }
  | { readonly kind: "forbidden" | "memory" | "timeout" | "failed"; readonly message: string };

export type SqlReply =
  | { readonly results: readonly SqlResult[]; readonly problem?: undefined }
  | { readonly results?: undefined; readonly problem: SqlProblem };
