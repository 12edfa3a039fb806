import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import { z } from "zod";

import { type DesignDraft, MAX_RECORDS } from "../../engine/data/design/draft.ts";
import { sha256Hex } from "../../lib/hash.ts";
import type { PendingApproval } from "../approve.ts";
import type { ToolRequest } from "../execute-tools.ts";
import type { SubmissionResult } from "./results.ts";
import { SUBMISSION_TOOLS } from "./tool-rules.ts";

/** What a model or an operator may say about a job; null and absent mean what the design says. */
export const SubmissionArgs = z.object({
  name: z.string().min(1).max(200).nullish(),
  num_records: z.number().int().min(1).max(MAX_RECORDS).nullish(),
  seed: z.union([z.number().int(), z.string().max(200)]).nullish(),
  formats: z
    .array(z.enum(["jsonl", "csv", "parquet"]))
    .min(1)
    .nullish(),
});
export type SubmissionArgs = z.infer<typeof SubmissionArgs>;

/** What an operator may change on the approval card; its other fields are there to be read, and ignored. */
export const EditedArgs = SubmissionArgs.extend({
  columns: z.array(z.string()).min(1).nullish().describe("Columns to keep; the others are removed"),
});
export type EditedArgs = z.infer<typeof EditedArgs>;

/** The calls of the newest AI message that the submitter has to answer. */
export interface OpenSubmissions {
  readonly message: AIMessage;
  readonly requests: readonly ToolRequest[];
}

export function openSubmissions(messages: readonly BaseMessage[]): OpenSubmissions | undefined {
  const at = messages.findLastIndex((message) => AIMessage.isInstance(message));
  const message = messages[at];
  if (message === undefined || !AIMessage.isInstance(message)) return undefined;
  const later = messages.slice(at + 1);
  const answered = new Set(later.flatMap((one) => (ToolMessage.isInstance(one) ? [one.tool_call_id] : [])));
  const requests = (message.tool_calls ?? [])
    .filter(({ id = "", name }) => SUBMISSION_TOOLS.has(name) && !answered.has(id))
    .map(({ id = "", name, args }): ToolRequest => ({ id, name, args: args as Record<string, unknown> }));
  return requests.length === 0 ? undefined : { message, requests };
}

/** The design as it is to be made: what the call says goes before what the design says. */
export function withArgs(design: DesignDraft, args: SubmissionArgs): DesignDraft {
  return {
    ...design,
    name: args.name ?? design.name,
    num_records: args.num_records ?? design.num_records,
    seed: args.seed ?? design.seed,
  };
}

export function jobArgs(design: DesignDraft, formats: SubmissionArgs["formats"]): Record<string, unknown> {
  const { name, num_records, seed } = design;
  const given = Object.entries({ name, num_records, seed, formats }).filter(([, value]) => value != null);
  return Object.fromEntries(given);
}

/** Names of the columns that the dataset will have. */
export function visibleColumns(design: DesignDraft): string[] {
  return design.config.columns
    .filter((column) => column["drop"] !== true)
    .flatMap(({ name }) => (typeof name === "string" ? [name] : []));
}

/** The approval card for a job. */
export function approvalOf(
  design: DesignDraft,
  formats: SubmissionArgs["formats"],
  { estimate }: SubmissionResult,
): PendingApproval {
  const columns = visibleColumns(design);
  const { models, tokens_estimated: tokens, seconds_estimated: seconds } = estimate;
  const parts = [
    `Create ${String(design.num_records)} rows with ${columns.length} columns`,
    ...(seconds === null
      ? []
      : [seconds < 1 ? "less than a second of work" : `about ${Math.round(seconds)} s of work`]),
    models.length === 0 ? "no language model" : `models: ${models.join(", ")}`,
    ...(tokens === null || tokens === 0 ? [] : [`about ${tokens} tokens`]),
  ];
  return {
    name: "create_job",
    reason: `${parts.join("; ")}.`,
    args: {
      name: design.name,
      num_records: design.num_records,
      seed: design.seed,
      formats: formats ?? estimate.formats,
      columns,
      models,
      estimated_tokens: tokens,
      estimated_seconds: seconds,
    },
    inputSchema: EDITED_SCHEMA,
  };
}

const EDITED_SCHEMA: Readonly<Record<string, unknown>> = z.toJSONSchema(EditedArgs);

/**
 * The same for a node that runs again after a kill and for two answers to one interrupt, so that there is one job; another
 * one when the approved design differs. The id of the message tells apart runs without a thread.
 */
export function idempotencyKey(
  { message, requests }: OpenSubmissions,
  request: ToolRequest,
  {
    threadId,
    design,
    formats,
  }: { threadId: string | undefined; design: DesignDraft; formats: SubmissionArgs["formats"] },
): string {
  const place = [threadId ?? "", message.id ?? "", request.id, requests.length];
  return `nemops-${sha256Hex(JSON.stringify([place, design, formats ?? []])).slice(0, 40)}`;
}
