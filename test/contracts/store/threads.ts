import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { type ThreadFilter, type ThreadOrder, newThread } from "../../../server/store/threads.ts";
import { NOW_MS, ODD } from "./support.ts";
import { describeThreadMetadata } from "./thread-metadata.ts";

export function describeThreads(store: () => Store): void {
  describeThreadMetadata(store);

  const search = async (
    filter: ThreadFilter,
    sortBy: ThreadOrder = "thread_id",
    sortOrder: "asc" | "desc" = "asc",
  ): Promise<string[]> => {
    const found = await store().threads.search(filter, { limit: 100, offset: 0, sortBy, sortOrder });
    return found.map(({ threadId }) => threadId);
  };

  describe("threads", () => {
    it("gives a thread back as it was put, and takes an id once", async () => {
      const thread = {
        ...newThread(newUuid(), NOW_MS, { [ODD]: ODD }, { configurable: { [ODD]: [null] } }),
        values: { log: [ODD, "nul \u0000", "half \ud800"], none: null },
        interrupts: { task: [{ id: "i", value: ODD }] },
        error: { error: "Failed", message: ODD },
        ttl: { minutes: 1.5, strategy: "delete" },
      } as const;
      expect(await store().threads.insert(thread)).toBe(true);
      expect(await store().threads.insert(newThread(thread.threadId, NOW_MS + 1))).toBe(false);
      expect(await store().threads.get(thread.threadId)).toEqual(thread);
      expect([await store().threads.delete(thread.threadId), await store().threads.delete(thread.threadId)]).toEqual([
        true,
        false,
      ]);
      expect(await store().threads.get(thread.threadId)).toBeUndefined();
    });

    it("changes of a thread what a run ended with, and leaves the rest", async () => {
      const { threads } = store();
      const threadId = newUuid();
      await threads.insert(newThread(threadId, NOW_MS, { a: 1 }));
      await threads.setOutcome(
        threadId,
        { status: "error", valuesJson: '{"n":1}', interrupts: { t: [1] }, error: { message: "no" } },
        NOW_MS + 1,
      );
      await threads.setOutcome(threadId, { status: "busy" }, NOW_MS + 2);
      await threads.setStatus(threadId, "interrupted", NOW_MS + 3);
      expect(await threads.get(threadId)).toMatchObject({
        status: "interrupted",
        metadata: { a: 1 },
        values: { n: 1 },
        interrupts: { t: [1] },
        error: { message: "no" },
        updatedAtMs: NOW_MS + 3,
        stateUpdatedAtMs: NOW_MS + 1,
      });
      await threads.setOutcome(threadId, { status: "idle", error: null, interrupts: {} }, NOW_MS + 4);
      expect(await threads.get(threadId)).toMatchObject({ error: null, interrupts: {}, values: { n: 1 } });
      expect(await threads.setMetadata(threadId, { b: 2 }, { tags: ["x"] }, NOW_MS + 5)).toBe(true);
      expect(await threads.get(threadId)).toMatchObject({ metadata: { b: 2 }, config: { tags: ["x"] } });
      expect(await threads.setMetadata(newUuid(), {}, {}, NOW_MS)).toBe(false);
    });

    it("finds threads by ids, status, metadata and values, all of them together, and counts the same", async () => {
      const { threads } = store();
      const group = newUuid();
      const [idle, busy, other] = [newUuid(), newUuid(), newUuid()];
      await threads.insert(newThread(idle, NOW_MS, { group }));
      await threads.insert({
        ...newThread(busy, NOW_MS, { group }),
        status: "busy",
        values: { n: 1, deep: { b: true } },
      });
      await threads.insert(newThread(other, NOW_MS, { group: "other" }));
      const cases: [ThreadFilter, string[]][] = [
        [{ metadata: { group } }, [idle, busy]],
        [{ ids: [idle, other] }, [idle, other]],
        [{ ids: [] }, []],
        [{ ids: [idle, other], metadata: { group } }, [idle]],
        [{ metadata: { group }, status: "busy" }, [busy]],
        [{ metadata: { group }, values: { deep: { b: true } } }, [busy]],
        [{ metadata: { group }, values: { n: 2 } }, []],
      ];
      for (const [filter, wanted] of cases) {
        expect(await search(filter), JSON.stringify(filter)).toEqual(wanted.toSorted());
        expect(await threads.count(filter), JSON.stringify(filter)).toBe(wanted.length);
      }
    });

    it("sorts threads by each order both ways, equal ones by their ids", async () => {
      const group = newUuid();
      const ids = Array.from({ length: 6 }, () => newUuid()).toSorted();
      for (const [at, threadId] of ids.entries()) {
        const thread = newThread(threadId, NOW_MS - at, { group });
        await store().threads.insert({ ...thread, updatedAtMs: NOW_MS + (at % 2), stateUpdatedAtMs: NOW_MS + at });
      }
      const wanted: Record<ThreadOrder, number[]> = {
        thread_id: [0, 1, 2, 3, 4, 5],
        created_at: [5, 4, 3, 2, 1, 0],
        updated_at: [0, 2, 4, 1, 3, 5],
        state_updated_at: [0, 1, 2, 3, 4, 5],
        status: [0, 1, 2, 3, 4, 5],
      };
      for (const [order, places] of Object.entries(wanted)) {
        // The keys of an object literal are those of its type.
        const sortBy = order as ThreadOrder;
        const filter = { metadata: { group } };
        expect(await search(filter, sortBy, "asc"), order).toEqual(places.map((at) => ids[at]));
        expect(await search(filter, sortBy, "desc"), order).toEqual(places.toReversed().map((at) => ids[at]));
      }
    });

    it("filters threads by the leaves of their metadata and values", async () => {
      const metadata = { owner: "ann", deep: { n: 1, list: [1, { a: 2 }] }, nothing: null, "0": "zero", tags: ["x"] };
      const threadId = newUuid();
      await store().threads.insert(newThread(threadId, NOW_MS, metadata));
      await store().threads.insert(newThread(newUuid(), NOW_MS, { owner: "odd \u0000 \ud800", deep: "text" }));
      const ids = async (wanted: Record<string, unknown>): Promise<string[]> => {
        const page = { limit: 10, offset: 0, sortBy: "thread_id", sortOrder: "asc" } as const;
        return (await store().threads.search({ metadata: wanted }, page)).map((thread) => thread.threadId);
      };
      for (const wanted of [
        { owner: "ann" },
        { deep: { n: 1 } },
        { deep: { list: [1, { a: 2 }] }, owner: "ann" },
        { nothing: null },
        { "0": "zero" },
      ]) {
        expect(await ids(wanted), JSON.stringify(wanted)).toEqual([threadId]);
      }
      for (const wanted of [
        { owner: "an" },
        { deep: { n: "1" } },
        { deep: { list: [1] } },
        { missing: null },
        { tags: { "0": "x" } },
        { 'o"wner': "ann" },
        { "own\u0000er": "ann" },
        { owner: "ann' or 1 = 1 --" },
      ]) {
        expect(await ids(wanted), JSON.stringify(wanted)).toEqual([]);
      }
    });

    it("keeps times, counts and fractions of minutes as numbers", async () => {
      const threadId = newUuid();
      await store().threads.insert(newThread(threadId, NOW_MS));
      await store().threads.setTtl(threadId, { minutes: 0.123_456_789, strategy: "keep_latest" });
      expect(await store().threads.get(threadId)).toMatchObject({
        createdAtMs: NOW_MS,
        ttl: { minutes: 0.123_456_789, strategy: "keep_latest" },
      });
      expect(await store().threads.expired(NOW_MS + 7_407, 10)).toEqual([]);
      expect((await store().threads.expired(NOW_MS + 7_408, 10)).map((each) => each.threadId)).toEqual([threadId]);
      await store().threads.setTtl(threadId, { minutes: Number.MAX_VALUE, strategy: "delete" });
      expect(await store().threads.expired(NOW_MS * 2, 10)).toEqual([]);
      expect(await store().threads.count({ ids: [threadId] })).toBe(1);
    });

    it("remembers which deleted threads may have left something, the oldest first", async () => {
      const { deletedThreads } = store();
      const [early, late] = [newUuid(), newUuid()];
      await deletedThreads.add(late, NOW_MS + 1);
      await deletedThreads.add(early, NOW_MS - 1);
      await deletedThreads.add(early, NOW_MS);
      expect([await deletedThreads.has(early), await deletedThreads.has(newUuid())]).toEqual([true, false]);
      expect(await deletedThreads.list(NOW_MS - 1, 10)).toEqual([]);
      expect(await deletedThreads.list(NOW_MS, 10)).toEqual([early]);
      expect(await deletedThreads.list(NOW_MS + 1, 10)).toEqual([early, late]);
      expect(await deletedThreads.list(NOW_MS + 1, 1)).toEqual([early]);
      await deletedThreads.remove(early);
      expect(await deletedThreads.list(NOW_MS + 1, 10)).toEqual([late]);
    });

    it("leaves threads alone that are busy, have no time to live, or were cut since they changed", async () => {
      const { threads } = store();
      const ttl = { minutes: 1, strategy: "keep_latest" } as const;
      const expired = async (): Promise<string[]> => {
        const found = await threads.expired(NOW_MS + 60_000, 100);
        return found.map(({ threadId }) => threadId).filter((threadId) => ours.includes(threadId));
      };
      const [due, busy, endless] = [newUuid(), newUuid(), newUuid()];
      const ours = [due, busy, endless];
      await threads.insert({ ...newThread(due, NOW_MS), ttl });
      await threads.insert({ ...newThread(busy, NOW_MS), ttl, status: "busy" });
      await threads.insert(newThread(endless, NOW_MS));
      expect(await expired()).toEqual([due]);
      await threads.markPruned(due, NOW_MS);
      expect(await expired()).toEqual([]);
      await threads.setStatus(busy, "idle", NOW_MS);
      expect(await expired()).toEqual([busy]);
      await threads.setTtl(busy, null);
      expect(await expired()).toEqual([]);
    });
  });
}
