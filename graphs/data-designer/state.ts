import { MessagesValue, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

import { DesignDraft } from "../../engine/data/design/draft.ts";
import { RunContext } from "../run-context.ts";
import { JobResult, ViolationResult } from "./results.ts";

/** The newest preview, cut to what a thread can hold in every checkpoint. */
export const Preview = z.object({
  /** At most 20 rows with texts cut to 500 characters. */
  records: z.array(z.record(z.string(), z.unknown())),
  /** Statistics per column; null when they are too long to be kept. */
  profile: z.unknown(),
  text_model: z.string().nullable(),
  /** Records that were left out because a cell could not be made. */
  failures: z.array(z.unknown()),
});
export type Preview = z.infer<typeof Preview>;

/** What a run leaves beside its text. */
export const Summary = z.object({
  title: z.string().nullable(),
  num_records: z.number().nullable(),
  /** Of the job, else of the design; null when the service draws one and there is no job yet. */
  seed: z.union([z.number(), z.string()]).nullable(),
  columns: z.array(z.string()),
  /** What was decided because the brief left it open. */
  assumptions: z.array(z.string()),
  job: JobResult.nullable(),
  simulated: z.boolean(),
  answered_by: z.string(),
  notes: z.array(z.string()),
});
export type Summary = z.infer<typeof Summary>;

/** `messages` carries `langgraph_type: "messages"`, which gives Studio its chat view. */
export const DataDesignerState = new StateSchema({
  messages: MessagesValue,
  /** The design as the last tool left it; null until one has begun. */
  design: DesignDraft.nullable().default(null),
  /** What the last design tool found wrong with it. */
  violations: z.array(ViolationResult).default(() => []),
  preview: Preview.nullable().default(null),
  /** The newest job of this thread, as it was last seen. */
  job: JobResult.nullable().default(null),
  /** Left by the last turn of a run; null before the first run has ended. */
  summary: Summary.nullable().default(null),
});
export type DataDesignerState = typeof DataDesignerState.State;

/** What a caller may set per run. */
export const DataDesignerContext = RunContext.extend({
  /** The date that "last month" and the like refer to, `YYYY-MM-DD`; today in UTC when left out. */
  today: z.iso.date().optional(),
});
export type DataDesignerContext = z.infer<typeof DataDesignerContext>;
