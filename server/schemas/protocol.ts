import { isSupportedChannel } from "@langchain/langgraph/stream";
import { z } from "zod";

import { named } from "../openapi/names.ts";
import { eventStream } from "../openapi/route-docs.ts";
import { ConfigBody, JsonObject } from "./common.ts";
import { RunCommand } from "./run-command.ts";
import { MultitaskStrategy, RunCreate } from "./run.ts";

const Channel = z.string().max(256).refine(isSupportedChannel, {
  error:
    "must be values, updates, messages, tools, lifecycle, input, checkpoints, tasks, custom or custom:<name of the event>",
});
const Namespace = z.array(z.string().max(1_024)).max(64);

const filter = {
  channels: z
    .array(Channel)
    .min(1)
    .max(64)
    .describe(
      "What to follow: values, updates, messages, tools, lifecycle, input, checkpoints, tasks, custom or custom:<name>.",
    ),
  namespaces: z.array(Namespace).max(1_000).nullish().describe("Prefixes; a segment without its id matches every id."),
  depth: z.number().int().min(0).nullish().describe("How many levels below a prefix; all of them when left out."),
};

/** Which events a reader wants, and after which one it goes on. */
export const EventStreamRequest = named(
  "EventStreamRequest",
  z
    .strictObject({
      ...filter,
      since: z
        .number()
        .int()
        .min(0)
        .nullish()
        .describe("The `seq` of the last event that the reader has; wins over `Last-Event-ID`."),
    })
    .meta({
      description: "Which events of the thread to follow, and after which one.",
      examples: [{ channels: ["values", "messages", "lifecycle"], namespaces: [[]], depth: 1 }],
    }),
);
export type EventStreamRequest = z.infer<typeof EventStreamRequest>;

/** An id of the caller's choice, a method and what the method takes. */
export const CommandBody = named(
  "ProtocolCommand",
  z
    .looseObject({
      id: z.number().int().min(0).describe("A number of your own; it is repeated in the answer."),
      method: z
        .string()
        .min(1)
        .max(128)
        .describe(
          "`run.start`, `input.respond`, `input.inject`, `state.get`, `state.listCheckpoints`, `state.fork` or `agent.getTree`; " +
            "`subscription.*` on a socket.",
        ),
      params: JsonObject.nullish().describe("What the method takes."),
    })
    .meta({
      description: "A command of the thread-centric protocol.",
      examples: [
        {
          id: 1,
          method: "run.start",
          params: {
            assistant_id: "gpu_ops",
            input: { messages: [{ role: "user", content: "Is any GPU in trouble?" }] },
          },
        },
      ],
    }),
);
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

export const CommandAnswer = named(
  "ProtocolAnswer",
  z
    .union([
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
    ])
    .meta({
      description: "What became of a command. The status is 200 whatever it is.",
      examples: [
        {
          type: "success",
          id: 1,
          result: { run_id: "b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38" },
          meta: { thread_id: "3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10", applied_through_seq: 0 },
        },
      ],
    }),
);
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
  before: z.string().nullish().describe("Id of a checkpoint; older ones follow."),
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

export const THREAD_STREAM_MODES = ["run_modes", "lifecycle", "state_update"] as const;
export const ThreadStreamMode = z.enum(THREAD_STREAM_MODES);
export const ThreadStreamQuery = z.object({
  stream_mode: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({
      description: `Which events: ${THREAD_STREAM_MODES.join(", ")}, repeated or joined by commas; run_modes when left out.`,
      examples: ["run_modes"],
    }),
});

/** What the event streams of the protocol answer. */
export const protocolStream = eventStream(
  "Events of the thread across its runs, each an object `{type, event_id, seq, method, params}` named by its channel. Comments keep a silent connection.",
  'id: 1\nevent: lifecycle\ndata: {"type":"event","seq":1,"method":"lifecycle","params":{"namespace":[],"data":{"event":"running"}}}\n\n',
);
export const threadStream = eventStream(
  "Events of all runs of the thread, named as in the stream of a run.",
  'id: 1\nevent: metadata\ndata: {"run_id":"b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38","attempt":1}\n\n',
);
