import { z } from "zod";

import type { JsonValue } from "../../../../engine/data/table.ts";

/**
 * Answers of Data Designer services, read leniently: versions differ in what they leave out and add.
 * Source: NeMo Data Designer API 1.4.0; the same objects of the Python SDKs 1.2 (`v1beta1`) and 1.5.
 */

/** What JSON.parse answers holds JSON values only, so that an object of them needs no walk. */
const Details = z.custom<Readonly<Record<string, JsonValue>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

export const WireJob = z.object({
  id: z.string().nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  project: z.string().nullish(),
  namespace: z.string().nullish(),
  workspace: z.string().nullish(),
  ownership: Details.nullish(),
  custom_fields: Details.nullish(),
  spec: z.object({ num_records: z.number().int().nullish(), config: z.unknown().optional() }).nullish(),
  /** Flat in `v1beta1`. */
  config: z.unknown().optional(),
  num_records: z.number().int().nullish(),
  status: z.string().nullish(),
  status_details: Details.nullish(),
  error_details: Details.nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
});
export type WireJob = z.infer<typeof WireJob>;

/** A page, or the bare array that older services answer. */
export const WireJobs = z.union([
  z.object({
    data: z.array(WireJob),
    pagination: z.object({ total_results: z.number().int().nullish() }).nullish(),
  }),
  z.array(WireJob).transform((data) => ({ data, pagination: null })),
]);

export const WireResult = z.object({
  result_name: z.string().nullish(),
  name: z.string().nullish(),
  id: z.string().nullish(),
  step_name: z.string().nullish(),
  format: z.string().nullish(),
  canonical: z.boolean().nullish(),
  created_at: z.string().nullish(),
  artifact_url: z.string().nullish(),
});
export type WireResult = z.infer<typeof WireResult>;

export const WireResults = z.union([
  z.object({ data: z.array(WireResult) }).transform(({ data }) => data),
  z.array(WireResult),
]);

const WireTask = z.object({
  id: z.string().nullish(),
  status: z.string().nullish(),
  error_details: Details.nullish(),
  error_stack: z.string().nullish(),
});
export const WireStatus = z.object({
  status: z.string().nullish(),
  error_details: Details.nullish(),
  steps: z
    .array(
      z.object({
        name: z.string().nullish(),
        status: z.string().nullish(),
        error_details: Details.nullish(),
        tasks: z.array(WireTask).nullish(),
      }),
    )
    .nullish(),
});
export type WireStatus = z.infer<typeof WireStatus>;

export const WireLogs = z.object({
  data: z.array(
    z.object({
      timestamp: z.string().nullish(),
      job_step: z.string().nullish(),
      job_task: z.string().nullish(),
      message: z.string(),
    }),
  ),
  total: z.number().int().nullish(),
  next_page: z.string().nullish(),
  prev_page: z.string().nullish(),
});
export type WireLogs = z.infer<typeof WireLogs>;

const WireModel = z.object({ alias: z.string(), model: z.string(), provider: z.string().nullish() });
export const WireSettings = z.object({
  defaults: z.object({ model_configs: z.array(WireModel).nullish() }).nullish(),
  model_providers: z.array(z.object({ name: z.string(), endpoint: z.string().nullish() })).nullish(),
});
