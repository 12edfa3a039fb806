import { z } from "zod";

import { named } from "../openapi/names.ts";
import {
  AssistantId,
  AssistantIdOrGraph,
  BodyPage,
  JsonObject,
  MetadataFilter,
  SelectFields,
  SortOrder,
  ThreadId,
  Timestamp,
  Uuid,
} from "./common.ts";
import { RunCreate } from "./run.ts";

const EndTime = z.iso
  .datetime({ offset: true, local: true, error: "must be a time such as 2030-01-31T12:00:00Z" })
  .nullish()
  .describe("When the runs end, in UTC unless it says otherwise; never when left out.");

const timing = {
  schedule: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: "A cron expression of five fields, or six with seconds.", examples: ["0 7 * * 1-5"] }),
  timezone: z
    .string()
    .min(1)
    .max(64)
    .nullish()
    .meta({
      description: "IANA name of the zone the schedule is meant in; UTC when left out.",
      examples: ["Europe/Berlin"],
    }),
  end_time: EndTime,
  enabled: z.boolean().nullish().describe("Whether runs are started; they are when left out."),
  on_run_completed: z
    .enum(["delete", "keep"])
    .nullish()
    .describe("What becomes of the thread of a run without one; `delete` when left out."),
};

/** Fields of a run that a cron keeps for each of its runs. */
const RunFields = RunCreate.omit({ assistant_id: true, after_seconds: true, on_completion: true, on_disconnect: true });
export const CRON_RUN_FIELDS: readonly string[] = Object.keys(RunFields.shape);

const INPUT = { messages: [{ role: "user", content: "Check every GPU and raise alerts for faults." }] };

export const CronCreate = named(
  "CreateCronRequest",
  RunFields.extend({ assistant_id: AssistantIdOrGraph, ...timing }).meta({
    description: "Runs to be started by the clock: when, and what each is asked to do.",
    examples: [{ assistant_id: "gpu_ops", schedule: "0 7 * * 1-5", timezone: "Europe/Berlin", input: INPUT }],
  }),
);
export const CronPatch = named(
  "PatchCronRequest",
  RunFields.extend({ ...timing, schedule: timing.schedule.nullish() }).meta({
    description: "What is left out stays as it is.",
    examples: [{ enabled: false }],
  }),
);

const CronId = Uuid.meta({ description: "Id of the cron.", examples: ["c4e8f1a2-0b3d-4e5f-8a6b-7c9d0e1f2a3b"] });

const Filter = {
  assistant_id: AssistantIdOrGraph.nullish().describe("Only those of this assistant."),
  thread_id: ThreadId.nullish().describe("Only those of this thread."),
  enabled: z.boolean().nullish().describe("Only those that are enabled, or are not."),
  metadata: MetadataFilter,
};

export const CronSearch = named(
  "SearchCronsRequest",
  z
    .looseObject({
      ...Filter,
      ...BodyPage,
      sort_by: z
        .enum(["cron_id", "assistant_id", "thread_id", "next_run_date", "end_time", "created_at", "updated_at"])
        .nullish()
        .describe("`created_at` when left out."),
      sort_order: SortOrder.nullish().describe("`desc` when left out."),
      select: SelectFields,
    })
    .meta({ examples: [{ enabled: true, limit: 10 }] }),
);

export const CronCount = named("CountCronsRequest", z.looseObject(Filter).meta({ examples: [{ enabled: true }] }));

export const CronParams = z.object({ cron_id: CronId });

export const CronBody = named(
  "Cron",
  z
    .looseObject({
      cron_id: CronId,
      assistant_id: AssistantId,
      thread_id: ThreadId.nullable().describe("Thread of its runs; null when each has one of its own."),
      schedule: z.string(),
      timezone: z.string().nullable(),
      end_time: Timestamp.nullable(),
      enabled: z.boolean(),
      on_run_completed: z.enum(["delete", "keep"]),
      payload: JsonObject.describe("What each run is asked to do."),
      metadata: JsonObject,
      user_id: z.string().nullable(),
      next_run_date: Timestamp.nullable().describe("When the next run starts; null when none will."),
      created_at: Timestamp,
      updated_at: Timestamp,
    })
    .meta({
      description: "Runs that the clock starts.",
      examples: [
        {
          cron_id: "c4e8f1a2-0b3d-4e5f-8a6b-7c9d0e1f2a3b",
          assistant_id: "b0d5c1f4-4a8e-5e7b-9a61-2f3c4d5e6a7b",
          thread_id: null,
          schedule: "0 7 * * 1-5",
          timezone: "Europe/Berlin",
          end_time: null,
          enabled: true,
          on_run_completed: "delete",
          payload: { assistant_id: "b0d5c1f4-4a8e-5e7b-9a61-2f3c4d5e6a7b", input: INPUT },
          metadata: {},
          user_id: null,
          next_run_date: "2026-11-23T06:00:00.000Z",
          created_at: "2026-11-20T09:30:00.000Z",
          updated_at: "2026-11-20T09:30:00.000Z",
        },
      ],
    }),
);
export type CronBody = z.infer<typeof CronBody>;
export const SelectedCron = named(
  "SelectedCron",
  CronBody.partial().describe("A cron, or those of its fields that were asked for."),
);
