import { z } from "zod";

import { named } from "../openapi/names.ts";
import { CheckpointId, CheckpointRef, JsonObject, Timestamp } from "./common.ts";

const StateValues = z
  .union([JsonObject, z.array(JsonObject)], { error: "must be an object or a list of objects" })
  .nullish()
  .describe("What the node answered; null for nothing, which still makes a checkpoint.");

export const StateUpdate = named(
  "UpdateThreadStateRequest",
  z
    .looseObject({
      values: StateValues,
      as_node: z.string().nullish().describe("Node that the change counts as the answer of; what follows it is next."),
      checkpoint_id: z.string().nullish().describe("Checkpoint to fork from; the newest when left out."),
      checkpoint: CheckpointRef.nullish().describe("The same with its namespace."),
    })
    .meta({ examples: [{ values: { messages: [{ role: "user", content: "Look at GPU 3 only." }] } }] }),
);

const SELECT = "Fields of the state, or `values.<key>`; all of them when left out.";
const SelectList = z.array(z.string()).max(100).nullish().describe(SELECT);
export const SelectQuery = z
  .union([z.string(), z.array(z.string()).max(100)])
  .optional()
  .meta({ description: `${SELECT} Repeated or joined by commas.`, examples: ["values,next"] });
export const StatePatch = named(
  "PatchThreadStateRequest",
  z
    .looseObject({ metadata: JsonObject.describe("Merged into that of the thread, key by key.") })
    .meta({ examples: [{ metadata: { reviewed: true } }] }),
);

export const StateAtCheckpoint = named(
  "ThreadStateRequest",
  z
    .looseObject({
      checkpoint: CheckpointRef.nullish(),
      subgraphs: z.boolean().nullish().describe("Whether tasks of subgraphs carry their whole state."),
      select: SelectList,
    })
    .meta({ examples: [{ checkpoint: { checkpoint_id: "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80" }, subgraphs: true }] }),
);

/** SDKs send a checkpoint id or a checkpoint; RemoteGraph sends the latter, older ones a config around it. */
const BeforeRef = z.looseObject({ checkpoint_id: z.string().nullish() });
const Before = z.union([z.string(), BeforeRef.extend({ configurable: BeforeRef.nullish() })], {
  error: "must be a checkpoint id or a checkpoint",
});
const OLDER = "Only states older than this checkpoint.";

export const HistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).optional().describe("How many; 10 when left out."),
  before: z.string().optional().describe(OLDER),
  select: SelectQuery,
});

export const HistoryBody = named(
  "ThreadHistoryRequest",
  z
    .looseObject({
      limit: z.number().int().min(1).max(1000).nullish().describe("How many; 10 when left out."),
      before: Before.nullish().describe(OLDER),
      metadata: JsonObject.nullish().describe(
        "Only checkpoints whose metadata has all of these keys with these values.",
      ),
      checkpoint: CheckpointRef.nullish().describe("Only this one; with a namespace alone, those of a subgraph."),
      select: SelectList,
    })
    .meta({ examples: [{ limit: 5, metadata: { source: "loop" } }] }),
);

/** A checkpoint as the wire names it. */
export const CheckpointBody = named(
  "Checkpoint",
  z
    .looseObject({
      thread_id: z.string(),
      checkpoint_ns: z.string().describe("Namespace of a subgraph; empty for the graph itself."),
      checkpoint_id: CheckpointId.nullable(),
      checkpoint_map: z.unknown().describe("Checkpoints of the graphs around a subgraph, by namespace."),
    })
    .meta({
      description: "Names a checkpoint.",
      examples: [
        {
          thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10",
          checkpoint_ns: "",
          checkpoint_id: "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80",
          checkpoint_map: null,
        },
      ],
    }),
);
export type CheckpointBody = z.infer<typeof CheckpointBody>;

export const StateUpdated = named("UpdatedThreadState", z.object({ checkpoint: CheckpointBody.nullable() }));

export const TaskBody = named(
  "ThreadTask",
  z
    .looseObject({
      id: z.string(),
      name: z.string().describe("Its node."),
      error: z.string().nullable(),
      interrupts: z.array(z.unknown()).describe("What it asks, each with `id` and `value`."),
      path: z.unknown(),
      checkpoint: CheckpointBody.nullable().describe("Where the subgraph it runs keeps its states."),
      state: z.unknown().describe("The state of that subgraph, when it was asked for."),
      result: z.unknown(),
    })
    .meta({
      description: "A node that is to run next.",
      examples: [
        {
          id: "5b0a2c9e-1f83-5c7d-b6a4-3e2d1c0f9a8b",
          name: "reason",
          error: null,
          interrupts: [],
          path: ["__pregel_pull", "reason"],
          checkpoint: null,
          state: null,
          result: null,
        },
      ],
    }),
);
export type TaskBody = z.infer<typeof TaskBody>;

const StateFields = z.looseObject({
  values: z.unknown().describe("What the graph keeps, by channel."),
  next: z.array(z.string()).describe("Nodes that are to run; empty when the graph has ended."),
  tasks: z.array(TaskBody),
  checkpoint: CheckpointBody.nullable(),
  parent_checkpoint: CheckpointBody.nullable(),
  metadata: z.unknown().describe("How it came about: `source`, `step` and what the run was given."),
  created_at: Timestamp.nullable(),
  checkpoint_id: CheckpointId.nullable().meta({ deprecated: true, description: "The same as in `checkpoint`." }),
  parent_checkpoint_id: CheckpointId.nullable().meta({ deprecated: true, description: "As in `parent_checkpoint`." }),
});
export type ThreadStateBody = z.infer<typeof StateFields>;

/** With `select` an answer has only the fields that it names. */
export const ThreadStateBody = named(
  "ThreadState",
  StateFields.partial().meta({
    description: "The state of a thread at a checkpoint; with `select` only the fields that it names.",
    examples: [
      {
        values: { messages: [{ type: "human", content: "Is any GPU in trouble?" }] },
        next: [],
        tasks: [],
        checkpoint: {
          thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10",
          checkpoint_ns: "",
          checkpoint_id: "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80",
          checkpoint_map: null,
        },
        parent_checkpoint: null,
        metadata: { source: "loop", step: 1 },
        created_at: "2026-11-20T09:30:02.500Z",
        checkpoint_id: "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80",
        parent_checkpoint_id: null,
      },
    ],
  }),
);
