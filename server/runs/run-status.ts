/**
 * The life of a run. The table is complete: a transition it does not list is a defect, and `nextStatus` throws on it.
 *
 * | event       | what happened                                                                                     |
 * | ----------- | ------------------------------------------------------------------------------------------------- |
 * | `start`     | a worker took it                                                                                  |
 * | `succeed`   | its graph came to its end                                                                         |
 * | `interrupt` | its graph waits for an answer                                                                     |
 * | `fail`      | its graph threw                                                                                   |
 * | `cancel`    | somebody stopped it                                                                               |
 * | `expire`    | it took longer than a run may                                                                     |
 * | `postpone`  | its server stopped in good order, or died: it waits again and goes on from its last checkpoint    |
 * | `abandon`   | it cannot be executed: its graph is not served any more, or its server died too often executing it |
 *
 * `interrupted` is both a run that stopped at an interrupt of its graph and one that was cancelled; its thread tells
 * the two apart (`interrupted` or `idle`).
 */
export const RUN_TRANSITIONS = {
  pending: { start: "running", cancel: "interrupted", abandon: "error" },
  running: {
    succeed: "success",
    fail: "error",
    interrupt: "interrupted",
    cancel: "interrupted",
    expire: "timeout",
    postpone: "pending",
  },
  success: {},
  error: {},
  interrupted: {},
  timeout: {},
} as const;

export type RunStatus = keyof typeof RUN_TRANSITIONS;
export type RunEvent = { [Status in RunStatus]: keyof (typeof RUN_TRANSITIONS)[Status] }[RunStatus];

// The keys of the table are exactly the statuses.
export const RUN_STATUSES = Object.keys(RUN_TRANSITIONS) as [RunStatus, ...RunStatus[]];
export const UNFINISHED_STATUSES: readonly RunStatus[] = RUN_STATUSES.filter((status) => !isFinished(status));

export function isFinished(status: RunStatus): boolean {
  return Object.keys(RUN_TRANSITIONS[status]).length === 0;
}

/** The status after `event`. Throws when the table has no such transition: that is a defect of the caller. */
export function nextStatus(status: RunStatus, event: RunEvent): RunStatus {
  const transitions: Partial<Record<RunEvent, RunStatus>> = RUN_TRANSITIONS[status];
  const next = transitions[event];
  if (next === undefined) throw new Error(`a run that is ${status} cannot ${event}`);
  return next;
}
