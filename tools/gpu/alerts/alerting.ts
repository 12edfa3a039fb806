import path from "node:path";

import type { EscalationPolicy } from "../../../engine/gpu/alerting/policy.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Log } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import { type StoredAlertBook, createAlertBook } from "./alert-book.ts";
import type { Channel } from "./channels/channel.ts";
import { createFileChannel } from "./channels/file-channel.ts";
import { createLogChannel } from "./channels/log-channel.ts";
import { type WebhookOptions, createWebhookChannel } from "./channels/webhook-channel.ts";
import { type Dispatcher, createDispatcher } from "./dispatcher.ts";
import { type Escalator, createEscalator } from "./escalator.ts";
import { seedPolicies } from "./policies.ts";

export const ALERT_FILE_NAME = "alerts.sqlite";

export interface AlertingOptions {
  /** Folder of the book's file, or `:memory:` for a book that ends with the process. */
  readonly home: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly webhook?: Omit<WebhookOptions, "clock">;
  /** File that notifications are appended to. */
  readonly file?: string;
  readonly policies?: readonly EscalationPolicy[];
}

/** Book, channels and escalator as one thing for the composition roots. */
export interface Alerting {
  readonly book: StoredAlertBook;
  readonly dispatcher: Dispatcher;
  readonly escalator: Escalator;
  /** Runs escalations in the background until the signal aborts or `close` is called. May be called once. */
  start(signal?: AbortSignal): void;
  /** Ends the background work, waits for it, and releases the file. */
  close(): Promise<void>;
}

/** Opens the book. Throws `storage_failed` with the path and the remedy. */
export function createAlerting(options: AlertingOptions): Alerting {
  const { clock, log, webhook, file } = options;
  const channels: readonly Channel[] = [
    createLogChannel(log),
    ...(file === undefined ? [] : [createFileChannel({ file, clock })]),
    ...(webhook === undefined ? [] : [createWebhookChannel({ ...webhook, clock })]),
  ];
  const book = createAlertBook({
    path: options.home === ":memory:" ? ":memory:" : path.join(options.home, ALERT_FILE_NAME),
    clock,
    policies: options.policies ?? seedPolicies(),
    channels: channels.map((channel) => channel.name),
    random: options.random,
  });
  const dispatcher = createDispatcher({ book, channels, clock, log });
  const escalator = createEscalator({ book, dispatcher, clock, log });
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  return {
    book,
    dispatcher,
    escalator,
    start(signal) {
      if (running !== undefined) throw new Error("the alerting was started already");
      running = escalator.run(signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]));
    },
    async close() {
      stopping.abort();
      await running;
      book.dispose();
    },
  };
}
