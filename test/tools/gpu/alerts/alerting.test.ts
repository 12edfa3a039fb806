import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { SIGNATURE_HEADER, isSignatureOf } from "../../../../lib/body-signature.ts";
import { createLog } from "../../../../lib/log.ts";
import { Secret } from "../../../../lib/secret.ts";
import type { RaiseAlert } from "../../../../tools/gpu/alerts/alert.ts";
import { type Alerting, type AlertingOptions, createAlerting } from "../../../../tools/gpu/alerts/alerting.ts";
import { createAlertBook } from "../../../../tools/gpu/alerts/alert-book.ts";
import { openAlertDatabase } from "../../../../tools/gpu/alerts/alert-database.ts";
import { createLogChannel } from "../../../../tools/gpu/alerts/channels/log-channel.ts";
import { createDispatcher } from "../../../../tools/gpu/alerts/dispatcher.ts";
import { createEscalator } from "../../../../tools/gpu/alerts/escalator.ts";
import { seedPolicies } from "../../../../tools/gpu/alerts/policies.ts";
import { readRetryAfter } from "../../../../tools/gpu/alerts/channels/webhook-channel.ts";
import { MAX_ATTEMPTS, retryPauseMs } from "../../../../tools/gpu/alerts/outbox.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { MINUTE_MS, type ManualClock, createManualClock } from "../../../support/manual-clock.ts";

const FAULT: RaiseAlert = {
  severity: "critical",
  title: "GPU 3 fell off the bus",
  analysis: "XID 79",
  remediationSteps: ["power-cycle the node"],
  node: "node-1",
  gpu: 3,
  rule: "xid.79",
  isSimulated: false,
};
const never = new AbortController().signal;
const SECRET = "a secret of the test";

let home: string;
let clock: ManualClock;
let receiver: Receiver;
let logged: string[];
const running: Alerting[] = [];

beforeEach(async () => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-alerting-"));
  clock = createManualClock();
  receiver = await startReceiver();
  logged = [];
});

afterEach(async () => {
  for (const alerting of running.splice(0)) await alerting.close();
  await receiver.close();
  rmSync(home, { recursive: true });
});

function start(options: Partial<AlertingOptions> = {}): Alerting {
  const log = createLog({ level: "info", destination: { write: (line: string) => void logged.push(line) } });
  const webhook = { url: receiver.url, secret: new Secret(SECRET), allowPrivate: true, timeoutMs: 2_000 };
  const alerting = createAlerting({ home, clock, random: () => 0.5, log, webhook, ...options });
  running.push(alerting);
  return alerting;
}

async function stop(alerting: Alerting): Promise<void> {
  running.splice(running.indexOf(alerting), 1);
  await alerting.close();
}

const webhookOf = (alerting: Alerting, id: string) =>
  alerting.book.notifications(id).filter(({ channel }) => channel === "webhook");
const recipientsOf = () =>
  receiver.received.map(
    ({ body }) => (JSON.parse(body) as { notification: { recipient: string } }).notification.recipient,
  );

describe("delivery", () => {
  it("posts a signed notification with an idempotency key, writes log and file, and records all three as sent", async () => {
    const file = path.join(home, "sub", "alerts.jsonl");
    const alerting = start({ file });
    const { alert } = alerting.book.raise(FAULT);
    const notifications = await alerting.dispatcher.deliverNow(alert.alert_id, never);
    expect(notifications.map(({ channel, status, attempts }) => [channel, status, attempts])).toEqual([
      ["log", "sent", 1],
      ["file", "sent", 1],
      ["webhook", "sent", 1],
    ]);
    const [request] = receiver.received;
    expect(request?.headers["content-type"]).toBe("application/json");
    expect(request?.headers["idempotency-key"]).toBe(`${alert.alert_id}:0:0:webhook`);
    expect(isSignatureOf(String(request?.headers[SIGNATURE_HEADER]), request?.body ?? "", SECRET)).toBe(true);
    expect(isSignatureOf(String(request?.headers[SIGNATURE_HEADER]), `${request?.body} `, SECRET)).toBe(false);
    expect(isSignatureOf("sha256=00", request?.body ?? "", SECRET)).toBe(false);
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      type: "alert.notification",
      notification: { recipient: "on-call: #gpu-incidents, PagerDuty", attempt: 1 },
      alert: { alert_id: alert.alert_id, title: FAULT.title },
    });
    const [line = ""] = readFileSync(file, "utf8").split("\n");
    expect(JSON.parse(line)).toMatchObject({ at: "2026-01-15T12:00:00.000Z", alert: { alert_id: alert.alert_id } });
    expect(logged.some((entry) => entry.includes(alert.alert_id) && entry.includes("alert notification"))).toBe(true);
    expect(logged.join("")).not.toContain(SECRET);
  });

  it("does not claim a record in a log that leaves the line out", async () => {
    const alerting = start({
      log: createLog({ level: "error", destination: { write: (line) => void logged.push(line) } }),
    });
    const { alert_id: id } = alerting.book.raise({ ...FAULT, severity: "info" }).alert;
    expect(await alerting.dispatcher.deliverNow(id, never)).toMatchObject([
      { channel: "log", status: "failed", error: "LOG_LEVEL=error leaves info lines out" },
    ]);
    expect(logged).toEqual([]);
  });

  it("sends no signature without a secret", async () => {
    const alerting = start({ webhook: { url: receiver.url, allowPrivate: true } });
    await alerting.dispatcher.deliverNow(alerting.book.raise(FAULT).alert.alert_id, never);
    expect(receiver.received[0]?.headers).not.toHaveProperty(SIGNATURE_HEADER);
  });

  it("tries again after an error, a cut connection and a 429, waits as asked, and ends as sent with one key", async () => {
    receiver.answer({ status: 500 }, "cut", { status: 429, headers: { "retry-after": "120" } }, { status: 200 });
    const alerting = start();
    const id = alerting.book.raise(FAULT).alert.alert_id;
    const [first] = (await alerting.dispatcher.deliverNow(id, never)).filter(({ channel }) => channel === "webhook");
    expect(first).toMatchObject({
      status: "queued",
      attempts: 1,
      error: "the webhook answered 500",
      due_at: "2026-01-15T12:00:01.500Z",
    });
    clock.jump(1_499);
    expect(await alerting.escalator.tick(never)).toMatchObject({ sent: 0, notSent: 0 });
    clock.jump(1);
    await alerting.escalator.tick(never);
    expect(webhookOf(alerting, id)[0]).toMatchObject({
      status: "queued",
      attempts: 2,
      error: expect.stringMatching(/cannot reach 127/) as string,
    });
    clock.jump(3_000);
    await alerting.escalator.tick(never);
    expect(webhookOf(alerting, id)[0]).toMatchObject({ attempts: 3, due_at: "2026-01-15T12:02:04.500Z" });
    clock.jump(120_000);
    await alerting.escalator.tick(never);
    expect(webhookOf(alerting, id)[0]).toMatchObject({ status: "sent", attempts: 4 });
    expect(webhookOf(alerting, id)[0]).not.toHaveProperty("error");
    expect(new Set(receiver.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  });

  it("gives up at once on an answer that no further try can change", async () => {
    const alerting = start();
    const expectations = [
      [{ status: 404 }, /answered 404/],
      [{ status: 301, headers: { location: "/other" } }, /answered 301; redirects are not followed/],
    ] as const;
    for (const [position, [answer, error]] of expectations.entries()) {
      receiver.answer(answer);
      const id = alerting.book.raise({ ...FAULT, gpu: position }).alert.alert_id;
      await alerting.dispatcher.deliverNow(id, never);
      expect(webhookOf(alerting, id)).toMatchObject([
        { status: "failed", error: expect.stringMatching(error) as string },
      ]);
    }
    expect(receiver.received).toHaveLength(2);
  });

  it("refuses a webhook at a private address and connects to nothing", async () => {
    const alerting = start({ webhook: { url: receiver.url, allowPrivate: false } });
    const id = alerting.book.raise(FAULT).alert.alert_id;
    await alerting.dispatcher.deliverNow(id, never);
    expect(webhookOf(alerting, id)).toMatchObject([
      { status: "failed", error: expect.stringMatching(/not a public address.*OUTBOUND_ALLOW_PRIVATE/) as string },
    ]);
    expect(receiver.received).toEqual([]);
  });

  it("stops after the last attempt and says what the last one met", async () => {
    receiver.answer({ status: 503 });
    const alerting = start();
    const id = alerting.book.raise({ ...FAULT, severity: "warning" }).alert.alert_id;
    for (let attempt = 0; attempt < MAX_ATTEMPTS + 3; attempt += 1) {
      await alerting.escalator.tick(never);
      clock.jump(700_000);
    }
    const [first] = webhookOf(alerting, id);
    expect(first).toMatchObject({
      step: 0,
      status: "failed",
      attempts: MAX_ATTEMPTS,
      error: "the webhook answered 503",
    });
  });

  it("does not keep a caller waiting for a receiver that hangs, and tries again later", async () => {
    receiver.answer("hang", { status: 200 });
    const alerting = start({ webhook: { url: receiver.url, allowPrivate: true, timeoutMs: 40 } });
    const id = alerting.book.raise(FAULT).alert.alert_id;
    await alerting.dispatcher.deliverNow(id, never);
    expect(webhookOf(alerting, id)).toMatchObject([
      { status: "queued", attempts: 1, error: expect.stringMatching(/no answer within 40 ms/) as string },
    ]);
    clock.jump(MINUTE_MS);
    await alerting.escalator.tick(never);
    expect(webhookOf(alerting, id)).toMatchObject([{ status: "sent", attempts: 2 }]);
  });

  it("sends nothing that was acknowledged meanwhile", async () => {
    receiver.answer({ status: 500 }, { status: 200 });
    const alerting = start();
    const id = alerting.book.raise(FAULT).alert.alert_id;
    await alerting.dispatcher.deliverNow(id, never);
    alerting.book.acknowledge(id, "ana");
    for (let minute = 0; minute < 120; minute += 1) {
      clock.jump(MINUTE_MS);
      await alerting.escalator.tick(never);
    }
    expect(receiver.received).toHaveLength(1);
    expect(webhookOf(alerting, id)).toMatchObject([{ status: "cancelled", attempts: 1 }]);
  });

  it("records a message that was accepted while somebody acknowledged as sent, because it was", async () => {
    const alerting = start();
    const id = alerting.book.raise(FAULT).alert.alert_id;
    const channels = ["webhook"];
    const [claimed] = alerting.book.outbox.claim({ channels, nowMs: clock.now(), limit: 9 });
    alerting.book.acknowledge(id);
    alerting.book.outbox.record(claimed?.notification.id ?? "", { status: "accepted" }, clock.now());
    expect(webhookOf(alerting, id)).toMatchObject([{ status: "sent" }]);
  });

  it("keeps the notification queued when the file cannot be written", async () => {
    writeFileSync(path.join(home, "plain"), "");
    const alerting = start({ file: path.join(home, "plain", "alerts.jsonl") });
    const id = alerting.book.raise(FAULT).alert.alert_id;
    const notifications = await alerting.dispatcher.deliverNow(id, never);
    expect(notifications.find(({ channel }) => channel === "file")).toMatchObject({
      status: "queued",
      error: expect.stringMatching(/cannot append to .*plain/) as string,
    });
  });
});

describe("claims", () => {
  it("give a notification to one process at a time, and to another when the first one died", () => {
    const left = start();
    const right = start();
    const id = left.book.raise(FAULT).alert.alert_id;
    const options = { channels: ["webhook"], nowMs: clock.now(), limit: 10 };
    const [first] = left.book.outbox.claim(options);
    expect(right.book.outbox.claim(options)).toEqual([]);
    const [second] = right.book.outbox.claim({ ...options, nowMs: clock.now() + 60_000 });
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
    expect(second?.notification).toMatchObject({ alert_id: id, attempts: 2 });
  });

  it("do not go on for ever when every attempt ends the process", () => {
    const { book } = start();
    const id = book.raise(FAULT).alert.alert_id;
    for (let attempt = 0; attempt <= MAX_ATTEMPTS; attempt += 1) {
      book.outbox.claim({ channels: ["webhook"], nowMs: clock.now() + attempt * 60_000, limit: 10 });
    }
    expect(book.notifications(id).find(({ channel }) => channel === "webhook")).toMatchObject({
      status: "failed",
      attempts: MAX_ATTEMPTS,
      error: expect.stringMatching(/not known/) as string,
    });
  });

  it("leave channels that this process does not have to one that does", async () => {
    const withWebhook = start();
    const id = withWebhook.book.raise(FAULT).alert.alert_id;
    const without = start({ webhook: undefined });
    await without.escalator.tick(never);
    expect(webhookOf(without, id)).toMatchObject([{ status: "queued", attempts: 0 }]);
  });
});

describe("escalation in virtual time", () => {
  it("walks through on-call, secondary and manager, three times more, and then is silent", async () => {
    const alerting = start();
    alerting.book.raise(FAULT);
    for (let minute = 0; minute <= 24 * 60; minute += 1) {
      await alerting.escalator.tick(never);
      clock.jump(MINUTE_MS);
    }
    const round = ["on-call: #gpu-incidents, PagerDuty", "secondary: PagerDuty", "manager: PagerDuty"];
    expect(recipientsOf()).toEqual([...round, ...round, ...round, ...round]);
  });

  it("records info and tells nobody", async () => {
    const alerting = start();
    const id = alerting.book.raise({ ...FAULT, severity: "info" }).alert.alert_id;
    await alerting.escalator.tick(never);
    expect(receiver.received).toEqual([]);
    expect(alerting.book.notifications(id)).toMatchObject([{ channel: "log", status: "sent" }]);
  });

  it("wakes a snoozed alert and begins with on-call again", async () => {
    const alerting = start();
    const id = alerting.book.raise(FAULT).alert.alert_id;
    await alerting.escalator.tick(never);
    alerting.book.snooze(id, clock.now() + 45 * MINUTE_MS);
    clock.jump(44 * MINUTE_MS);
    await alerting.escalator.tick(never);
    expect(receiver.received).toHaveLength(1);
    clock.jump(MINUTE_MS);
    expect(await alerting.escalator.tick(never)).toMatchObject({ woken: 1, stepsRun: 1 });
    expect(recipientsOf().at(-1)).toBe("on-call: #gpu-incidents, PagerDuty");
  });

  it("catches up after an outage with one step an alert, and goes on from there", async () => {
    const before = start();
    for (let gpu = 0; gpu < 8; gpu += 1) before.book.raise({ ...FAULT, gpu });
    await before.escalator.tick(never);
    await stop(before);
    receiver.received.length = 0;
    clock.jump(24 * 60 * MINUTE_MS);
    const after = start();
    expect(await after.escalator.tick(never)).toMatchObject({ stepsRun: 8, sent: 16 });
    expect(await after.escalator.tick(never)).toMatchObject({ stepsRun: 0, sent: 0 });
    expect(new Set(recipientsOf())).toEqual(new Set(["secondary: PagerDuty"]));
    clock.jump(10 * MINUTE_MS);
    await after.escalator.tick(never);
    expect(recipientsOf().at(-1)).toBe("manager: PagerDuty");
  });

  it("goes on by itself once started, and ends when closed", async () => {
    const alerting = start();
    alerting.start();
    expect(() => alerting.start()).toThrow(/started already/);
    const id = alerting.book.raise(FAULT).alert.alert_id;
    await until(() => webhookOf(alerting, id)[0]?.status === "sent");
    clock.jump(5 * MINUTE_MS);
    await until(() => recipientsOf().includes("secondary: PagerDuty"));
    await stop(alerting);
    expect(clock.sleeperCount()).toBe(0);
    expect(() => alerting.book.get(id)).toThrow();
  });

  it("logs a store that fails and goes on when it works again", async () => {
    const database = openAlertDatabase(path.join(home, "alerts.sqlite"));
    const log = createLog({ level: "info", destination: { write: (line: string) => void logged.push(line) } });
    const channels = [createLogChannel(log)];
    const names = channels.map(({ name }) => name);
    const book = createAlertBook({ path: "", database, clock, policies: seedPolicies(), channels: names });
    const dispatcher = createDispatcher({ book, channels, clock, log });
    const stopping = new AbortController();
    const id = book.raise(FAULT).alert.alert_id;
    database.sqlite.pragma("query_only = ON");
    const ended = createEscalator({ book, dispatcher, clock, log }).run(stopping.signal);
    await until(() => logged.some((line) => line.includes("is tried again") && line.includes("cannot be written")));
    database.sqlite.pragma("query_only = OFF");
    await until(() => book.notifications(id)[0]?.status === "sent");
    stopping.abort();
    await expect(ended).resolves.toBeUndefined();
    book.dispose();
  });
});

/** Lets pending I/O happen and moves the clock a little until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isSo(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.jump(1);
  }
  expect(isSo()).toBe(true);
}

describe("retryPauseMs", () => {
  it("doubles, keeps half of it random, is bounded, and honours what the receiver asks for", () => {
    expect([1, 2, 3].map((attempts) => retryPauseMs(attempts, () => 0))).toEqual([1_000, 2_000, 4_000]);
    expect(retryPauseMs(1, () => 0.999)).toBe(1_999);
    expect(retryPauseMs(50, () => 0.5)).toBe(450_000);
    expect(retryPauseMs(1, () => 0, 90_000)).toBe(90_000);
    expect(retryPauseMs(1, () => 0, 1e12)).toBe(3_600_000);
  });
});

describe("readRetryAfter", () => {
  it("reads seconds and HTTP dates, and nothing else", () => {
    const nowMs = Date.UTC(2026, 0, 15, 12);
    expect(readRetryAfter("30", nowMs)).toBe(30_000);
    expect(readRetryAfter("Thu, 15 Jan 2026 12:01:00 GMT", nowMs)).toBe(60_000);
    expect(readRetryAfter("Thu, 15 Jan 2026 11:00:00 GMT", nowMs)).toBe(0);
    expect(readRetryAfter("soon", nowMs)).toBeUndefined();
    expect(readRetryAfter(undefined, nowMs)).toBeUndefined();
  });
});
