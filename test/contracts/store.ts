import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import type { Assistant } from "../../server/store/assistants.ts";
import type { Storage } from "../../server/store/open-storage.ts";
import type { Store } from "../../server/store/store.ts";
import { newThread } from "../../server/store/threads.ts";

const NOW_MS = 1_800_000_000_000;
const ODD = "naïve 😀 'quoted' \"double\" back\\slash %_ \u0001";

function newAssistant(overrides: Partial<Assistant> = {}): Assistant {
  return {
    assistantId: newUuid(),
    graphId: "graph",
    name: "plain",
    description: null,
    config: {},
    context: {},
    metadata: {},
    version: 1,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...overrides,
  };
}

/** What the service expects of its store, on every engine. */
export function describeStore(name: string, open: () => Promise<Storage>): void {
  describe(`the store on ${name}`, () => {
    let storage: Storage;
    let store: Store;
    beforeAll(async () => {
      storage = await open();
      store = storage.store;
    });
    afterAll(() => storage.close());

    it("gives an assistant back as it was put, odd text included, and takes an id once", async () => {
      const assistant = newAssistant({ name: ODD, metadata: { [ODD]: { deep: [1, null, ODD] }, nul: "a\u0000b" } });
      expect(await store.assistants.insert(assistant)).toBe(true);
      expect(await store.assistants.insert({ ...assistant, name: "other" })).toBe(false);
      expect(await store.assistants.get(assistant.assistantId)).toEqual(assistant);
      expect(await store.assistants.count({ name: ODD.slice(0, 9).toUpperCase().replace("Ï", "ï") })).toBe(1);
      expect(await store.assistants.count({ name: "%" })).toBe(1);
      expect(await store.assistants.delete(assistant.assistantId)).toBe(true);
      expect(await store.assistants.delete(assistant.assistantId)).toBe(false);
    });

    it("orders names by their bytes, whatever the locale is", async () => {
      const names = ["b", "B", "a", "É", "A", "_"];
      for (const each of names) await store.assistants.insert(newAssistant({ graphId: "sorted", name: each }));
      const page = { limit: 10, offset: 1, sortBy: "name", sortOrder: "asc" } as const;
      const found = await store.assistants.search({ graphId: "sorted" }, page);
      expect(found.map((each) => each.name)).toEqual(["B", "_", "a", "b", "É"]);
    });

    it("filters threads by the leaves of their metadata and values", async () => {
      const metadata = { owner: "ann", deep: { n: 1, list: [1, { a: 2 }] }, nothing: null, "0": "zero", tags: ["x"] };
      const threadId = newUuid();
      await store.threads.insert(newThread(threadId, NOW_MS, metadata));
      await store.threads.insert(newThread(newUuid(), NOW_MS, { owner: "odd \u0000 \ud800", deep: "text" }));
      const ids = async (wanted: Record<string, unknown>): Promise<string[]> => {
        const page = { limit: 10, offset: 0, sortBy: "thread_id", sortOrder: "asc" } as const;
        return (await store.threads.search({ metadata: wanted }, page)).map((thread) => thread.threadId);
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
      await store.threads.insert(newThread(threadId, NOW_MS));
      await store.threads.setTtl(threadId, { minutes: 0.123_456_789, strategy: "keep_latest" });
      expect(await store.threads.get(threadId)).toMatchObject({
        createdAtMs: NOW_MS,
        ttl: { minutes: 0.123_456_789, strategy: "keep_latest" },
      });
      expect(await store.threads.expired(NOW_MS + 7_407, 10)).toEqual([]);
      expect((await store.threads.expired(NOW_MS + 7_408, 10)).map((each) => each.threadId)).toEqual([threadId]);
      await store.threads.setTtl(threadId, { minutes: Number.MAX_VALUE, strategy: "delete" });
      expect(await store.threads.expired(NOW_MS * 2, 10)).toEqual([]);
      expect(await store.threads.count({ ids: [threadId] })).toBe(1);
    });

    it("compares the values of items, and never a number with a text", async () => {
      const put = (key: string, value: Record<string, unknown>): Promise<void> =>
        store.items.put({ namespace: ["compared", ODD.replaceAll(".", "")], key, value, ttlMinutes: null }, NOW_MS);
      await put("a", { n: 2, s: "2", 'q"': 1 });
      await put("b", { n: 10, s: "10" });
      await put("c", { n: "5", s: null });
      const keys = async (filter: Record<string, unknown>): Promise<string[]> => {
        const found = await store.items.search({ prefix: ["compared"], filter, limit: 10, offset: 0 }, NOW_MS);
        return found.map(({ key }) => key);
      };
      expect(await keys({ n: { $gt: 2 } })).toEqual(["b"]);
      expect(await keys({ n: { $gte: 2, $lt: 10.5 } })).toEqual(["a", "b"]);
      expect(await keys({ s: { $lt: "2" } })).toEqual(["b"]);
      expect(await keys({ n: { $ne: 2 } })).toEqual(["b", "c"]);
      expect(await keys({ missing: { $ne: 1 } })).toEqual(["a", "b", "c"]);
      expect(await keys({ n: { $eq: "5" }, s: null })).toEqual(["c"]);
      expect(await keys({ n: { $gt: { a: 1 } } })).toEqual([]);
    });

    it("keeps vectors, time to live and namespaces of items", async () => {
      const vectors = [Float32Array.from([0.25, -1]), Float32Array.from([3, 4])];
      const item = { namespace: ["spaces", "ann"], key: "k", value: { n: 1 } };
      await store.items.put({ ...item, ttlMinutes: 0.000_01, vectors }, NOW_MS);
      await store.items.put({ ...item, namespace: ["spaces-2"], ttlMinutes: null }, NOW_MS);
      expect((await store.items.get(item.namespace, "k", NOW_MS))?.vectors).toEqual(vectors);
      expect(await store.items.get(item.namespace, "k", NOW_MS + 1)).toBeUndefined();
      await store.items.touch([item], NOW_MS + 5_000);
      const query = { prefix: ["spaces"], suffix: [], limit: 10, offset: 0 };
      expect(await store.items.namespaces(query, NOW_MS + 5_000)).toEqual([["spaces", "ann"]]);
      expect(await store.items.sweep(NOW_MS + 6_000)).toBe(1);
    });

    it("refuses what it cannot hold as the caller's fault, or holds it", async () => {
      for (const key of ["with \u0000", Array.from({ length: 9_000 }, () => newUuid()).join("")]) {
        const put = store.items.put({ namespace: ["odd"], key, value: {}, ttlMinutes: null }, NOW_MS);
        const outcome = await put.then(
          () => "held",
          (error: unknown) => (error instanceof ServiceError ? error.code : error),
        );
        expect(outcome).toBeOneOf(["held", "invalid_input"]);
      }
    });

    it("undoes a transaction that throws, and runs those with one lock after one another", async () => {
      const assistant = newAssistant();
      const failing = store.transaction(async (tables) => {
        await tables.assistants.insert(assistant);
        throw new Error("undone");
      });
      await expect(failing).rejects.toThrow("undone");
      expect(await store.assistants.get(assistant.assistantId)).toBeUndefined();

      // A row that is not there yet: only one of them may find it missing.
      const threadId = newUuid();
      const found = await Promise.all(
        Array.from({ length: 16 }, () =>
          store.transaction(
            async ({ threads }) => {
              const thread = await threads.get(threadId);
              const count = Number(thread?.metadata["count"] ?? 0) + 1;
              if (thread === undefined) await threads.insert(newThread(threadId, NOW_MS, { count }));
              else await threads.setMetadata(threadId, { count }, {}, NOW_MS);
              return count;
            },
            { lock: threadId },
          ),
        ),
      );
      expect(found.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
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
      await store.crons.insert({ ...cron, cronId: "due", nextRunAtMs: NOW_MS });
      await store.crons.insert({ ...cron, cronId: "off", nextRunAtMs: null, isEnabled: false });
      const moves = await Promise.all(Array.from({ length: 8 }, () => store.crons.advance("due", NOW_MS, NOW_MS + 1)));
      expect(moves.filter(Boolean)).toHaveLength(1);
      expect(await store.crons.nextDue()).toBe(NOW_MS + 1);
      const order = async (sortOrder: "asc" | "desc"): Promise<string[]> => {
        const page = { limit: 10, offset: 0, sortBy: "next_run_at", sortOrder } as const;
        return (await store.crons.search({ assistantId: cron.assistantId }, page)).map(({ cronId }) => cronId);
      };
      expect([await order("asc"), await order("desc")]).toEqual([
        ["off", "due"],
        ["due", "off"],
      ]);
    });
  });
}
