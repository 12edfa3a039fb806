import { z } from "zod";

import { named } from "../openapi/names.ts";
import { eventStream } from "../openapi/route-docs.ts";
import { RUN_STATUSES } from "../runs/run-status.ts";
import {
  AnyThreadId,
  AssistantId,
  AssistantIdOrGraph,
  CheckpointRef,
  ConfigBody,
  JsonObject,
  QueryFlag,
  QueryPage,
  RunId,
  Timestamp,
} from "./common.ts";
import { RunCommand } from "./run-command.ts";

export const STREAM_MODES = [
  "values",
  "messages",
  "messages-tuple",
  "updates",
  "events",
  "debug",
  "tasks",
  "checkpoints",
  "custom",
  "tools",
] as const;
export const StreamMode = named(
  "StreamMode",
  z
    .enum(STREAM_MODES)
    .describe(
      "`values`: the state after each step. `updates`: what each node changed. `messages-tuple`: tokens of models, each with " +
        "its metadata; arrives as `messages`. `messages`: whole messages so far. `tasks`, `checkpoints`, `debug`: how the run " +
        "goes on. `custom`: what nodes write. `tools`: calls of tools. `events`: everything that LangChain tells.",
    ),
);
export type StreamMode = z.infer<typeof StreamMode>;

export const MultitaskStrategy = named(
  "MultitaskStrategy",
  z
    .enum(["reject", "interrupt", "rollback", "enqueue"])
    .describe(
      "When the thread is busy: refuse the new run, stop the present one, stop it and take back what it did, or wait for it.",
    ),
);
export type MultitaskStrategy = z.infer<typeof MultitaskStrategy>;

/** Without the map LangGraph would pass over the checkpoint and go on from the newest. */
function isReachable(reference: CheckpointRef | null | undefined): boolean {
  const { checkpoint_ns: ns, checkpoint_id: id, checkpoint_map: map } = reference ?? {};
  return !ns || id == null || map?.[""] !== undefined;
}

const NodeList = z.union([z.literal("*"), z.array(z.string())], { error: 'must be "*" or a list of node names' });
const COMPLETION =
  "What becomes of the thread of a run without one: `delete` (also `complete`), or `keep` (also `continue`).";

/** Fields that both SDK lines send for a new run. Fields we do not know are accepted and logged, never acted upon. */
export const RunCreate = named(
  "RunRequest",
  z
    .looseObject({
      assistant_id: AssistantIdOrGraph,
      input: z.unknown().optional().describe("Input of the graph; null goes on from the checkpoint."),
      command: RunCommand.nullish().describe(
        "In place of an input: resume an interrupt, update the state or go to a node.",
      ),
      config: ConfigBody.nullish(),
      context: JsonObject.nullish().describe("Static context of the run, which nodes read."),
      metadata: JsonObject.nullish().describe("Kept with the run."),
      stream_mode: z
        .union([StreamMode, z.array(StreamMode)], {
          error: `must be one of ${STREAM_MODES.join(", ")}, or a list of them`,
        })
        .nullish()
        .describe("What is streamed; `values` when left out."),
      stream_subgraphs: z.boolean().nullish().describe("Whether events of subgraphs are streamed, too."),
      stream_resumable: z.boolean().nullish().describe("Whether the events are kept for readers that come back later."),
      interrupt_before: NodeList.nullish().describe("Nodes to stop before."),
      interrupt_after: NodeList.nullish().describe("Nodes to stop after."),
      multitask_strategy: MultitaskStrategy.nullish(),
      if_not_exists: z
        .enum(["reject", "create"])
        .nullish()
        .describe("When there is no such thread; `reject` when left out."),
      on_completion: z.enum(["delete", "keep", "complete", "continue"]).nullish().describe(COMPLETION),
      on_disconnect: z
        .enum(["cancel", "continue"])
        .nullish()
        .describe("What becomes of the run when its reader leaves; it goes on when left out."),
      after_seconds: z.number().min(0).max(31_536_000).nullish().describe("How long to wait before the run starts."),
      durability: z
        .enum(["sync", "async", "exit"])
        .nullish()
        .describe("When checkpoints are written: before the next step, during it, or at the end only."),
      checkpoint_during: z
        .boolean()
        .nullish()
        .meta({ description: "The older spelling of `durability`: false means `exit`.", deprecated: true }),
      checkpoint: CheckpointRef.nullish()
        .refine(isReachable, {
          error:
            "must have its checkpoint_map: a subgraph's checkpoint is reached through those of the graphs around it",
        })
        .describe("Checkpoint to start from, which forks the thread."),
      checkpoint_id: z.string().nullish().describe("The same by its id alone."),
      webhook: z.string().max(65_536).nullish().describe("URL that is told how the run ended."),
      feedback_keys: z
        .union([z.string(), z.array(z.string())])
        .nullish()
        .describe("Refused unless empty: feedback needs LangSmith, which this server does not use."),
      langsmith_tracer: JsonObject.nullish().describe("Refused: traces to LangSmith, which this server does not use."),
      strict_resume: z
        .boolean()
        .nullish()
        .describe("Whether answers to interrupts that are not there are refused, in place of being passed over."),
    })
    .meta({
      description: "A run to be started. Fields that are not known are accepted and passed over.",
      examples: [
        {
          assistant_id: "gpu_ops",
          input: { messages: [{ role: "user", content: "Is any GPU in trouble?" }] },
          stream_mode: ["updates", "messages-tuple"],
        },
      ],
    }),
);
export type RunCreate = z.infer<typeof RunCreate>;

const CAMEL_KEYS = new Map(
  Object.keys(RunCreate.shape).map((key) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    key,
  ]),
);

/** `runs.createBatch` of the SDKs sends some keys in camel case; both spellings mean the same. */
export const RunBatch = z
  .array(
    z.preprocess((item) => {
      if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
      return Object.fromEntries(Object.entries(item).map(([key, value]) => [CAMEL_KEYS.get(key) ?? key, value]));
    }, RunCreate),
  )
  .min(1)
  .max(1000);

const Select = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .meta({ description: "Fields to answer, repeated or joined by commas.", examples: ["run_id,status"] });

export const RunListQuery = z.object({
  ...QueryPage,
  status: z.enum(RUN_STATUSES).optional().describe("Only runs of this status."),
  select: Select,
});

export const JoinStreamQuery = z.object({
  cancel_on_disconnect: QueryFlag.optional().describe("Whether the run is stopped when this reader leaves."),
  stream_mode: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({ description: "Only events of these modes, repeated or joined by commas.", examples: ["updates"] }),
  last_event_id: z
    .string()
    .optional()
    .describe(
      "In place of a Last-Event-ID header that is not there: an EventSource cannot send one of its own at first.",
    ),
});

export const CancelQuery = z.object({
  wait: QueryFlag.optional().describe("Whether the answer waits until the run has stopped."),
  action: z
    .enum(["interrupt", "rollback"])
    .optional()
    .describe("`rollback` also deletes the run and its checkpoints; `interrupt` when left out."),
});

/** Which runs to stop: some of a thread, or all of a status. */
export const CancelMany = named(
  "CancelRunsRequest",
  z
    .looseObject({
      thread_id: AnyThreadId.nullish(),
      run_ids: z.array(RunId).max(1_000).nullish().describe("Runs of that thread."),
      status: z
        .enum(["pending", "running", "all"])
        .nullish()
        .meta({ description: "In place of the two above: all runs of this status, on whatever thread.", examples: [] }),
    })
    .refine((body) => (body.status != null) !== (body.run_ids != null || body.thread_id != null), {
      error: 'must have "thread_id" with "run_ids", or "status"',
      path: ["status"],
    })
    .refine((body) => body.status != null || (body.thread_id != null && body.run_ids != null), {
      error: '"thread_id" and "run_ids" go together',
      path: ["run_ids"],
    })
    .meta({
      description: "Either `thread_id` with `run_ids`, or `status`.",
      examples: [
        {
          thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10",
          run_ids: ["b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38"],
        },
        { status: "pending" },
      ],
    }),
);

export const RunBody = named(
  "Run",
  z
    .object({
      run_id: RunId,
      thread_id: AnyThreadId,
      assistant_id: AssistantId,
      created_at: Timestamp,
      updated_at: Timestamp,
      status: z
        .enum(RUN_STATUSES)
        .describe("`interrupted` for a run that stopped at an interrupt, and for one that was cancelled."),
      metadata: JsonObject,
      kwargs: JsonObject.describe("What the run was asked to do."),
      multitask_strategy: MultitaskStrategy,
    })
    .meta({
      description: "One execution of a graph.",
      examples: [
        {
          run_id: "b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38",
          thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10",
          assistant_id: "b0d5c1f4-4a8e-5e7b-9a61-2f3c4d5e6a7b",
          created_at: "2026-11-20T09:30:00.000Z",
          updated_at: "2026-11-20T09:30:02.500Z",
          status: "success",
          metadata: {},
          kwargs: { input: { messages: [{ role: "user", content: "Is any GPU in trouble?" }] } },
          multitask_strategy: "enqueue",
        },
      ],
    }),
);
export type RunBody = z.infer<typeof RunBody>;
export const SelectedRun = named(
  "SelectedRun",
  RunBody.partial().describe("A run, or those of its fields that were asked for."),
);

/** What `wait` and `join` answer. */
export const FinalState = named(
  "FinalState",
  z.unknown().meta({
    description:
      "The values of the graph when the run ended, with `__interrupt__` where it stopped to ask; `{__error__: {error, message}}` " +
      "for a run that failed. It may begin with line breaks, which keep the connection while the run takes its time.",
    examples: [{ messages: [{ type: "ai", content: "GPU 3 of gpu-node-001 has fallen off the bus." }] }],
  }),
);

/** What streams of a run answer. */
export const runStream = eventStream(
  "Events of the run: `metadata` first, then one for each thing that the stream modes ask for, named by its mode and, for " +
    "subgraphs, the namespace after a bar; `error` when it fails, `end` last. Comments keep a silent connection.",
  [
    'id: 0\nevent: metadata\ndata: {"run_id":"b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38","attempt":1}\n\n',
    'id: 1\nevent: updates\ndata: {"reason":{"messages":[{"type":"ai","content":"GPU 3 has fallen off the bus."}]}}\n\n',
    "event: end\ndata: null\n\n",
  ].join(""),
);
