import { z } from "zod";

import { THREAD_STATUSES } from "../store/threads.ts";
import { BodyPage, CheckpointRef, JsonObject, SortOrder, ThreadId } from "./common.ts";
import { RunCommand } from "./run.ts";

const ThreadStatus = z.enum(THREAD_STATUSES);

const Superstep = z.looseObject({
  updates: z
    .array(
      z.looseObject({
        values: z.unknown().optional(),
        command: RunCommand.nullish(),
        as_node: z.string().nullish(),
      }),
    )
    .min(1),
});

/** Minutes, alone or with what happens when they are over. */
const ThreadTtlBody = z
  .union(
    [
      z.number().positive(),
      z.looseObject({
        ttl: z.number().positive(),
        strategy: z.enum(["delete", "keep_latest"]).nullish(),
      }),
    ],
    { error: 'must be minutes, or {"ttl": minutes, "strategy": "delete" or "keep_latest"}' },
  )
  .nullish();

export const ThreadPrune = z.looseObject({
  thread_ids: z.array(ThreadId).min(1).max(1_000),
  strategy: z.enum(["delete", "keep_latest"]).nullish(),
});

export const ThreadCreate = z.looseObject({
  thread_id: ThreadId.nullish(),
  metadata: JsonObject.nullish(),
  graph_id: z.string().nullish(),
  if_exists: z.enum(["raise", "do_nothing"]).nullish(),
  supersteps: z.array(Superstep).max(10_000).nullish(),
  ttl: ThreadTtlBody,
});

export const ThreadPatch = z.looseObject({ metadata: JsonObject.nullish(), ttl: ThreadTtlBody });

export const ThreadFilterBody = {
  metadata: JsonObject.nullish(),
  values: JsonObject.nullish(),
  status: ThreadStatus.nullish(),
  ids: z.array(ThreadId).max(1000).nullish(),
};

export const ThreadSearch = z.looseObject({
  ...ThreadFilterBody,
  ...BodyPage,
  sort_by: z.enum(["thread_id", "status", "created_at", "updated_at", "state_updated_at"]).nullish(),
  sort_order: SortOrder.nullish(),
  select: z.array(z.string()).nullish(),
  /** Name to a path such as `values.messages[-1].content`; found in `extracted`. */
  extract: z.record(z.string().max(255), z.string().max(1_024)).nullish(),
});

export const ThreadCount = z.looseObject(ThreadFilterBody);

export const ThreadBody = z.looseObject({
  thread_id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  state_updated_at: z.string(),
  metadata: JsonObject,
  status: ThreadStatus,
  config: JsonObject,
  values: z.unknown(),
  interrupts: JsonObject,
  error: z.unknown(),
});
export type ThreadBody = z.infer<typeof ThreadBody>;

const StateValues = z
  .union([JsonObject, z.array(JsonObject)], { error: "must be an object or a list of objects" })
  .nullish();

export const StateUpdate = z.looseObject({
  values: StateValues,
  as_node: z.string().nullish(),
  checkpoint_id: z.string().nullish(),
  checkpoint: CheckpointRef.nullish(),
});

/** Fields of a state, or `values.<key>`; in a query also joined by commas or repeated. */
const SelectList = z.array(z.string()).max(100).nullish();
export const SelectQuery = z.union([z.string(), z.array(z.string()).max(100)]).optional();

export const StatePatch = z.looseObject({ metadata: JsonObject });

export const StateAtCheckpoint = z.looseObject({
  checkpoint: CheckpointRef.nullish(),
  subgraphs: z.boolean().nullish(),
  select: SelectList,
});

/** SDKs send a checkpoint id or a checkpoint; RemoteGraph sends the latter, older ones a config around it. */
const Before = z.union([z.string(), z.looseObject({})], { error: "must be a checkpoint id or a checkpoint" });

export const HistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  before: z.string().optional(),
  select: SelectQuery,
});

export const HistoryBody = z.looseObject({
  limit: z.number().int().min(1).max(1000).nullish(),
  before: Before.nullish(),
  metadata: JsonObject.nullish(),
  checkpoint: CheckpointRef.nullish(),
  select: SelectList,
});

/** A checkpoint as the wire names it. */
export const CheckpointBody = z.looseObject({
  thread_id: z.string(),
  checkpoint_ns: z.string(),
  checkpoint_id: z.string().nullable(),
  checkpoint_map: z.unknown(),
});
export type CheckpointBody = z.infer<typeof CheckpointBody>;

export const TaskBody = z.looseObject({
  id: z.string(),
  name: z.string(),
  error: z.string().nullable(),
  interrupts: z.array(z.unknown()),
  path: z.unknown(),
  checkpoint: CheckpointBody.nullable(),
  /** The state of the subgraph the task runs, when it was asked for. */
  state: z.unknown(),
  result: z.unknown(),
});
export type TaskBody = z.infer<typeof TaskBody>;

export const ThreadStateBody = z.looseObject({
  values: z.unknown(),
  next: z.array(z.string()),
  tasks: z.array(TaskBody),
  checkpoint: CheckpointBody.nullable(),
  parent_checkpoint: CheckpointBody.nullable(),
  metadata: z.unknown(),
  created_at: z.string().nullable(),
  checkpoint_id: z.string().nullable(),
  parent_checkpoint_id: z.string().nullable(),
});
export type ThreadStateBody = z.infer<typeof ThreadStateBody>;
