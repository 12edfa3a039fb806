import { isLlmColumn } from "../../../../engine/data/design/design.ts";
import { canonicalJson } from "../../../../engine/data/design/python-json.ts";
import { OFFLINE_TEXT_LABEL } from "../../../../engine/data/text/label.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { sha256Hex } from "../../../../lib/hash.ts";
import { newUuid } from "../../../../lib/ids.ts";
import type { Random } from "../../../../lib/random.ts";
import { MAX_RECORDS } from "../../dataset-job/groups.ts";
import { ASKING_ROW_GROUP_SIZE, DEFAULT_ROW_GROUP_SIZE } from "../../dataset-job/open-job.ts";
import { asksServices } from "../../dataset-job/asks-services.ts";
import { type DesignInput, hashTable } from "../../design-input.ts";
import type { GenerationServices } from "../../generation-services.ts";
import type { JobListQuery, JobRequest } from "../designer.ts";
import type { NewJob } from "./job-store.ts";

const DEFAULT_NAME = "dataset";
const MAX_TEXT = { name: 200, description: 10_000, project: 200, namespace: 200, idempotencyKey: 200 } as const;
const MAX_SEED_LENGTH = 200;
const MAX_CONFIG_BYTES = 8 * 1_024 * 1_024;
const MAX_ROW_GROUP_SIZE = 1_000_000;
/** More files in one folder serve nobody. */
const MAX_ROW_GROUPS = 100_000;

/** Everything about a request that can be checked without its config. Throws `invalid_input` and `payload_too_large`. */
export function checkRequest(request: JobRequest, maxRows: number): void {
  const { numRecords, seed, rowGroupSize } = request;
  const bound = Math.min(maxRows, MAX_RECORDS);
  if (!isWhole(numRecords, 1, bound)) throw invalid("num_records", `${numRecords} rows: must be 1 to ${bound}`);
  for (const [field, limit] of Object.entries(MAX_TEXT) as [keyof typeof MAX_TEXT, number][]) {
    const { length } = request[field] ?? "";
    if (length > limit) throw invalid(field, `${field} has ${length} characters, at most ${limit} are kept`);
  }
  if (seed !== undefined) checkSeed(seed);
  if (rowGroupSize !== undefined) {
    const least = Math.ceil(numRecords / MAX_ROW_GROUPS);
    if (!isWhole(rowGroupSize, least, MAX_ROW_GROUP_SIZE)) {
      const right = `must be ${least} to ${MAX_ROW_GROUP_SIZE} for ${numRecords} rows`;
      throw invalid("row_group_size", `row groups of ${rowGroupSize} rows: ${right}`);
    }
  }
  const bytes = Buffer.byteLength(withinDepth(() => JSON.stringify(request.config ?? null)));
  if (bytes > MAX_CONFIG_BYTES) {
    throw new ServiceError("payload_too_large", `the config has ${bytes} bytes, at most ${MAX_CONFIG_BYTES} are read`);
  }
}

/** Throws `invalid_input`. */
export function checkSeed(seed: number | string): void {
  const isRight = typeof seed === "number" ? Number.isSafeInteger(seed) : seed.length <= MAX_SEED_LENGTH;
  const right = `a whole number or at most ${MAX_SEED_LENGTH} characters`;
  if (!isRight) throw invalid("seed", `seed ${String(seed).slice(0, 50)}: must be ${right}`);
}

const MAX_PAGE_SIZE = 1_000;

/** Throws `invalid_input`. */
export function checkPage({ page, pageSize }: JobListQuery): void {
  if (!isWhole(page, 1, Number.MAX_SAFE_INTEGER / MAX_PAGE_SIZE))
    throw invalid("page", `page ${page}: the first one is 1`);
  if (!isWhole(pageSize, 1, MAX_PAGE_SIZE)) {
    throw invalid("page_size", `${pageSize} jobs on a page: must be 1 to ${MAX_PAGE_SIZE}`);
  }
}

/** A seed for those who gave none: 32 bits. */
export function drawSeed(random: Random): number {
  return Math.floor(random() * 2 ** 32);
}

/** What two requests have in common that ask for the same thing. A seed that is drawn is no part of it. */
export function hashRequest({ idempotencyKey: _key, ...request }: JobRequest): string {
  const given = Object.entries(request).filter(([, value]) => value !== undefined && value !== null);
  return sha256Hex(withinDepth(() => canonicalJson(Object.fromEntries(given))));
}

/** Text of JSON is written by recursion, which ends where the stack does. */
function withinDepth(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ServiceError("invalid_input", "the config is nested too deeply to be kept", { cause: error });
  }
}

export interface NewJobOptions {
  readonly request: JobRequest;
  readonly input: DesignInput;
  readonly random: Random;
  readonly services: GenerationServices;
}

export function describeNewJob({ request, input, random, services }: NewJobOptions): NewJob {
  const { name, description, project, namespace, ownership, customFields, seed, rowGroupSize } = request;
  const isAsking = asksServices(input.design, services);
  const isOffline = !isAsking && input.design.columns.some(isLlmColumn);
  return {
    id: `job-${newUuid()}`,
    name: name ?? DEFAULT_NAME,
    description: description ?? null,
    project: project ?? null,
    namespace: namespace ?? null,
    ownership: toJson(ownership),
    custom_fields: toJson(customFields),
    config: JSON.stringify(request.config),
    num_records: request.numRecords,
    seed: JSON.stringify(seed ?? drawSeed(random)),
    row_group_size: rowGroupSize ?? (isAsking ? ASKING_ROW_GROUP_SIZE : DEFAULT_ROW_GROUP_SIZE),
    seed_rows_hash: input.seedRows === undefined ? null : hashTable(input.seedRows),
    idempotency_key: request.idempotencyKey ?? null,
    request_hash: hashRequest(request),
    // Which models are asked is known once the job begins.
    text_model: isOffline ? OFFLINE_TEXT_LABEL : null,
  };
}

function toJson(value: object | null | undefined): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function isWhole(value: number, low: number, high: number): boolean {
  return Number.isSafeInteger(value) && value >= low && value <= high;
}

function invalid(field: string, message: string): ServiceError {
  return new ServiceError("invalid_input", message, { problems: [{ field, message }] });
}
