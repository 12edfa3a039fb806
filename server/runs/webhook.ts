import { signatureHeaders } from "../../lib/body-signature.ts";
import type { Clock } from "../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { readOutboundUrl, sendOutbound } from "../../lib/outbound-url.ts";
import type { Secret } from "../../lib/secret.ts";
import { type WebhookPolicy, checkPolicy } from "./webhook-policy.ts";

const TIMEOUT_MS = 10_000;
/** Pauses before the second and third try. */
const RETRY_PAUSES_MS = [500, 2_000];

export interface WebhookRules {
  /** Lets webhooks reach loopback and private addresses. */
  readonly allowPrivate: boolean;
  /** Refuses every webhook (`http.disable_webhooks`). */
  readonly isDisabled: boolean;
  /** The `webhooks` block. */
  readonly policy: WebhookPolicy;
}

export interface WebhookSender {
  /** Throws `invalid_input` for a URL that may not be called. */
  check(url: string): void;
  /** Posts a JSON body, three times at most. Throws when it was not taken, and for a URL that may not be called any more. */
  post(url: string, body: string): Promise<void>;
  /** Gives up what is under way, which rejects. */
  close(): void;
  readonly isClosed: boolean;
}

export interface WebhookSenderOptions {
  readonly rules: WebhookRules;
  /** Signs each body; without one no signature is sent. */
  readonly secret?: Secret | undefined;
  readonly clock: Clock;
}

/** Throws `invalid_input` for a URL that may not be called. */
export function checkWebhook(url: string, { allowPrivate, isDisabled, policy }: WebhookRules): void {
  try {
    if (isDisabled) throw new Error("webhooks are switched off here (http.disable_webhooks)");
    if (url.length > policy.maxLength) {
      throw new Error(`may have ${policy.maxLength} characters, not ${url.length} (webhooks.url.max_url_length)`);
    }
    checkPolicy(readOutboundUrl(url, { allowPrivate }), policy);
  } catch (error) {
    const message = errorMessage(error);
    throw new ServiceError("invalid_input", `webhook: ${message}`, { problems: [{ field: "webhook", message }] });
  }
}

/** Posts to the receivers of webhooks. */
export function createWebhookSender({ rules, secret, clock }: WebhookSenderOptions): WebhookSender {
  const closed = new AbortController();
  const headersFor = (body: string): Record<string, string> => ({
    "content-type": "application/json",
    ...Object.fromEntries([...rules.policy.headers].map(([name, value]) => [name, value.reveal()])),
    ...signatureHeaders(body, secret),
  });

  const attempt = async (url: string, body: string): Promise<string | undefined> => {
    const { status } = await sendOutbound({
      url,
      method: "POST",
      headers: headersFor(body),
      body,
      timeoutMs: TIMEOUT_MS,
      signal: closed.signal,
      allowPrivate: rules.allowPrivate,
    }).catch((error: unknown) => {
      // A refused target stays refused; a failed connection may work the next time.
      if (!(error instanceof ServiceError) || !error.retryable) throw error;
      return { status: 0 };
    });
    if (status >= 200 && status < 300) return undefined;
    const isWorthTrying = status === 0 || status === 429 || status >= 500;
    const failure = status === 0 ? "the receiver could not be reached" : `the receiver answered ${status}`;
    if (!isWorthTrying) throw new ServiceError("unavailable", failure);
    return failure;
  };

  return {
    check: (url) => checkWebhook(url, rules),
    async post(url, body) {
      checkWebhook(url, rules);
      for (let tries = 0; ; tries += 1) {
        const failure = await attempt(url, body);
        if (failure === undefined) return;
        const pauseMs = RETRY_PAUSES_MS[tries];
        if (pauseMs === undefined) throw new ServiceError("unavailable", failure);
        await clock.sleep(pauseMs, closed.signal);
      }
    },
    close: () => closed.abort(new Error("the server stops")),
    get isClosed() {
      return closed.signal.aborted;
    },
  };
}
