import { ERROR_CODES, ServiceError, errorMessage } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";

/** What went wrong with one attempt, as far as it decides what to do next. */
export interface ModelFailure {
  /** For people, without the request's content: `429 from the endpoint`, `no token for 60 s`. */
  readonly reason: string;
  readonly canRetry: boolean;
  /** What the endpoint asked for with `Retry-After` or `retry-after-ms`. */
  readonly retryAfterMs?: number;
}

/** Longest wait an endpoint may ask for; beyond it the fallback serves the user better. */
export const MAX_RETRY_AFTER_MS = 30_000;
const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/** 408, 429 and 5xx can pass; any other answer says that the same request will fail again. */
export function describeFailure(error: unknown, nowMs: number): ModelFailure {
  if (error instanceof ServiceError) {
    return { reason: error.message, canRetry: ERROR_CODES[error.code].retryable };
  }
  const status = readStatus(error);
  if (status === undefined) return { reason: `connection failed: ${connectionReason(error)}`, canRetry: true };
  const retryAfterMs = readRetryAfterMs(error, nowMs);
  const isPassing = status === 408 || status === 429 || status >= 500;
  return {
    reason: `the endpoint answered ${status}`,
    canRetry: isPassing && (retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/**
 * Milliseconds before try `attempt` (1 is the first repetition). The endpoint's own wish is the least; without one
 * the pause doubles from half a second, times a random factor from 0.5 to 1.5 so that many runs do not come back at once.
 */
export function retryDelayMs(failure: ModelFailure, attempt: number, random: Random): number {
  const jitter = 0.5 + random();
  if (failure.retryAfterMs !== undefined) return Math.round(failure.retryAfterMs + (jitter - 0.5) * 250);
  return Math.round(Math.min(BASE_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS) * jitter);
}

function readStatus(error: unknown): number | undefined {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" ? status : undefined;
}

/** The client library says only "Connection error."; its cause names the address and what happened there. */
function connectionReason(error: unknown): string {
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current instanceof Error && current.cause !== undefined; depth += 1) {
    current = current.cause;
  }
  return errorMessage(current);
}

/** `Retry-After` holds seconds or a date (RFC 9110 §10.2.3); `retry-after-ms` is what OpenAI and Azure send beside it. */
function readRetryAfterMs(error: unknown, nowMs: number): number | undefined {
  const headers = typeof error === "object" && error !== null && "headers" in error ? error.headers : undefined;
  if (!(headers instanceof Headers)) return undefined;
  const milliseconds = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = Number(value);
  if (seconds >= 0) return seconds * 1_000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
