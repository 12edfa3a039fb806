import type { Clock } from "../../lib/clock.ts";
import { isoTime } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { RunWebhook, RunWebhookStore } from "../store/run-webhooks.ts";
import { toWireRun } from "../wire/resources.ts";
import type { LiveRun, RunResult } from "./live-runs.ts";
import type { WebhookSender } from "./webhook.ts";

/** Deliveries under way; further ones wait in the store behind a receiver that hangs. */
const MAX_UNDER_WAY = 64;
/** A receiver that cannot keep up for so long loses what is older. */
const MAX_AGE_MS = 24 * 3_600_000;

export interface WebhookOutbox {
  /** Sends a webhook that is stored. Never throws and never holds up a run. */
  send(webhook: RunWebhook): void;
  /** Sends what a former process left. */
  resume(): void;
  /** Stops sending; what was not delivered stays stored. Resolves when the store is not needed any more. */
  close(): Promise<void>;
}

export interface WebhookOutboxOptions {
  readonly store: RunWebhookStore;
  readonly sender: WebhookSender;
  /** This process, which delivers what is its own and what nobody has. */
  readonly owner: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Delivers the webhooks that runs left when they ended. Each is deleted once it was taken or finally refused, so one whose
 * process died in between is sent again: receivers get every run at least once and can tell a repetition by its `run_id`.
 */
export function createWebhookOutbox({ store, sender, owner, clock, log }: WebhookOutboxOptions): WebhookOutbox {
  const underWay = new Map<string, Promise<void>>();
  let hasBacklog = false;
  let isLoading = false;

  const deliver = async (webhook: RunWebhook): Promise<void> => {
    const { runId, threadId, url, body, createdAtMs } = webhook;
    const fields = { run_id: runId, thread_id: threadId };
    try {
      if (clock.now() - createdAtMs > MAX_AGE_MS) throw new Error("it waited for more than a day");
      await sender.post(url, `${body.slice(0, -1)},"webhook_sent_at":${JSON.stringify(isoTime(clock.now()))}}`);
    } catch (error) {
      if (sender.isClosed) return;
      log.warn({ ...fields, reason: errorMessage(error) }, "webhook not delivered");
    }
    await store
      .delete(runId)
      .catch((error: unknown) => log.warn({ ...fields, err: error }, "webhook stays stored and may be sent again"));
  };
  const start = (webhook: RunWebhook): void => {
    const delivery = deliver(webhook).finally(() => {
      underWay.delete(webhook.runId);
      if (hasBacklog) void load();
    });
    underWay.set(webhook.runId, delivery);
  };
  const load = async (): Promise<void> => {
    if (isLoading || sender.isClosed) return;
    isLoading = true;
    try {
      const free = MAX_UNDER_WAY - underWay.size;
      const found = free > 0 ? await store.claim(owner(), free, [...underWay.keys()]) : [];
      if (free > 0) hasBacklog = found.length === free;
      for (const webhook of found) if (!underWay.has(webhook.runId)) start(webhook);
    } catch (error) {
      log.warn({ err: error }, "stored webhooks not looked at");
    } finally {
      isLoading = false;
    }
  };

  return {
    send(webhook) {
      if (sender.isClosed) return;
      if (underWay.size < MAX_UNDER_WAY) start(webhook);
      else hasBacklog = true;
    },
    resume: () => void load(),
    async close() {
      sender.close();
      await Promise.all(underWay.values());
    },
  };
}

/** The run, its times, and its final `values` or `error`; undefined for a run without a webhook. */
export function toWebhook(
  { run, startedAtMs }: LiveRun,
  { status, body }: RunResult,
  nowMs: number,
): RunWebhook | undefined {
  const { runId, threadId, kwargs } = run;
  if (kwargs.webhook === null) return undefined;
  // The body of `/wait`: the final state, or the error under its own key.
  const final = JSON.parse(body) as { readonly __error__?: unknown } | null;
  const outcome = final?.__error__ === undefined ? { values: final } : { error: final.__error__ };
  const payload = {
    ...toWireRun(run),
    status,
    run_started_at: isoTime(startedAtMs),
    run_ended_at: isoTime(nowMs),
    ...outcome,
  };
  return { runId, threadId, url: kwargs.webhook, body: JSON.stringify(payload), createdAtMs: nowMs };
}
