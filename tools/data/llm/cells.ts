import type { CellColumn, CellRecord } from "../../../engine/data/steps/model-cells.ts";
import type { JsonValue } from "../../../engine/data/table.ts";
import type { Random } from "../../../lib/random.ts";
import type { ChatEndpoint } from "./chat-endpoint.ts";

export type { CellColumn, CellRecord };

export interface ModelLane {
  readonly model: string;
  readonly ask: ChatEndpoint;
  /** Most requests at once; 429s lower it for a while. */
  readonly maxParallel: number;
  readonly timeoutMs: number;
  /** Fields of one request; distributions are drawn here. */
  readonly parameters: (random: Random) => Readonly<Record<string, unknown>>;
}

export type CellFailureKind =
  /** No usable answer within the allowed corrections and restarts. */
  | "unusable_answer"
  /** The endpoint refuses the request (4xx). */
  | "refused"
  | "rate_limited"
  | "timeout"
  | "server"
  | "connection"
  /** The prompt could not be rendered. */
  | "template"
  /** A column that this one needs has failed in this row. */
  | "upstream"
  /** The run stopped early because most cells failed. */
  | "stopped"
  /** The run stopped because an endpoint was given up. */
  | "unreachable"
  | "cancelled";

export interface CellFailure {
  /** The first row of the run plus its place, 0-based. */
  readonly row: number;
  readonly column: string;
  readonly kind: CellFailureKind;
  readonly message: string;
  /** Requests sent for the cell. */
  readonly requests: number;
}

export interface ColumnUsage {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  rateLimited: number;
  /** Requests sent again after a gateway error, a timeout, another 5xx or a torn connection. */
  retries: number;
  corrections: number;
  restarts: number;
  /** Values that were used after a repair. */
  repaired: number;
  toolCalls: number;
}

export interface CellRun {
  readonly outcome: "complete" | "stopped" | "unreachable" | "cancelled";
  /** Why a run that is stopped or unreachable ended. */
  readonly problem?: string;
  /** Column and side column to its cells by row of the run; undefined where the cell failed. */
  readonly values: ReadonlyMap<string, readonly (JsonValue | undefined)[]>;
  /** By column: 1 for the rows whose cell was skipped. */
  readonly skipped: ReadonlyMap<string, Uint8Array>;
  /** Every cell has a value or one row here. Sorted by row, then column. */
  readonly failures: readonly CellFailure[];
  readonly usage: ReadonlyMap<string, Readonly<ColumnUsage>>;
}

export function emptyUsage(): ColumnUsage {
  return {
    requests: 0,
    inputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    rateLimited: 0,
    retries: 0,
    corrections: 0,
    restarts: 0,
    repaired: 0,
    toolCalls: 0,
  };
}
