import { z } from "zod";

/** Any JSON object. */
export const JsonObject = z.record(z.string(), z.unknown());

/** Any 128 bits in the notation of a UUID: clients also make up ids whose version and variant mean nothing. */
export const Uuid = z.guid({ error: "must be a UUID" });
export const ThreadId = Uuid.describe("Thread id");
export const RunId = Uuid.describe("Run id");
export const AssistantIdOrGraph = z.string().min(1).max(255).describe("Assistant id (UUID) or graph id");

/** `true`, `1`, `false` or `0` in a query string; a bare coercion would read "0" as true. */
export const QueryFlag = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0", ""])], { error: "must be true, false, 1 or 0" })
  .transform((value) => value === true || value === "true" || value === "1");

const Limit = z.number().int().min(1).max(1000);
const Offset = z.number().int().min(0);

export const BodyPage = { limit: Limit.nullish(), offset: Offset.nullish() };
export const QueryPage = {
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  offset: z.coerce.number().int().min(0).optional(),
};

export const SortOrder = z.enum(["asc", "desc"]);

export const CheckpointRef = z.looseObject({
  thread_id: z.string().nullish(),
  checkpoint_ns: z.string().nullish(),
  checkpoint_id: z.string().nullish(),
  checkpoint_map: JsonObject.nullish(),
});
export type CheckpointRef = z.infer<typeof CheckpointRef>;

/** The runnable config of a request. Unknown keys are kept out of the run rather than passed on blindly. */
export const ConfigBody = z.looseObject({
  tags: z.array(z.string()).nullish(),
  recursion_limit: z.number().int().min(1).max(10_000).nullish(),
  max_concurrency: z.number().int().min(1).nullish(),
  run_name: z.string().nullish(),
  metadata: JsonObject.nullish(),
  configurable: JsonObject.nullish(),
});
export type ConfigBody = z.infer<typeof ConfigBody>;

/** The one error body of the service; `detail` is what upstream clients show. */
export const ErrorBody = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
