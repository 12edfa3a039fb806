import { signatureHeaders } from "../../../../lib/body-signature.ts";
import { type Clock, isoTime } from "../../../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../../../lib/errors.ts";
import { type OutboundResponse, type Resolve, sendOutbound } from "../../../../lib/outbound-url.ts";
import type { Secret } from "../../../../lib/secret.ts";
import type { DeliveryOutcome } from "../outbox.ts";
import { type Channel, payloadOf } from "./channel.ts";

export interface WebhookOptions {
  readonly url: string;
  /** Signs each body; without one no signature is sent. */
  readonly secret?: Secret;
  readonly allowPrivate: boolean;
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly resolve?: Resolve;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Answers that another try can change; of the others in 4xx none can. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Posts each notification as JSON. Any 2xx is acceptance; redirects are not followed and count as refusal. */
export function createWebhookChannel(options: WebhookOptions): Channel {
  return {
    name: "webhook",
    reachesPeople: true,
    async send(message, signal) {
      const body = JSON.stringify({ sent_at: isoTime(options.clock.now()), ...payloadOf(message) });
      try {
        const response = await sendOutbound({
          url: options.url,
          method: "POST",
          headers: {
            "content-type": "application/json",
            "user-agent": "nemops",
            "idempotency-key": message.idempotencyKey,
            ...signatureHeaders(body, options.secret),
          },
          body,
          timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
          signal,
          allowPrivate: options.allowPrivate,
          resolve: options.resolve,
        });
        return judge(response, options.clock.now());
      } catch (error) {
        const isRefused = error instanceof ServiceError && error.code === "invalid_input";
        return { status: isRefused ? "refused" : "retry", error: errorMessage(error) };
      }
    },
  };
}

function judge(response: OutboundResponse, nowMs: number): DeliveryOutcome {
  const { status } = response;
  if (status >= 200 && status < 300) return { status: "accepted" };
  if (status >= 300 && status < 400) {
    return { status: "refused", error: `the webhook answered ${status}; redirects are not followed` };
  }
  const error = `the webhook answered ${status}`;
  if (status < 500 && !RETRYABLE_STATUSES.has(status)) return { status: "refused", error };
  const retryAfterMs = readRetryAfter(response.headers["retry-after"], nowMs);
  return { status: "retry", error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Seconds or an HTTP date (RFC 9110, section 10.2.3); absent when it is neither. */
export function readRetryAfter(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== "string") return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
