import { z } from "zod";

import { RUN_STATUSES } from "../runs/run-status.ts";
import {
  AssistantIdOrGraph,
  CheckpointRef,
  ConfigBody,
  JsonObject,
  QueryFlag,
  QueryPage,
  RunId,
  ThreadId,
} from "./common.ts";

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
export const StreamMode = z.enum(STREAM_MODES);
export type StreamMode = z.infer<typeof StreamMode>;

export const MultitaskStrategy = z.enum(["reject", "interrupt", "rollback", "enqueue"]);
export type MultitaskStrategy = z.infer<typeof MultitaskStrategy>;

/** A node to go to, with its own input. RemoteGraph writes the input as `args`. */
const SendBody = z.looseObject({ node: z.string(), input: z.unknown().optional(), args: z.unknown().optional() });
const Goto = z.union([z.string(), SendBody], { error: "must be a node name or {node, input}" });

export const RunCommand = z.looseObject({
  resume: z.unknown().optional(),
  update: z
    .union([JsonObject, z.array(z.tuple([z.string(), z.unknown()]))], {
      error: "must be an object or a list of [key, value] pairs",
    })
    .nullish(),
  goto: z.union([Goto, z.array(Goto)], { error: "must be a node name, {node, input} or a list of them" }).nullish(),
});
export type RunCommand = z.infer<typeof RunCommand>;

const NodeList = z.union([z.literal("*"), z.array(z.string())], { error: 'must be "*" or a list of node names' });

/** Fields that both SDK lines send for a new run. Fields we do not know are accepted and logged, never acted upon. */
export const RunCreate = z.looseObject({
  assistant_id: AssistantIdOrGraph,
  input: z.unknown().optional().describe("Input of the graph; null goes on from the checkpoint"),
  command: RunCommand.nullish().describe("Resume an interrupt, update the state or go to a node"),
  config: ConfigBody.nullish(),
  context: JsonObject.nullish().describe("Static context of the run"),
  metadata: JsonObject.nullish(),
  stream_mode: z
    .union([StreamMode, z.array(StreamMode)], { error: `must be one of ${STREAM_MODES.join(", ")}, or a list of them` })
    .nullish(),
  stream_subgraphs: z.boolean().nullish(),
  stream_resumable: z.boolean().nullish(),
  interrupt_before: NodeList.nullish(),
  interrupt_after: NodeList.nullish(),
  multitask_strategy: MultitaskStrategy.nullish(),
  if_not_exists: z.enum(["reject", "create"]).nullish(),
  on_completion: z.enum(["delete", "keep", "complete", "continue"]).nullish(),
  on_disconnect: z.enum(["cancel", "continue"]).nullish(),
  after_seconds: z.number().min(0).max(31_536_000).nullish(),
  durability: z.enum(["sync", "async", "exit"]).nullish(),
  checkpoint_during: z.boolean().nullish(),
  checkpoint: CheckpointRef.nullish(),
  checkpoint_id: z.string().nullish(),
  webhook: z.string().max(65_536).nullish(),
  feedback_keys: z.union([z.string(), z.array(z.string())]).nullish(),
  langsmith_tracer: JsonObject.nullish(),
  strict_resume: z.boolean().nullish(),
});
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

export const RunListQuery = z.object({
  ...QueryPage,
  status: z.enum(RUN_STATUSES).optional(),
  select: z.union([z.string(), z.array(z.string())]).optional(),
});

export const JoinStreamQuery = z.object({
  cancel_on_disconnect: QueryFlag.optional(),
  stream_mode: z.union([z.string(), z.array(z.string())]).optional(),
});

export const CancelQuery = z.object({
  wait: QueryFlag.optional(),
  action: z.enum(["interrupt", "rollback"]).optional(),
});

/** Which runs to stop: some of a thread, or all of a status. */
export const CancelMany = z
  .looseObject({
    thread_id: ThreadId.nullish(),
    run_ids: z.array(RunId).max(1_000).nullish(),
    status: z.enum(["pending", "running", "all"]).nullish(),
  })
  .refine((body) => (body.status != null) !== (body.run_ids != null || body.thread_id != null), {
    error: 'must have "thread_id" with "run_ids", or "status"',
    path: ["status"],
  })
  .refine((body) => body.status != null || (body.thread_id != null && body.run_ids != null), {
    error: '"thread_id" and "run_ids" go together',
    path: ["run_ids"],
  });

export const RunBody = z.object({
  run_id: z.string(),
  thread_id: z.string(),
  assistant_id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  status: z.enum(RUN_STATUSES),
  metadata: JsonObject,
  kwargs: JsonObject,
  multitask_strategy: MultitaskStrategy,
});
export type RunBody = z.infer<typeof RunBody>;
