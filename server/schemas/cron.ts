import { z } from "zod";

import { AssistantIdOrGraph, BodyPage, JsonObject, SortOrder, ThreadId, Uuid } from "./common.ts";
import { RunCreate } from "./run.ts";

const EndTime = z.iso
  .datetime({ offset: true, local: true, error: "must be a time such as 2030-01-31T12:00:00Z" })
  .nullish();

const timing = {
  schedule: z.string().min(1).max(255),
  timezone: z.string().min(1).max(64).nullish(),
  end_time: EndTime,
  enabled: z.boolean().nullish(),
  on_run_completed: z.enum(["delete", "keep"]).nullish(),
};

/** Fields of a run that a cron keeps for each of its runs. */
const RunFields = RunCreate.omit({ assistant_id: true, after_seconds: true, on_completion: true, on_disconnect: true });
export const CRON_RUN_FIELDS: readonly string[] = Object.keys(RunFields.shape);

export const CronCreate = RunFields.extend({ assistant_id: AssistantIdOrGraph, ...timing });
export const CronPatch = RunFields.extend({ ...timing, schedule: timing.schedule.nullish() });

const Filter = {
  assistant_id: AssistantIdOrGraph.nullish(),
  thread_id: ThreadId.nullish(),
  enabled: z.boolean().nullish(),
  metadata: JsonObject.nullish(),
};

export const CronSearch = z.looseObject({
  ...Filter,
  ...BodyPage,
  sort_by: z
    .enum(["cron_id", "assistant_id", "thread_id", "next_run_date", "end_time", "created_at", "updated_at"])
    .nullish(),
  sort_order: SortOrder.nullish(),
  select: z.array(z.string()).nullish(),
});

export const CronCount = z.looseObject(Filter);

export const CronParams = z.object({ cron_id: Uuid.describe("Cron id") });

export const CronBody = z.looseObject({
  cron_id: z.string(),
  assistant_id: z.string(),
  thread_id: z.string().nullable(),
  schedule: z.string(),
  timezone: z.string().nullable(),
  end_time: z.string().nullable(),
  enabled: z.boolean(),
  on_run_completed: z.enum(["delete", "keep"]),
  payload: JsonObject,
  metadata: JsonObject,
  user_id: z.string().nullable(),
  next_run_date: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type CronBody = z.infer<typeof CronBody>;
