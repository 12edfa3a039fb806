import "@fastify/swagger";
import { z } from "zod";

import type { ErrorCode } from "../../lib/errors.ts";

/** What the document tells of a route besides what Fastify checks. None of it changes an answer. */
declare module "fastify" {
  interface FastifySchema {
    /** Failures of its own; those that its parts bring (a body, a rate, a caller) are known without being listed. */
    readonly errors?: readonly ErrorCode[];
    /** Body of its failures where that is not the one of the service. */
    readonly errorBody?: z.ZodType;
    readonly requestHeaders?: Readonly<Record<string, z.ZodType>>;
    /** Headers of its success. */
    readonly responseHeaders?: Readonly<Record<string, z.ZodType>>;
  }
}

/** A success without a body. */
export const NoContent = z.void().describe("Done. There is no body.");

/** An answer that is not JSON. `schema` is what one part of it is, or of all of it. */
export function answerOf(type: string, schema: z.ZodType, description: string) {
  return { description, content: { [type]: { schema } } };
}

/** An answer of server-sent events. The frames in `example` are what a reader would see. */
export function eventStream(description: string, example: string) {
  return answerOf("text/event-stream", z.string().meta({ examples: [example] }), description);
}

export const lastEventIdHeader = {
  "Last-Event-ID": z
    .string()
    .describe("Id of the last event that the reader has; the stream goes on after it.")
    .meta({ examples: ["12"] }),
};

const Path = z.string();
export const runHeaders = {
  "Content-Location": Path.describe("Path of the run."),
};
export const runStreamHeaders = {
  ...runHeaders,
  Location: Path.describe("Path under which the stream can be joined again, with `Last-Event-ID`."),
};
export const paginationHeaders = {
  "X-Pagination-Total": z.string().regex(/^\d+$/).describe("How many there are in all, on every page."),
  "X-Pagination-Next": z.string().regex(/^\d+$/).optional().describe("`offset` of the next page; absent on the last."),
};

/** An answer in JSON whose making the compiler cannot compare with its schema, because another package makes it. */
export function jsonOf(schema: z.ZodType) {
  return { content: { "application/json": { schema } } };
}
