import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Run } from "../../../server/store/runs.ts";
import type { Store } from "../../../server/store/store.ts";
import { createTestRun } from "../../support/test-run.ts";
import { NOW_MS } from "./support.ts";

/** Who executes which run; several processes ask one store. */
export function describeRunOwnership(store: () => Store): void {
  const insert = async (changes: Partial<Run> = {}): Promise<Run> => {
    const run = createTestRun({ runId: newUuid(), threadId: newUuid(), owner: null, startAtMs: NOW_MS, ...changes });
    await store().runs.insert(run);
    return run;
  };
  const claim = async (owner: string, { nowMs = NOW_MS, limit = 100 } = {}): Promise<readonly string[]> => {
    const claimed = await store().transaction(async ({ runs }) =>
      runs.claim(await runs.lockClaimable(nowMs, limit), owner, nowMs),
    );
    return claimed.map(({ runId }) => runId);
  };
  /** Runs of other cases do not matter. */
  const claimOf = async (runs: readonly Run[], owner: string, nowMs = NOW_MS): Promise<readonly number[]> => {
    const claimed = await claim(owner, { nowMs });
    return claimed.map((runId) => runs.findIndex((run) => run.runId === runId)).filter((index) => index >= 0);
  };
  const get = (run: Run): Promise<Run | undefined> => store().runs.get(run.runId);

  describe("a run that nobody has", () => {
    it("is claimed once, by whoever asks first", async () => {
      const run = await insert();
      expect(await claimOf([run], "first")).toEqual([0]);
      expect(await claimOf([run], "second")).toEqual([]);
      expect(await get(run)).toMatchObject({ owner: "first", status: "pending" });
    });

    it("is claimed by one of many that ask at once", async () => {
      const runs = await Promise.all(Array.from({ length: 20 }, () => insert()));
      const owners = ["a", "b", "c", "d"];
      const claimed: number[] = [];
      // A claim leaves out what another one looks at, so that one may be left for the next.
      while (claimed.length < runs.length) {
        const found = await Promise.all(owners.map((owner) => claimOf(runs, owner)));
        claimed.push(...found.flat());
      }
      expect(claimed.toSorted((left, right) => left - right)).toEqual(runs.map((_, index) => index));
    });

    it("waits for its time", async () => {
      const run = await insert({ startAtMs: NOW_MS + 1_000 });
      expect(await claimOf([run], "me")).toEqual([]);
      expect(await claimOf([run], "me", NOW_MS + 1_000)).toEqual([0]);
    });

    it("waits for the run of its thread that somebody has, and for those that were accepted before it", async () => {
      const threadId = newUuid();
      const running = await insert({ threadId, status: "running", owner: "other", attempt: 1 });
      const runs = [await insert({ threadId }), await insert({ threadId })];
      expect(await claimOf(runs, "me")).toEqual([]);
      await store().runs.setStatus({ runId: running.runId, owner: "other" }, "success", 1, NOW_MS);
      expect(await claimOf(runs, "me")).toEqual([0]);
      expect(await claimOf(runs, "me")).toEqual([]);
      await store().runs.setStatus({ runId: runs[0]?.runId ?? "", owner: "me" }, "error", 1, NOW_MS);
      expect(await claimOf(runs, "me")).toEqual([1]);
    });

    it("does not wait for its time where the clock is behind that of the process that accepted it", async () => {
      const threadId = newUuid();
      const ahead = { threadId, createdAtMs: NOW_MS + 5_000, startAtMs: NOW_MS + 5_000 };
      const runs = [await insert(ahead), await insert({ threadId })];
      expect(await claimOf(runs, "me")).toEqual([0]);
    });

    it("does not wait for one of its thread whose time has not come, but for one that was begun", async () => {
      const threadId = newUuid();
      const delayed = [await insert({ threadId, startAtMs: NOW_MS + 1 }), await insert({ threadId })];
      expect(await claimOf(delayed, "me")).toEqual([1]);
      const begun = [await insert({ threadId: "begun" }), await insert({ threadId: "begun", attempt: 1 })];
      expect(await claimOf(begun, "me")).toEqual([1]);
    });

    it("is claimed at once when it is to be stopped", async () => {
      const threadId = newUuid();
      await insert({ threadId, status: "running", owner: "other", attempt: 1 });
      const run = await insert({ threadId, startAtMs: NOW_MS + 1_000 });
      await store().runs.requestStop(run.runId, "cancel");
      expect(await claimOf([run], "me")).toEqual([0]);
      expect(await get(run)).toMatchObject({ stopRequested: "cancel" });
    });
  });

  describe("a run of one owner", () => {
    it("is not changed, deleted or added to by another", async () => {
      const run = await insert({ owner: "me", status: "running", attempt: 1 });
      const [mine, theirs] = ["me", "them"].map((owner) => ({ runId: run.runId, owner }));
      if (mine === undefined || theirs === undefined) throw new Error("two owners");
      expect(await store().runs.setStatus(theirs, "success", 1, NOW_MS)).toBeUndefined();
      expect(await store().runs.deleteUnfollowed(theirs)).toBe(false);
      const batch = { firstSeq: 0, entries: [["values", "1"]] } as const;
      expect(await store().runEvents.append(theirs, batch, NOW_MS)).toBe(false);
      expect([await get(run), await store().runEvents.read(run.runId)]).toEqual([
        expect.objectContaining({ status: "running" }),
        [],
      ]);
      expect(await store().runEvents.append(mine, batch, NOW_MS)).toBe(true);
      expect(await store().runs.deleteUnfollowed(mine)).toBe(true);
    });

    it("waits again when it is released, by its owner only and unless it has ended", async () => {
      const [running, ended] = [
        await insert({ owner: "me", status: "running", attempt: 1 }),
        await insert({ owner: "me", status: "success", attempt: 1 }),
      ];
      const ids = [running.runId, ended.runId];
      await store().runs.release(ids, "them");
      expect(await get(running)).toMatchObject({ owner: "me" });
      await store().runs.release(ids, "me");
      expect([await get(running), await get(ended)]).toMatchObject([
        { owner: null, status: "pending", attempt: 1 },
        { owner: "me", status: "success" },
      ]);
      expect(await claimOf([running, ended], "them")).toEqual([0]);
    });

    it("tells its owner who wants it stopped and that it is followed, and keeps it until those have heard", async () => {
      const run = await insert({ owner: "noticing", status: "running", attempt: 1 });
      expect(await store().runs.noticesFor("noticing")).toEqual([]);
      expect(await store().runs.follow(run.runId, "reader")).toMatchObject({ followedBy: "reader" });
      await store().runs.requestStop(run.runId, "rollback");
      const notice = { stopRequested: "rollback", isFollowed: true };
      expect(await store().runs.noticesFor("noticing")).toEqual([{ runId: run.runId, ...notice }]);
      const owned = { runId: run.runId, owner: "noticing" };
      expect(await store().runs.deleteUnfollowed(owned)).toBe(false);
      expect(await store().runs.setStatus(owned, "interrupted", 1, NOW_MS)).toEqual(notice);
      expect(await store().runs.noticesFor("noticing")).toEqual([]);
      expect(await store().runs.follow(run.runId, "reader")).toBeUndefined();
    });
  });

  it("tells those who follow runs how far they are", async () => {
    const [running, ended] = [await insert({ owner: "me", status: "running" }), await insert({ status: "error" })];
    const owned = { runId: running.runId, owner: "me" };
    const entries = [
      ["values", "1"],
      ["end", "null"],
    ] as const;
    await store().runEvents.append(owned, { firstSeq: 3, entries, result: '{"status":"success"}' }, NOW_MS);
    const progress = await store().runs.progressOf([running.runId, ended.runId, newUuid()]);
    expect(new Map(progress.map(({ runId, ...rest }) => [runId, rest]))).toEqual(
      new Map([
        [running.runId, { status: "running", owner: "me", lastSeq: 4 }],
        [ended.runId, { status: "error", owner: null, lastSeq: -1 }],
      ]),
    );
    expect(await store().runEvents.read(running.runId, 3)).toEqual([
      { firstSeq: 3, entries, result: '{"status":"success"}' },
    ]);
    expect(await store().runEvents.read(running.runId, 4)).toEqual([]);
  });

  it("gives all unfinished runs to the only process, the begun ones first", async () => {
    const threadId = newUuid();
    const runs = [
      await insert({ threadId, owner: "dead", startAtMs: NOW_MS + 1_000 }),
      await insert({ threadId, owner: "dead", status: "running", attempt: 2 }),
      await insert({ threadId, owner: "dead", status: "success", attempt: 1 }),
    ];
    const claimed = (await store().runs.claimAll("me")).filter((run) => run.threadId === threadId);
    expect(claimed.map(({ runId, status, attempt, owner }) => [runId, status, attempt, owner])).toEqual([
      [runs[1]?.runId, "pending", 2, "me"],
      [runs[0]?.runId, "pending", 0, "me"],
    ]);
  });

  it("keeps a webhook for the process that delivers it, and gives it to another when that is gone", async () => {
    const { runWebhooks } = store();
    const webhook = { runId: newUuid(), threadId: newUuid(), url: "https://a.example", body: "{}", createdAtMs: 1 };
    await runWebhooks.insert(webhook, "me");
    expect(await runWebhooks.claim("them", 10, [])).toEqual([]);
    expect(await runWebhooks.claim("me", 10, [webhook.runId])).toEqual([]);
    expect(await runWebhooks.claim("me", 10, [])).toEqual([webhook]);
    await runWebhooks.releaseAll();
    expect(await runWebhooks.claim("them", 10, [])).toEqual([webhook]);
    expect(await runWebhooks.claim("me", 10, [])).toEqual([]);
    await runWebhooks.delete(webhook.runId);
  });
}
