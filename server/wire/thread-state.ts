import type { StateSnapshot } from "@langchain/langgraph";

import type { TaskBody, ThreadStateBody } from "../schemas/thread-state.ts";
import { toWireCheckpoint } from "./checkpoint-ref.ts";
import { serializeError } from "./serialize.ts";

/** State of a thread that no graph has written to. */
export const EMPTY_STATE: ThreadStateBody = {
  values: {},
  next: [],
  tasks: [],
  checkpoint: null,
  parent_checkpoint: null,
  metadata: {},
  created_at: null,
  checkpoint_id: null,
  parent_checkpoint_id: null,
};

/** A snapshot as `ThreadState`; values and results are still to be serialised. */
export function toThreadState(snapshot: StateSnapshot): ThreadStateBody {
  const checkpoint = toWireCheckpoint(snapshot.config);
  const parent = toWireCheckpoint(snapshot.parentConfig);
  return {
    values: snapshot.values ?? {},
    next: snapshot.next,
    tasks: snapshot.tasks.map(toTask),
    checkpoint,
    parent_checkpoint: parent,
    metadata: snapshot.metadata ?? {},
    created_at: snapshot.createdAt ?? null,
    checkpoint_id: checkpoint?.checkpoint_id ?? null,
    parent_checkpoint_id: parent?.checkpoint_id ?? null,
  };
}

/** Checkpoints keep an error as the record of its name and message. */
function taskError(error: unknown): string {
  const isRecord = typeof error === "object" && error !== null && "message" in error;
  return isRecord && typeof error.message === "string" ? error.message : serializeError(error).message;
}

function toTask(task: StateSnapshot["tasks"][number]): TaskBody {
  const { state } = task;
  const isSnapshot = state !== undefined && "values" in state && "next" in state;
  return {
    id: task.id,
    name: task.name,
    error: task.error == null ? null : taskError(task.error),
    interrupts: task.interrupts,
    path: task.path ?? [],
    // A task of a subgraph carries either the config of its namespace or, when asked for, its whole state.
    checkpoint: state === undefined || isSnapshot ? null : toWireCheckpoint(state, { needsId: false }),
    state: isSnapshot ? toThreadState(state) : null,
    result: task.result ?? null,
  };
}
