import { z } from "zod";

import { named } from "../openapi/names.ts";

/** Any JSON object. */
export const JsonObject = z.record(z.string(), z.unknown());

/** Any 128 bits in the notation of a UUID: clients also make up ids whose version and variant mean nothing. */
export const Uuid = z.guid({ error: "must be a UUID" });
export const ThreadId = Uuid.meta({
  description: "Id of the thread.",
  examples: ["3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10"],
});
/** Of a thread that exists: front ends of the thread-centric protocol make ids up that are no UUIDs. */
export const AnyThreadId = z
  .string()
  .min(1)
  .max(255)
  .refine((id) => !id.includes("\0"), "must not hold a NUL")
  .meta({
    description: "Id of the thread: a UUID, or what a client of the thread-centric protocol made up.",
    examples: ["3f2b8a54-6d0e-4c8f-9d43-0a5c1b7e2f10"],
  });
export const RunId = Uuid.meta({
  description: "Id of the run.",
  examples: ["b7c1d6f2-90ab-4c3e-8f21-5d9e4a6c7b38"],
});
export const AssistantIdOrGraph = z
  .string()
  .min(1)
  .max(255)
  .meta({
    description: "Id of an assistant (a UUID), or of a graph for the assistant that comes with it.",
    examples: ["gpu_ops"],
  });
export const AssistantId = Uuid.meta({
  description: "Id of the assistant.",
  examples: ["b0d5c1f4-4a8e-5e7b-9a61-2f3c4d5e6a7b"],
});
/** As answers write it. */
export const CheckpointId = z
  .string()
  .meta({ description: "Id of the checkpoint.", examples: ["1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80"] });
export const Count = z
  .number()
  .int()
  .meta({ description: "How many there are.", examples: [3] });
/** ISO 8601, in UTC. */
export const Timestamp = z.string().meta({ format: "date-time", examples: ["2026-11-20T09:30:00.000Z"] });

/** `true`, `1`, `false` or `0` in a query string; a bare coercion would read "0" as true. */
export const QueryFlag = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0", ""])], { error: "must be true, false, 1 or 0" })
  .transform((value) => value === true || value === "true" || value === "1")
  .meta({ openapi: { type: "boolean" } });

const LIMIT = "Size of a page; 10 when left out.";
const OFFSET = "How many to pass over; 0 when left out.";

export const BodyPage = {
  limit: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .nullish()
    .meta({ description: LIMIT, examples: [10] }),
  offset: z
    .number()
    .int()
    .min(0)
    .nullish()
    .meta({ description: OFFSET, examples: [0] }),
};
export const QueryPage = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: LIMIT, examples: [10] }),
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: OFFSET, examples: [0] }),
};

export const SortOrder = z.enum(["asc", "desc"]);

/** Metadata as filters take it. */
export const MetadataFilter = JsonObject.nullish().describe("Only what has all of these keys with these values.");
/** Which fields of each hit are answered. */
export const SelectFields = z.array(z.string()).nullish().describe("Fields to answer; all of them when left out.");

export const CheckpointRef = named(
  "CheckpointRef",
  z
    .looseObject({
      thread_id: z.string().nullish().describe("Thread of the checkpoint."),
      checkpoint_ns: z.string().nullish().describe("Namespace of a subgraph; empty for the graph itself."),
      checkpoint_id: z.string().nullish().describe("Which checkpoint; the newest when left out."),
      checkpoint_map: z
        .record(z.string(), z.string())
        .nullish()
        .describe("Checkpoints of the graphs around a subgraph, by namespace."),
    })
    .meta({
      description: "Names a checkpoint, as states and histories answer it.",
      examples: [{ checkpoint_id: "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80" }],
    }),
);
export type CheckpointRef = z.infer<typeof CheckpointRef>;

/** The runnable config of a request. Unknown keys are kept out of the run rather than passed on blindly. */
export const ConfigBody = named(
  "RunnableConfig",
  z
    .looseObject({
      tags: z.array(z.string()).nullish().describe("Labels that events of the run carry."),
      recursion_limit: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .nullish()
        .describe("How many steps the graph may take; the run fails at the next one."),
      max_concurrency: z.number().int().min(1).nullish().describe("How many tasks of a step run at once."),
      run_name: z.string().nullish().describe("Name of the run in events and traces."),
      metadata: JsonObject.nullish().describe("Goes into the metadata of the run and of its checkpoints."),
      configurable: JsonObject.nullish().describe("What the graph reads as its configuration."),
    })
    .meta({ description: "How a graph is run.", examples: [{ recursion_limit: 50, configurable: {} }] }),
);
export type ConfigBody = z.infer<typeof ConfigBody>;

/** The one error body of the service; `detail` is what upstream clients show. */
export const ErrorBody = named(
  "Error",
  z
    .object({
      type: z.string().describe("Names the kind of problem: `urn:nemops:error:` and the code."),
      title: z.string().describe("The kind of problem in words."),
      status: z.number().int().describe("The HTTP status again."),
      detail: z.string().describe("What was wrong, with which value, and what would be right."),
      code: z.string().describe("The kind of problem, for programs."),
      request_id: z.string().describe("Also in the header `x-request-id` and in the log of the server."),
      errors: z
        .array(
          z.object({
            field: z.string().describe("Dotted path to the field."),
            message: z.string().describe("What is wrong with it."),
          }),
        )
        .optional()
        .describe("One row for each field that is wrong."),
    })
    .describe("A failure, as problem details (RFC 9457) with a code."),
);
export type ErrorBody = z.infer<typeof ErrorBody>;
