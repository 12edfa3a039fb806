import type { RemoteValidationColumn } from "../../../engine/data/steps/validation.ts";
import type { Row } from "../../../engine/data/table-rows.ts";
import type { ValidationResult } from "../../../engine/data/validators/code-result.ts";
import { readRemoteAnswer } from "../../../engine/data/validators/remote-answer.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { type OutboundResponse, type Resolve, sendOutbound } from "../../../lib/outbound-url.ts";
import type { Random } from "../../../lib/random.ts";
import { readRetryAfter } from "../llm/model-request.ts";
import { retryWaitMs } from "../llm/retry-wait.ts";

export interface AskOptions {
  readonly params: RemoteValidationColumn["validator_params"];
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolve?: Resolve;
}

export type AskResult =
  | { readonly kind: "results"; readonly results: readonly ValidationResult[] }
  | { readonly kind: "failed"; readonly problem: string };

type Attempt =
  AskResult | { readonly kind: "again"; readonly problem: string; readonly retryAfterMs: number | undefined };

/** Validators answer with the reasons of every record. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;

/**
 * Asks a remote validator about one batch. 429, 5xx, timeouts and failed connections are tried again, `max_retries`
 * times with growing waits; anything else but a usable answer fails at once. Throws `invalid_input` for an address that must not be reached,
 * and the signal's reason.
 */
export async function askValidator(
  records: readonly Row[],
  options: AskOptions,
  signal: AbortSignal,
): Promise<AskResult> {
  const { params, clock, random } = options;
  const body = JSON.stringify({ data: records });
  for (let retry = 1; ; retry += 1) {
    const attempt = await askOnce(body, records.length, options, signal);
    if (attempt.kind !== "again") return attempt;
    if (retry > params.max_retries) {
      const tries = retry === 1 ? "" : ` (${retry} tries)`;
      return { kind: "failed", problem: `${attempt.problem}${tries}` };
    }
    await clock.sleep(retryWaitMs(retry, attempt.retryAfterMs, random, params.retry_backoff), signal);
  }
}

async function askOnce(body: string, count: number, options: AskOptions, signal: AbortSignal): Promise<Attempt> {
  const { params, allowPrivate, resolve } = options;
  let response: OutboundResponse;
  try {
    response = await sendOutbound({
      url: params.endpoint_url,
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body,
      timeoutMs: params.timeout * 1_000,
      maxResponseBytes: MAX_ANSWER_BYTES,
      allowPrivate,
      signal,
      ...(resolve === undefined ? {} : { resolve }),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ServiceError) || error.code === "invalid_input") throw error;
    return { kind: "again", problem: error.message, retryAfterMs: undefined };
  }
  const { status, headers, body: text } = response;
  const problem = `HTTP ${status}: ${text.slice(0, 200)}`;
  if (status === 429 || status >= 500) {
    return {
      kind: "again",
      problem,
      retryAfterMs: readRetryAfter(oneOf(headers["retry-after"]), oneOf(headers["date"])),
    };
  }
  if (status >= 300 && status < 400) return { kind: "failed", problem: `HTTP ${status}: redirects are not followed` };
  if (status < 200 || status >= 300) return { kind: "failed", problem };
  if (Buffer.byteLength(text) >= MAX_ANSWER_BYTES) {
    return { kind: "failed", problem: `the answer is longer than ${MAX_ANSWER_BYTES} bytes; make batch_size smaller` };
  }
  const answer = readRemoteAnswer(text, count, params.output_schema);
  return answer.kind === "results" ? answer : { kind: "failed", problem: answer.problem };
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
