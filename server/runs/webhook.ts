import type { Clock } from "../../lib/clock.ts";
import { isoTime } from "../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { readOutboundUrl, sendOutbound } from "../../lib/outbound-url.ts";
import { toWireRun } from "../wire/resources.ts";
import type { LiveRun, RunResult } from "./live-runs.ts";

const TIMEOUT_MS = 10_000;
/** Pauses before the second and third try. */
const RETRY_PAUSES_MS = [500, 2_000];
/** Deliveries under way; further ones are refused rather than piled up behind a receiver that hangs. */
const MAX_UNDER_WAY = 64;

export interface WebhookSender {
  /** Throws `invalid_input` for a URL that may not be called. */
  check(url: string): void;
  /** Tells the run's webhook how it ended. Never throws and never holds up a run. */
  send(live: LiveRun, result: RunResult): void;
  /** Gives up what is under way. */
  close(): void;
}

export interface WebhookSenderOptions {
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Posts finished runs: the run, its times, and its final `values` or `error`. */
export function createWebhookSender({ allowPrivate, clock, log }: WebhookSenderOptions): WebhookSender {
  const closed = new AbortController();
  let underWay = 0;

  const deliver = async (url: string, body: string): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      const failure = await post(url, body);
      if (failure === undefined) return;
      const pauseMs = RETRY_PAUSES_MS[attempt];
      if (pauseMs === undefined) throw new ServiceError("unavailable", failure);
      await clock.sleep(pauseMs, closed.signal);
    }
  };
  const post = async (url: string, body: string): Promise<string | undefined> => {
    const { status } = await sendOutbound({
      url,
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      timeoutMs: TIMEOUT_MS,
      signal: closed.signal,
      allowPrivate,
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
    check(url) {
      try {
        readOutboundUrl(url, { allowPrivate });
      } catch (error) {
        const message = errorMessage(error);
        throw new ServiceError("invalid_input", `webhook: ${message}`, { problems: [{ field: "webhook", message }] });
      }
    },
    send(live, result) {
      const { webhook } = live.run.kwargs;
      if (webhook === null) return;
      const fields = { run_id: live.run.runId, thread_id: live.run.threadId };
      if (underWay >= MAX_UNDER_WAY) {
        log.warn(fields, "webhook not sent: too many are under way");
        return;
      }
      underWay += 1;
      deliver(webhook, toPayload(live, result, clock.now()))
        .catch((error: unknown) => log.warn({ ...fields, reason: errorMessage(error) }, "webhook not delivered"))
        .finally(() => {
          underWay -= 1;
        });
    },
    close: () => closed.abort(new Error("the server stops")),
  };
}

function toPayload(live: LiveRun, { status, body }: RunResult, nowMs: number): string {
  // The body of `/wait`: the final state, or the error under its own key.
  const final = JSON.parse(body) as { readonly __error__?: unknown } | null;
  const outcome = final?.__error__ === undefined ? { values: final } : { error: final.__error__ };
  return JSON.stringify({
    ...toWireRun(live.run),
    status,
    run_started_at: isoTime(live.startedAtMs),
    run_ended_at: isoTime(nowMs),
    webhook_sent_at: isoTime(nowMs),
    ...outcome,
  });
}
