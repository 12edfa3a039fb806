import type { MultitaskStrategy } from "../schemas/run.ts";
import type { RunKwargs } from "../runs/run-kwargs.ts";
import type { RunStatus } from "../runs/run-status.ts";
import type { RunRow } from "./schema.ts";

export type StopRequest = "cancel" | "rollback";

export interface Run {
  readonly runId: string;
  readonly threadId: string;
  readonly assistantId: string;
  readonly status: RunStatus;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly kwargs: RunKwargs;
  readonly multitaskStrategy: MultitaskStrategy;
  /** How often execution was started; 0 before the first time. */
  readonly attempt: number;
  readonly isTemporary: boolean;
  readonly startAtMs: number;
  /** Somebody asked to stop the run, and its process may have died before it did. */
  readonly stopRequested: StopRequest | null;
  /** The process that executes the run or is about to; null while it waits for one. */
  readonly owner: string | null;
  /** The process that follows the run without executing it; `*` for several. */
  readonly followedBy: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export function toRow(run: Run): Omit<RunRow, "seq"> {
  return {
    run_id: run.runId,
    thread_id: run.threadId,
    assistant_id: run.assistantId,
    status: run.status,
    metadata: JSON.stringify(run.metadata),
    kwargs: JSON.stringify(run.kwargs),
    multitask_strategy: run.multitaskStrategy,
    attempt: run.attempt,
    is_temporary: run.isTemporary ? 1 : 0,
    start_at: run.startAtMs,
    stop_requested: run.stopRequested,
    owner: run.owner,
    followed_by: run.followedBy,
    created_at: run.createdAtMs,
    updated_at: run.updatedAtMs,
  };
}

export function fromRow(row: RunRow): Run {
  return {
    runId: row.run_id,
    threadId: row.thread_id,
    assistantId: row.assistant_id,
    // Only the run store writes these columns.
    status: row.status as RunStatus,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    kwargs: JSON.parse(row.kwargs) as RunKwargs,
    multitaskStrategy: row.multitask_strategy as MultitaskStrategy,
    attempt: row.attempt,
    isTemporary: row.is_temporary === 1,
    startAtMs: row.start_at,
    stopRequested: row.stop_requested as StopRequest | null,
    owner: row.owner,
    followedBy: row.followed_by,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}
