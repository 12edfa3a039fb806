import { isSupportedChannel } from "@langchain/langgraph/stream";
import { z } from "zod";

import { ConfigBody, JsonObject } from "./common.ts";
import { MultitaskStrategy, RunCommand, RunCreate } from "./run.ts";

/** Front ends make thread ids up themselves, and the protocol does not ask for a UUID. */
export const ProtocolThreadId = z.string().min(1).max(255).describe("Thread id, also one that does not exist yet");

const Channel = z.string().max(256).refine(isSupportedChannel, {
  error:
    "must be values, updates, messages, tools, lifecycle, input, checkpoints, tasks, custom or custom:<name of the event>",
});
const Namespace = z.array(z.string().max(1_024)).max(64);

const filter = {
  channels: z.array(Channel).min(1).max(64),
  namespaces: z.array(Namespace).max(1_000).nullish().describe("Prefixes; a segment without its id matches every id"),
  depth: z.number().int().min(0).nullish().describe("How many levels below a prefix"),
};

/** Which events a reader wants, and after which one it goes on. */
export const EventStreamRequest = z.strictObject({ ...filter, since: z.number().int().min(0).nullish() });
export type EventStreamRequest = z.infer<typeof EventStreamRequest>;

/** An id of the caller's choice, a method and what the method takes. */
export const CommandBody = z.looseObject({
  id: z.number().int().min(0).describe("Repeated in the answer"),
  method: z.string().min(1).max(128),
  params: JsonObject.nullish(),
});
export type CommandBody = z.infer<typeof CommandBody>;

export const PROTOCOL_ERRORS = [
  "invalid_argument",
  "unknown_command",
  "unknown_error",
  "no_such_run",
  "no_such_subscription",
  "no_such_namespace",
  "no_such_interrupt",
  "no_such_checkpoint",
  "permission_denied",
  "not_supported",
] as const;
export type ProtocolErrorCode = (typeof PROTOCOL_ERRORS)[number];

export const CommandAnswer = z.union([
  z.object({
    type: z.literal("success"),
    id: z.number().int(),
    result: JsonObject,
    meta: z.object({ thread_id: z.string(), applied_through_seq: z.number().int() }),
  }),
  z.object({
    type: z.literal("error"),
    id: z.number().int().nullable(),
    error: z.enum(PROTOCOL_ERRORS),
    message: z.string(),
  }),
]);
export type CommandAnswer = z.infer<typeof CommandAnswer>;

/** A new run takes what the routes of runs take, and the strategy in both spellings that clients send. */
export const RunStartParams = RunCreate.extend({ multitaskStrategy: MultitaskStrategy.nullish() });

const Answer = z.looseObject({
  namespace: Namespace.nullish(),
  interrupt_id: z.string().min(1).max(256),
  response: z.unknown().optional(),
});
const withAnswer = {
  update: RunCommand.shape.update,
  goto: RunCommand.shape.goto,
  config: ConfigBody.nullish(),
  metadata: JsonObject.nullish(),
  strict_resume: z.boolean().nullish(),
};
export const InputRespondParams = z.union(
  [Answer.extend(withAnswer), z.looseObject({ responses: z.array(Answer).min(1).max(1_000), ...withAnswer })],
  { error: "must have interrupt_id and response, or a list of them as responses" },
);

export const InputInjectParams = z.looseObject({
  namespace: Namespace.nullish(),
  message: z.looseObject({ role: z.enum(["user", "system"]), content: z.string(), name: z.string().nullish() }),
});

export const StateGetParams = z.looseObject({ namespace: Namespace.nullish(), keys: z.array(z.string()).nullish() });
export const ListCheckpointsParams = z.looseObject({
  namespace: Namespace.nullish(),
  limit: z.number().int().min(1).max(1_000).nullish(),
  before: z.string().nullish().describe("Id of a checkpoint; older ones follow"),
});
export const StateForkParams = z.looseObject({
  checkpoint_id: z.string().min(1),
  input: z.unknown().optional(),
  config: ConfigBody.nullish(),
});
export const GetTreeParams = z.looseObject({ run_id: z.string().nullish() });

export const SubscribeParams = z.looseObject(filter);
export const UnsubscribeParams = z.looseObject({ subscription_id: z.string() });
export const ReconnectParams = z.looseObject({
  run_id: z.string().nullish(),
  last_event_id: z.string().nullish(),
  subscriptions: z.array(z.string()).max(100).nullish(),
});
