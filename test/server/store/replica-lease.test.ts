import { afterEach, describe, expect, it, vi } from "vitest";

import type { Clock } from "../../../lib/clock.ts";
import { newUuid } from "../../../lib/ids.ts";
import { type Storage, openStorage } from "../../../server/store/open-storage.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import { createTestRun } from "../../support/test-run.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Replicas {
  readonly postgres: TestPostgres;
  readonly uri: string;
  /** A silent one says nothing after its first word. */
  readonly open: (options?: { readonly isSilent?: boolean }) => Promise<Storage>;
  /** Pauses between words so far. */
  readonly pauses: () => number;
  readonly pass: (ms: number) => void;
  /** As if no word had come from the process for longer than its lease. */
  readonly miss: (storage: Storage) => Promise<unknown>;
}

async function start(): Promise<Replicas> {
  const postgres = await startTestPostgres();
  closers.push(() => postgres.stop());
  const uri = await postgres.createSchema();
  let pauseCount = 0;
  let aheadMs = 0;
  return {
    postgres,
    uri,
    pauses: () => pauseCount,
    pass: (ms) => {
      aheadMs += ms;
    },
    open: async ({ isSilent = false } = {}) => {
      const clock: Clock = {
        now: () => Date.now() + aheadMs,
        sleep: (_ms, signal) =>
          new Promise<void>((resolve) => {
            pauseCount += 1;
            // Timers that fire at once: a heart that beats all the time.
            if (!isSilent) setTimeout(resolve, 20);
            signal?.addEventListener("abort", () => resolve(), { once: true });
          }),
      };
      const storage = await openStorage({ home: "", databaseUri: uri, clock });
      closers.push(() => storage.close());
      await storage.guard.tryAcquire();
      return storage;
    },
    miss: ({ guard }) =>
      postgres.query(`update ${schemaOf(uri)}.replicas set lease_until = 0 where replica_id = $1`, [guard.owner]),
  };
}

describe.skipIf(!hasPostgres())("processes that share the runs of one Postgres", () => {
  it("leave the runs and webhooks of one that died to the others", async () => {
    const { open, postgres, uri } = await start();
    const alive = await open();
    const { guard, store } = alive;
    const [mine, theirs] = [createTestRun({ owner: guard.owner }), createTestRun({ runId: "theirs", owner: "dead" })];
    for (const run of [mine, theirs]) await store.runs.insert({ ...run, threadId: newUuid(), status: "running" });
    const webhook = { runId: "theirs", threadId: "thread", url: "https://a.example", body: "{}", createdAtMs: 1 };
    await store.runWebhooks.insert(webhook, "dead");
    const insert = `insert into ${schemaOf(uri)}.replicas (replica_id, lease_until) values ('dead', $1)`;
    await postgres.query(insert, [Date.now() + 60_000]);
    expect(await guard.reap()).toBe(false);
    await postgres.query(`update ${schemaOf(uri)}.replicas set lease_until = 1 where replica_id = 'dead'`);
    expect([await guard.reap(), await guard.reap()]).toEqual([true, false]);
    expect([(await store.runs.get("run"))?.owner, (await store.runs.get("theirs"))?.owner]).toEqual([
      guard.owner,
      null,
    ]);
    expect(await store.runWebhooks.claim(guard.owner, 10, [])).toEqual([webhook]);
  });

  it("keep the word of one whose lease ran out as long as nobody missed it", async () => {
    const { open, miss, postgres, uri } = await start();
    const storage = await open();
    const lost = vi.fn<(reason: string) => void>();
    storage.guard.onLost(lost);
    const { owner } = storage.guard;
    await miss(storage);
    await vi.waitFor(async () => {
      const rows = await postgres.query(`select from ${schemaOf(uri)}.replicas where lease_until > 0`);
      expect(rows).toHaveLength(1);
    });
    expect(await storage.guard.reap()).toBe(false);
    expect(storage.guard.owner).toBe(owner);
    expect(lost).not.toHaveBeenCalled();
  });

  it("do not miss themselves", async () => {
    const { open, miss } = await start();
    const [late, other] = [await open({ isSilent: true }), await open({ isSilent: true })];
    await late.store.runs.insert(createTestRun({ owner: late.guard.owner, status: "running" }));
    await miss(late);
    expect(await late.guard.reap()).toBe(false);
    expect(await late.store.runs.get("run")).toMatchObject({ owner: late.guard.owner });
    expect(await other.guard.reap()).toBe(true);
    expect(await late.store.runs.get("run")).toMatchObject({ owner: null });
  });

  it("do not take each other for dead because the database did not answer for a time", async () => {
    const { open, miss, pass, pauses, postgres, uri } = await start();
    const [back, late] = [await open(), await open({ isSilent: true })];
    await postgres.query(`alter table ${schemaOf(uri)}.replicas rename to unreachable`);
    const before = pauses();
    // Two pauses, and between them a word that was not taken.
    await vi.waitFor(() => expect(pauses()).toBeGreaterThan(before + 1));
    await postgres.query(`alter table ${schemaOf(uri)}.unreachable rename to replicas`);
    await miss(late);
    expect(await back.guard.reap()).toBe(false);
    const after = pauses();
    await vi.waitFor(() => expect(pauses()).toBeGreaterThan(after + 1));
    expect(await back.guard.reap()).toBe(false);
    pass(10_000);
    expect(await back.guard.reap()).toBe(true);
  });

  it("tell the one that was missed, which goes on as another", async () => {
    const { open, postgres, uri } = await start();
    const missed = await open();
    const { owner } = missed.guard;
    const lost = new Promise<string>((resolve) => missed.guard.onLost(resolve));
    await postgres.query(`delete from ${schemaOf(uri)}.replicas where replica_id = $1`, [owner]);
    expect(await lost).toContain("others may have taken its runs");
    expect(missed.guard.owner).not.toBe(owner);
    const rows = await postgres.query(`select replica_id from ${schemaOf(uri)}.replicas`);
    expect(rows).toEqual([{ replica_id: missed.guard.owner }]);
  });

  it("leave what one had as soon as it goes", async () => {
    const { open } = await start();
    const [leaving, staying] = [await open(), await open()];
    await leaving.store.runs.insert(createTestRun({ owner: leaving.guard.owner }));
    await leaving.guard.release();
    expect(await staying.store.runs.get("run")).toMatchObject({ owner: null });
  });

  it("hear what the others say", async () => {
    const { open } = await start();
    const [first, second] = [await open(), await open()];
    const heard = new Promise((resolve) => second.bus.listen(resolve));
    first.bus.send({ kind: "stop", runId: "run" });
    expect(await heard).toEqual({ kind: "stop", runId: "run" });
  });

  it("look for themselves after their connection was lost", async () => {
    const { open, postgres } = await start();
    const { bus } = await open();
    const missed = new Promise((resolve) => bus.listen(resolve));
    await postgres.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nemops bus'",
    );
    expect(await missed).toEqual({ kind: "missed" });
    const heard = new Promise((resolve) => bus.listen(resolve));
    bus.send({ kind: "waiting" });
    expect(await heard).toEqual({ kind: "waiting" });
  });
});
