import { z } from "zod";

import { named } from "../openapi/names.ts";
import { THREAD_STATUSES } from "../store/threads.ts";
import {
  AnyThreadId,
  BodyPage,
  JsonObject,
  MetadataFilter,
  SelectFields,
  SortOrder,
  ThreadId,
  Timestamp,
} from "./common.ts";
import { RunCommand } from "./run-command.ts";

const ThreadStatus = z
  .enum(THREAD_STATUSES)
  .describe(
    "`busy` while a run is there, `interrupted` while one waits for an answer, `error` when the last one failed.",
  );

const Superstep = z.looseObject({
  updates: z
    .array(
      z.looseObject({
        values: z.unknown().optional().describe("What the node answered."),
        command: RunCommand.nullish(),
        as_node: z.string().nullish().describe("Node that the change counts as the answer of."),
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
        ttl: z.number().positive().describe("Minutes."),
        strategy: z.enum(["delete", "keep_latest"]).nullish().describe("`delete` when left out."),
      }),
    ],
    { error: 'must be minutes, or {"ttl": minutes, "strategy": "delete" or "keep_latest"}' },
  )
  .nullish()
  .describe("Minutes of silence after which the thread, or all of it but its newest state, is deleted.");

export const ThreadPrune = named(
  "PruneThreadsRequest",
  z
    .looseObject({
      thread_ids: z.array(AnyThreadId).min(1).max(1_000),
      strategy: z
        .enum(["delete", "keep_latest"])
        .nullish()
        .describe("Whether the threads go, or all of their history but the newest state; `delete` when left out."),
    })
    .meta({ examples: [{ thread_ids: ["3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10"], strategy: "keep_latest" }] }),
);

export const ThreadPruned = named(
  "PrunedThreads",
  z.object({
    pruned_count: z
      .number()
      .int()
      .meta({ description: "How many of the threads were there.", examples: [1] }),
  }),
);

export const ThreadCreate = named(
  "CreateThreadRequest",
  z
    .looseObject({
      thread_id: ThreadId.nullish().describe("An id of your own; a new one when left out."),
      metadata: JsonObject.nullish().describe("Kept with the thread."),
      graph_id: z.string().nullish().describe("Graph whose states the thread will hold; goes into the metadata."),
      if_exists: z
        .enum(["raise", "do_nothing"])
        .nullish()
        .describe("When the id is taken: refuse, or answer the thread that has it."),
      supersteps: z
        .array(Superstep)
        .max(10_000)
        .nullish()
        .describe("Steps to begin with, as if they had been run; they need a graph."),
      ttl: ThreadTtlBody,
    })
    .meta({ examples: [{ metadata: { topic: "GPU 3" } }] }),
);

export const ThreadPatch = named(
  "PatchThreadRequest",
  z
    .looseObject({
      metadata: JsonObject.nullish().describe("Merged into the present one, key by key."),
      ttl: ThreadTtlBody,
    })
    .meta({ examples: [{ metadata: { topic: "GPU 3, again" }, ttl: 1_440 }] }),
);

export const ThreadFilterBody = {
  metadata: MetadataFilter,
  values: JsonObject.nullish().describe("Only threads whose state has all of these keys with these values."),
  status: ThreadStatus.nullish(),
  ids: z.array(ThreadId).max(1000).nullish().describe("Only these threads."),
};

export const ThreadSearch = named(
  "SearchThreadsRequest",
  z
    .looseObject({
      ...ThreadFilterBody,
      ...BodyPage,
      sort_by: z
        .enum(["thread_id", "status", "created_at", "updated_at", "state_updated_at"])
        .nullish()
        .describe("`updated_at` when left out."),
      sort_order: SortOrder.nullish().describe("`desc` when left out."),
      select: SelectFields,
      extract: z
        .record(z.string().max(255), z.string().max(1_024))
        .nullish()
        .describe("Name to a path such as `values.messages[-1].content`; found in `extracted` of each thread."),
    })
    .meta({ examples: [{ metadata: { graph_id: "gpu_ops" }, status: "idle", limit: 10, offset: 0 }] }),
);

export const ThreadCount = named(
  "CountThreadsRequest",
  z.looseObject(ThreadFilterBody).meta({ examples: [{ status: "busy" }] }),
);

export const ThreadBody = named(
  "Thread",
  z
    .looseObject({
      thread_id: AnyThreadId,
      created_at: Timestamp,
      updated_at: Timestamp,
      state_updated_at: Timestamp.describe("When the values last changed."),
      metadata: JsonObject,
      status: ThreadStatus,
      config: JsonObject.describe("Config of the last run."),
      values: z.unknown().describe("The newest state; null before the first."),
      interrupts: JsonObject.describe("What waits for an answer, by the id of its task."),
      error: z.unknown().describe("Why the last run failed; null when it did not."),
    })
    .meta({
      description: "A conversation: the states of a graph, kept between runs.",
      examples: [
        {
          thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10",
          created_at: "2026-11-20T09:30:00.000Z",
          updated_at: "2026-11-20T09:30:02.500Z",
          state_updated_at: "2026-11-20T09:30:02.500Z",
          metadata: { graph_id: "gpu_ops" },
          status: "idle",
          config: {},
          values: { messages: [{ type: "human", content: "Is any GPU in trouble?" }] },
          interrupts: {},
          error: null,
        },
      ],
    }),
);
export type ThreadBody = z.infer<typeof ThreadBody>;
export const ThreadWithTtl = named(
  "ThreadWithTtl",
  ThreadBody.extend({
    ttl: z
      .object({ ttl: z.number().describe("Minutes."), strategy: z.enum(["delete", "keep_latest"]) })
      .nullish()
      .describe("With `include=ttl`: how long the thread is kept; null for ever."),
  }).describe("A thread, with how long it is kept when that was asked for."),
);
export const SelectedThread = named(
  "SelectedThread",
  ThreadBody.partial()
    .extend({ extracted: JsonObject.optional().describe("What `extract` found, by its names.") })
    .describe("A thread, or those of its fields that were asked for."),
);

export const IncludeQuery = z
  .union([z.string(), z.array(z.string()).max(100)])
  .optional()
  .meta({ description: "What to add: `ttl` for how long the thread is kept.", examples: ["ttl"] });
