import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { CronFilter, CronJob } from "../../../server/store/crons.ts";
import type { Store } from "../../../server/store/store.ts";
import { NOW_MS, ODD } from "./support.ts";

function newCron(overrides: Partial<CronJob> = {}): CronJob {
  return {
    cronId: newUuid(),
    assistantId: newUuid(),
    threadId: null,
    schedule: "* * * * *",
    timezone: null,
    endTimeMs: null,
    isEnabled: false,
    onRunCompleted: "delete",
    payload: {},
    metadata: {},
    nextRunAtMs: null,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...overrides,
  };
}

export function describeCrons(store: () => Store): void {
  describe("crons", () => {
    it("gives a cron back as it was put, and replaces every field of one that is there", async () => {
      const { crons } = store();
      const cron = newCron({ payload: { input: ODD }, metadata: { [ODD]: [null] }, threadId: newUuid() });
      expect(await crons.update(cron)).toBe(false);
      await crons.insert(cron);
      await expect(crons.insert(cron)).rejects.toThrow();
      expect(await crons.get(cron.cronId)).toEqual(cron);
      const changed = newCron({
        cronId: cron.cronId,
        schedule: "0 0 1 1 *",
        timezone: "Europe/Berlin",
        endTimeMs: NOW_MS + 5,
        onRunCompleted: "keep",
        metadata: { a: { b: 1 } },
        updatedAtMs: NOW_MS + 1,
      });
      expect(await crons.update(changed)).toBe(true);
      expect(await crons.get(cron.cronId)).toEqual(changed);
      expect([await crons.delete(cron.cronId), await crons.delete(cron.cronId)]).toEqual([true, false]);
      expect(await crons.get(cron.cronId)).toBeUndefined();
    });

    it("finds crons by assistant, thread, switch and metadata, and counts the same", async () => {
      const { crons } = store();
      const [assistantId, threadId] = [newUuid(), newUuid()];
      await crons.insert(newCron({ cronId: "f1", assistantId, metadata: { team: "a" } }));
      await crons.insert(newCron({ cronId: "f2", assistantId, threadId, isEnabled: true }));
      await crons.insert(newCron({ cronId: "f3", threadId, metadata: { team: "a" } }));
      const cases: [CronFilter, string[]][] = [
        [{ assistantId }, ["f1", "f2"]],
        [{ threadId }, ["f2", "f3"]],
        [{ assistantId, threadId }, ["f2"]],
        [{ assistantId, isEnabled: false }, ["f1"]],
        [{ assistantId, isEnabled: true }, ["f2"]],
        [{ metadata: { team: "a" }, threadId }, ["f3"]],
      ];
      for (const [filter, wanted] of cases) {
        const page = { limit: 10, offset: 0, sortBy: "cron_id", sortOrder: "asc" } as const;
        const found = (await crons.search(filter, page)).map(({ cronId }) => cronId);
        expect(found, JSON.stringify(filter)).toEqual(wanted);
        expect(await crons.count(filter), JSON.stringify(filter)).toBe(wanted.length);
      }
      await crons.deleteOfThread(threadId);
      expect([await crons.count({ threadId }), await crons.count({ assistantId })]).toEqual([0, 1]);
      await crons.deleteOfAssistant(assistantId);
      expect(await crons.count({ assistantId })).toBe(0);
    });

    it("names the crons that are due, the longest overdue first", async () => {
      const { crons } = store();
      // Long before those of the other cases.
      const at = (minutes: number): number => minutes * 60_000;
      const assistantId = newUuid();
      for (const [cronId, nextRunAtMs] of [
        ["third", at(3)],
        ["first", at(1)],
        ["second", at(2)],
        ["never", null],
      ] as const)
        await crons.insert(newCron({ cronId, assistantId, nextRunAtMs, isEnabled: nextRunAtMs !== null }));
      const due = async (nowMs: number, limit: number): Promise<string[]> =>
        (await crons.due(nowMs, limit)).map(({ cronId }) => cronId);
      expect([await due(at(1) - 1, 10), await due(at(2), 10), await due(at(9), 2)]).toEqual([
        [],
        ["first", "second"],
        ["first", "second"],
      ]);
      expect(await crons.nextDue()).toBe(at(1));
      expect([await crons.advance("first", at(2), at(5)), await crons.advance("first", at(1), null)]).toEqual([
        false,
        true,
      ]);
      expect([await due(at(2), 10), await crons.nextDue()]).toEqual([["second"], at(2)]);
      await crons.deleteOfAssistant(assistantId);
    });

    it("moves a cron for one caller only, and puts crons without a time first", async () => {
      const cron = {
        assistantId: newUuid(),
        threadId: null,
        schedule: "* * * * *",
        timezone: null,
        endTimeMs: null,
        isEnabled: true,
        onRunCompleted: "delete",
        payload: {},
        metadata: {},
        createdAtMs: NOW_MS,
        updatedAtMs: NOW_MS,
      } as const;
      await store().crons.insert({ ...cron, cronId: "due", nextRunAtMs: NOW_MS });
      await store().crons.insert({ ...cron, cronId: "off", nextRunAtMs: null, isEnabled: false });
      const moves = await Promise.all(
        Array.from({ length: 8 }, () => store().crons.advance("due", NOW_MS, NOW_MS + 1)),
      );
      expect(moves.filter(Boolean)).toHaveLength(1);
      expect(await store().crons.nextDue()).toBe(NOW_MS + 1);
      const order = async (sortOrder: "asc" | "desc"): Promise<string[]> => {
        const page = { limit: 10, offset: 0, sortBy: "next_run_at", sortOrder } as const;
        return (await store().crons.search({ assistantId: cron.assistantId }, page)).map(({ cronId }) => cronId);
      };
      expect([await order("asc"), await order("desc")]).toEqual([
        ["off", "due"],
        ["due", "off"],
      ]);
    });
  });
}
