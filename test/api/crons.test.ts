import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, describe, expect, it, vi } from "vitest";

import { nextTime } from "../../server/crons/schedule.ts";
import { type ManualClock, createManualClock } from "../support/manual-clock.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { openTestStorage } from "../support/test-storage.ts";
import { SDKS } from "./clients.ts";

/** A Monday, 09:59:00 UTC. */
const START_MS = Date.UTC(2026, 5, 1, 9, 59);
const MINUTE_MS = 60_000;
/** What always sleeps: the scheduler of crons, the sweepers, and on Postgres what looks after shared runs and their events. */
const SLEEPERS = process.env["TEST_POSTGRES_URL"] === undefined ? 4 : 6;
const [current] = SDKS;

const open: TestApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function start(clock: ManualClock, home?: string): Promise<TestApp> {
  const app = await startTestApp({ clock, isListening: true, ...(home === undefined ? {} : { home }) });
  open.push(app);
  return app;
}

/** Moves the time when what works on its own, the scheduler of crons with it, has done what was due and sleeps. */
async function advance(clock: ManualClock, ms: number): Promise<void> {
  await vi.waitFor(() => expect(clock.sleeperCount()).toBeGreaterThanOrEqual(SLEEPERS));
  await clock.advance(ms);
}

const input = { messages: [{ role: "user", content: "tick" }] };
const say = { input };

async function runsOf(app: TestApp, threadId: string): Promise<string[]> {
  const runs = await current.connect(app.url).runs.list(threadId, { limit: 100 });
  return runs.map(({ status }) => status);
}

async function createCron(app: TestApp): Promise<{ cron_id: string }> {
  const payload = { assistant_id: "echo", schedule: "* * * * *", ...say };
  return (await app.app.inject({ method: "POST", url: "/runs/crons", payload })).json<{ cron_id: string }>();
}

describe.each(SDKS)("$name crons", ({ connect }) => {
  it("start a run on their thread at every time, and none after they are deleted", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = connect(app.url);
    const { thread_id: threadId } = await client.threads.create();
    const created = await client.crons.createForThread(threadId, "echo", { schedule: "*/2 * * * *", ...say });
    expect(created).toMatchObject({ schedule: "*/2 * * * *", thread_id: threadId });
    const [cron] = await client.crons.search({ threadId });
    if (cron === undefined) throw new Error("the cron is not found");
    expect(cron).toMatchObject({ next_run_date: "2026-06-01T10:00:00.000Z", payload: { input } });

    await advance(clock, MINUTE_MS);
    await vi.waitFor(async () => expect(await runsOf(app, threadId)).toEqual(["success"]));
    await advance(clock, MINUTE_MS);
    await advance(clock, MINUTE_MS);
    await vi.waitFor(async () => expect(await runsOf(app, threadId)).toEqual(["success", "success"]));
    await client.crons.delete(cron.cron_id);
    for (let minute = 0; minute < 4; minute += 1) await advance(clock, MINUTE_MS);
    expect(await runsOf(app, threadId)).toHaveLength(2);
    await expect(client.crons.delete(cron.cron_id)).rejects.toThrow(/404.*Cron not found/);
  });
});

describe("a cron", () => {
  it("keeps the threads of its runs when told to", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = current.connect(app.url);
    await client.crons.create("echo", {
      schedule: "0 10 * * *",
      onRunCompleted: "keep",
      metadata: { job: "daily" },
      ...say,
    });
    await client.crons.create("echo", { schedule: "0 10 * * *", metadata: { job: "dropped" }, ...say });
    await advance(clock, MINUTE_MS);
    await vi.waitFor(async () => {
      const threads = await client.threads.search({ metadata: { job: "daily" } });
      expect(threads.map(({ status, values }) => [status, values])).toEqual([
        ["idle", expect.objectContaining({ messages: expect.any(Array) })],
      ]);
    });
    expect(await client.threads.count({ metadata: { job: "dropped" } })).toBe(0);
  });

  it("can be changed, paused, counted and found by what it is", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = current.connect(app.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.crons.createForThread(threadId, "echo", { schedule: "0 0 * * *", metadata: { kind: "a" }, ...say });
    await client.crons.create("two_nodes", { schedule: "0 0 1 1 *", enabled: false });
    const [cron] = await client.crons.search({ metadata: { kind: "a" } });
    const id = cron?.cron_id ?? "";
    expect([await client.crons.count(), await client.crons.count({ assistantId: "two_nodes" })]).toEqual([2, 1]);
    expect((await client.crons.search({ enabled: false })).map((found) => found.next_run_date)).toEqual([null]);
    expect(await client.crons.update(id, { schedule: "0 12 * * *", timezone: "America/New_York" })).toMatchObject({
      next_run_date: "2026-06-01T16:00:00.000Z",
      timezone: "America/New_York",
      payload: { input },
    });
    expect(await client.crons.update(id, { enabled: false })).toMatchObject({ enabled: false, next_run_date: null });
    await clock.advance(8 * 60 * MINUTE_MS);
    expect(await runsOf(app, threadId)).toEqual([]);
    expect(await client.crons.update(id, { enabled: true })).toMatchObject({
      next_run_date: "2026-06-02T16:00:00.000Z",
    });
  });

  it("ends at its end time", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = current.connect(app.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.crons.createForThread(threadId, "echo", {
      schedule: "* * * * *",
      endTime: "2026-06-01T10:01:30Z",
      ...say,
    });
    for (let minute = 0; minute < 5; minute += 1) {
      await advance(clock, MINUTE_MS);
      await vi.waitFor(async () => expect(await runsOf(app, threadId)).toHaveLength(Math.min(minute + 1, 2)));
    }
    expect((await client.crons.search({ threadId }))[0]).toMatchObject({ next_run_date: null, enabled: true });
  });

  it("survives a restart: what was missed runs once, and nothing twice", async () => {
    const home = mkdtempSync(path.join(tmpdir(), "nemops-crons-"));
    const clock = createManualClock(START_MS);
    const before = await start(clock, home);
    const client = current.connect(before.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.crons.createForThread(threadId, "echo", { schedule: "* * * * *", ...say });
    await advance(clock, MINUTE_MS);
    await vi.waitFor(async () => expect(await runsOf(before, threadId)).toEqual(["success"]));
    await before.close();
    open.splice(0);
    // Five times pass while no process runs.
    await clock.advance(5 * MINUTE_MS);
    const after = await start(clock, home);
    await vi.waitFor(async () => expect(await runsOf(after, threadId)).toEqual(["success", "success"]));
    await advance(clock, MINUTE_MS);
    await vi.waitFor(async () => expect(await runsOf(after, threadId)).toHaveLength(3));
  });

  it("is moved to its next time by one process only", async () => {
    const home = mkdtempSync(path.join(tmpdir(), "nemops-crons-"));
    const clock = createManualClock(START_MS);
    const app = await start(clock, home);
    const { cron_id: id } = await createCron(app);
    const other = await openTestStorage(home);
    const due = Date.UTC(2026, 5, 1, 10, 0);
    expect([
      await other.store.crons.advance(id, due, due + MINUTE_MS),
      await app.store.crons.advance(id, due, due + MINUTE_MS),
    ]).toEqual([true, false]);
    await other.close();
    // The run of 10:00 belongs to whoever moved the cron; this process starts none for it.
    await advance(clock, MINUTE_MS);
    expect(await app.store.runs.unfinished()).toEqual([]);
  });

  it("that cannot run does not hold up the others", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = current.connect(app.url);
    const { thread_id: threadId } = await client.threads.create();
    const { thread_id: idle } = await client.threads.create();
    // An answer to an interrupt that the thread will never have.
    const payload = { assistant_id: "approval", schedule: "* * * * *", command: { resume: "yes" } };
    await app.app.inject({ method: "POST", url: `/threads/${idle}/runs/crons`, payload });
    expect(await client.crons.count()).toBe(1);
    await client.crons.createForThread(threadId, "echo", { schedule: "* * * * *", ...say });
    for (let minute = 1; minute <= 2; minute += 1) {
      await advance(clock, MINUTE_MS);
      await vi.waitFor(async () => expect((await runsOf(app, threadId)).length).toBe(minute));
    }
  });

  it("goes with its thread and with its assistant", async () => {
    const clock = createManualClock(START_MS);
    const app = await start(clock);
    const client = current.connect(app.url);
    const { thread_id: threadId } = await client.threads.create();
    const { assistant_id: assistantId } = await client.assistants.create({ graphId: "echo" });
    await client.crons.createForThread(threadId, "echo", { schedule: "* * * * *", ...say });
    await client.crons.create(assistantId, { schedule: "* * * * *", ...say });
    await client.threads.delete(threadId);
    await client.assistants.delete(assistantId);
    expect(await client.crons.count()).toBe(0);
  });
});

describe("bad crons", () => {
  it.each([
    [{ schedule: "every day" }, /schedule.*every day/],
    [{ schedule: "61 * * * *" }, /schedule/],
    [{ schedule: "* * * * *", timezone: "Mars/Olympus" }, /^timezone: .*Mars\/Olympus/],
    [{ schedule: "* * * * *", end_time: "2020-01-01T00:00:00Z" }, /no time to run at before its end/],
    [{ schedule: "* * * * *", end_time: "soon" }, /end_time/],
    [{ schedule: "0 0 30 2 *" }, /no time to run/],
    [{}, /schedule/],
    // What no run could be started with is refused now and not at every time of the schedule.
    [{ schedule: "* * * * *", webhook: "http://127.0.0.1/hook" }, /^webhook: .*not a public address/],
    [{ schedule: "* * * * *", interrupt_before: ["nowhere"] }, /^interrupt_before: no node "nowhere"/],
    [{ schedule: "* * * * *", feedback_keys: ["score"] }, /^feedback_keys: is not supported/],
    [{ schedule: "* * * * *", command: { resume: "yes" } }, /^command.resume: there is no interrupted run/],
    [{ schedule: "* * * * *", command: { goto: "reply" }, input: { messages: [] } }, /^input: must be absent/],
  ])("%j is refused with the reason", async (body, message) => {
    const app = await start(createManualClock(START_MS));
    const answer = await app.app.inject({
      method: "POST",
      url: "/runs/crons",
      payload: { assistant_id: "echo", ...body },
    });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      422,
      expect.stringMatching(message),
    ]);
  });
});

describe("a cron that is changed", () => {
  it("keeps what it was when the change is refused, and can be switched off whatever it asks for", async () => {
    const app = await start(createManualClock(START_MS));
    const { cron_id: id } = await createCron(app);
    const patch = async (payload: object): Promise<number> =>
      (await app.app.inject({ method: "PATCH", url: `/runs/crons/${id}`, payload })).statusCode;
    expect(await patch({ interrupt_after: ["nowhere"] })).toBe(422);
    const [cron] = await current.connect(app.url).crons.search();
    expect(cron?.payload).not.toHaveProperty("interrupt_after");
    expect(await patch({ interrupt_after: ["nowhere"], enabled: false })).toBe(200);
    expect(await patch({ enabled: true })).toBe(422);
  });
});

describe("times of a schedule", () => {
  const at = (text: string): number => Date.parse(text);
  it.each([
    ["0 9 * * MON-FRI", "Europe/Berlin", "2026-06-05T07:00:00Z", "2026-06-08T07:00:00Z"],
    // Clocks go forward at 02:00 on 2026-03-29: the skipped 02:30 runs once, after the gap.
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"],
    // Clocks go back at 03:00 on 2026-10-25: the doubled 02:30 runs once.
    ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    ["@daily", null, "2026-06-05T07:00:00Z", "2026-06-06T00:00:00Z"],
    ["*/30 * * * * *", null, "2026-06-05T07:00:01Z", "2026-06-05T07:00:30Z"],
  ])("%s in %s after %s is %s", (expression, timezone, after, expected) => {
    const next = nextTime({ expression, timezone }, at(after));
    expect(new Date(next ?? 0).toISOString()).toBe(new Date(at(expected)).toISOString());
  });
});
