import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Run } from "../../../server/store/runs.ts";
import type { RunEventBatch } from "../../../server/store/run-events.ts";
import type { Store } from "../../../server/store/store.ts";
import { NOW_MS, ODD } from "./support.ts";

function newRun(overrides: Partial<Run> = {}): Run {
  return {
    runId: newUuid(),
    threadId: newUuid(),
    assistantId: newUuid(),
    status: "pending",
    metadata: {},
    kwargs: {
      input: {},
      command: null,
      config: { configurable: {} },
      context: null,
      stream_mode: ["values"],
      subgraphs: false,
      resumable: true,
      temporary: false,
      interrupt_before: null,
      interrupt_after: null,
      durability: "async",
      webhook: null,
    },
    multitaskStrategy: "enqueue",
    attempt: 0,
    isTemporary: false,
    startAtMs: NOW_MS,
    stopRequested: null,
    owner: "me",
    followedBy: null,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...overrides,
  };
}

export function describeRuns(store: () => Store): void {
  const ids = (runs: readonly Run[]): string[] => runs.map(({ runId }) => runId);
  const append = (run: Run, batch: RunEventBatch, nowMs = NOW_MS) =>
    store().runEvents.append({ runId: run.runId, owner: "me" }, batch, nowMs);
  const seqs = async (run: Run): Promise<number[]> =>
    (await store().runEvents.read(run.runId)).map(({ firstSeq }) => firstSeq);

  describe("runs", () => {
    it("gives a run back as it was put, odd text included", async () => {
      const { kwargs } = newRun();
      const run = newRun({
        metadata: { [ODD]: "nul \u0000" },
        kwargs: {
          ...kwargs,
          input: { [ODD]: [null, "half \ud800"] },
          interrupt_before: "*",
          webhook: "https://a.example",
        },
        attempt: 2,
        isTemporary: true,
        startAtMs: NOW_MS + 1,
        stopRequested: "rollback",
      });
      await store().runs.insert(run);
      expect(await store().runs.get(run.runId)).toEqual(run);
      await expect(store().runs.insert(run)).rejects.toThrow();
      expect([await store().runs.delete(run.runId), await store().runs.delete(run.runId)]).toEqual([true, false]);
    });

    it("lists the runs of a thread newest first and its unfinished ones oldest first, by acceptance", async () => {
      const threadId = newUuid();
      const statuses = ["success", "running", "pending", "error", "pending"] as const;
      // The clock went back between them.
      const runs = statuses.map((status, at) => newRun({ threadId, status, createdAtMs: NOW_MS - at }));
      for (const run of runs) await store().runs.insert(run);
      await store().runs.insert(newRun());
      const page = { limit: 10, offset: 0 };
      const all = ids(runs);
      expect(ids(await store().runs.list(threadId, {}, page))).toEqual(all.toReversed());
      expect(ids(await store().runs.list(threadId, { status: "pending" }, page))).toEqual([all[4], all[2]]);
      expect(ids(await store().runs.list(threadId, {}, { limit: 2, offset: 1 }))).toEqual([all[3], all[2]]);
      expect(ids(await store().runs.unfinishedOfThread(threadId))).toEqual([all[1], all[2], all[4]]);
      expect(ids(await store().runs.unfinished()).filter((id) => all.includes(id))).toEqual([all[1], all[2], all[4]]);
    });

    it("remembers the first request to stop a run, and none for a run that has ended", async () => {
      const [open, ended] = [newRun(), newRun({ status: "success" })];
      for (const run of [open, ended]) {
        await store().runs.insert(run);
        await store().runs.requestStop(run.runId, "cancel");
        await store().runs.requestStop(run.runId, "rollback");
      }
      expect((await store().runs.get(open.runId))?.stopRequested).toBe("cancel");
      expect((await store().runs.get(ended.runId))?.stopRequested).toBeNull();
    });

    it("deletes the runs of one thread with their events", async () => {
      const [run, other] = [newRun(), newRun()];
      for (const each of [run, other]) {
        await store().runs.insert(each);
        await append(each, { firstSeq: 0, entries: [["values", "{}"]] });
      }
      await store().runs.deleteOfThread(run.threadId);
      expect([await store().runs.get(run.runId), await seqs(run), await seqs(other)]).toEqual([undefined, [], [0]]);
    });
  });

  describe("events of runs", () => {
    it("are read in the order of their ids, odd text included, and each id is there once", async () => {
      const run = newRun();
      await store().runs.insert(run);
      const late: RunEventBatch = { firstSeq: 10, entries: [["values", "3"]] };
      const odd = JSON.stringify(`${ODD} \u0000 \ud800`);
      const early: RunEventBatch = { firstSeq: 9, entries: [["custom|odd", odd]] };
      await append(run, late);
      await append(run, early);
      expect(await store().runEvents.read(run.runId)).toEqual([early, late]);
      // Whoever did not hear that a batch was stored stores it again, with what has come meanwhile.
      const more: RunEventBatch = { firstSeq: 10, entries: [...late.entries, ["end", "null"]] };
      await append(run, more);
      expect(await store().runEvents.read(run.runId)).toEqual([early, more]);
      expect(await seqs(newRun())).toEqual([]);
    });

    it("are freed up to an id, in whole batches", async () => {
      const run = newRun();
      await store().runs.insert(run);
      for (const firstSeq of [0, 2, 4]) {
        const entries: RunEventBatch["entries"] = [
          ["values", "1"],
          ["values", "2"],
        ];
        await append(run, { firstSeq, entries });
      }
      await store().runEvents.deleteBefore(run.runId, 3);
      expect(await seqs(run)).toEqual([2, 4]);
      await store().runEvents.deleteBefore(run.runId, 4);
      expect(await seqs(run)).toEqual([4]);
      await store().runEvents.delete(run.runId);
      expect(await seqs(run)).toEqual([]);
    });

    it("are freed when their run has ended, a time after the last of them", async () => {
      const [ended, fresh, open] = [newRun({ status: "success" }), newRun({ status: "error" }), newRun()];
      for (const run of [ended, fresh, open]) {
        await store().runs.insert(run);
        await append(run, { firstSeq: 0, entries: [["values", "1"]] }, NOW_MS - 20);
      }
      await append(fresh, { firstSeq: 1, entries: [["end", "null"]] }, NOW_MS - 10);
      await store().runEvents.deleteOfEnded(NOW_MS - 10);
      expect([await seqs(ended), await seqs(fresh), await seqs(open)]).toEqual([[], [0, 1], [0]]);
    });
  });

  it("keeps one webhook for a run until it is delivered", async () => {
    const { runWebhooks } = store();
    const webhook = {
      runId: newUuid(),
      threadId: newUuid(),
      url: "https://a.example/?q=%20",
      body: "{}",
      createdAtMs: 1,
    };
    await runWebhooks.insert(webhook, "me");
    await expect(runWebhooks.insert(webhook, "me")).rejects.toThrow();
    await runWebhooks.delete(webhook.runId);
    await runWebhooks.insert(webhook, "me");
    await runWebhooks.delete(webhook.runId);
  });
}
