import { beforeEach, describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { type ThreadFilter, type ThreadOrder, newThread } from "../../../server/store/threads.ts";
import { NOW_MS, ODD } from "./support.ts";

type Metadata = Readonly<Record<string, unknown>>;

/** What the engines find threads by has to say the same as the threads themselves. */
export function describeThreadMetadata(store: () => Store): void {
  const put = async (metadata: Metadata, threadId = newUuid()): Promise<string> => {
    await store().threads.insert(newThread(threadId, NOW_MS, metadata));
    return threadId;
  };
  const find = async (filter: ThreadFilter, sortBy: ThreadOrder = "thread_id"): Promise<string[]> => {
    const threads = await store().threads.search(filter, { limit: 1_000, offset: 0, sortBy, sortOrder: "asc" });
    return threads.map(({ threadId }) => threadId);
  };
  /** Counting by one key reads nothing but what is kept beside the threads. */
  const found = async (metadata: Metadata): Promise<string[]> => {
    const ids = await find({ metadata });
    expect(await store().threads.count({ metadata }), JSON.stringify(metadata)).toBe(ids.length);
    return ids;
  };

  describe("metadata of threads", () => {
    let owner: string;
    beforeEach(() => {
      owner = newUuid();
    });

    it("is found from the moment a thread is added, and not that of one whose id was taken", async () => {
      const threadId = await put({ owner, team: null });
      expect(await store().threads.insert(newThread(threadId, NOW_MS, { owner: `${owner}!`, more: owner }))).toBe(
        false,
      );
      expect(await found({ owner })).toEqual([threadId]);
      expect(await found({ owner: `${owner}!` })).toEqual([]);
      expect(await found({ more: owner })).toEqual([]);
      const copy = await put({ owner, team: null });
      expect(await found({ owner })).toEqual([threadId, copy].toSorted());
    });

    it("follows every change: keys that are new, changed, kept or gone", async () => {
      const { threads } = store();
      const [threadId, other] = [await put({ owner, step: `${owner}1`, kept: owner }), await put({ owner })];
      await threads.setMetadata(threadId, { owner, step: `${owner}2`, kept: owner, added: owner }, {}, NOW_MS + 1);
      expect(await found({ owner })).toEqual([threadId, other].toSorted());
      expect(await found({ step: `${owner}1` })).toEqual([]);
      for (const metadata of [{ step: `${owner}2` }, { kept: owner }, { added: owner }]) {
        expect(await found(metadata)).toEqual([threadId]);
      }
      await threads.setMetadata(threadId, { owner: { name: owner }, step: [owner] }, {}, NOW_MS + 2);
      for (const metadata of [{ step: `${owner}2` }, { kept: owner }, { added: owner }])
        expect(await found(metadata)).toEqual([]);
      expect(await found({ owner })).toEqual([other]);
      expect(await found({ owner: { name: owner } })).toEqual([threadId]);
      await threads.setMetadata(threadId, { owner }, { tags: ["other"] }, NOW_MS + 3);
      await threads.setMetadata(threadId, { owner }, { tags: ["changed"] }, NOW_MS + 4);
      await threads.setStatus(threadId, "busy", NOW_MS + 5);
      await threads.setOutcome(threadId, { status: "idle", valuesJson: '{"owner":1}' }, NOW_MS + 6);
      await threads.setTtl(threadId, { minutes: 1, strategy: "delete" });
      await threads.markPruned(threadId, NOW_MS + 7);
      expect(await found({ owner })).toEqual([threadId, other].toSorted());
    });

    it("goes with its thread, and comes with one that takes the id again", async () => {
      const threadId = await put({ owner, first: owner });
      const other = await put({ owner });
      await store().threads.delete(threadId);
      expect(await found({ owner })).toEqual([other]);
      expect(await found({ first: owner })).toEqual([]);
      await put({ second: owner }, threadId);
      expect(await found({ owner })).toEqual([other]);
      expect(await found({ second: owner })).toEqual([threadId]);
      await store().truncate(["threads"]);
      expect(await found({ owner })).toEqual([]);
      expect(await found({ second: owner })).toEqual([]);
      await put({ owner }, threadId);
      expect(await found({ owner })).toEqual([threadId]);
    });

    it("is as before when a transaction is undone", async () => {
      const [changed, deleted] = [await put({ owner, step: 1 }), await put({ owner, step: 2 })];
      const undone = store().transaction(async ({ threads }) => {
        await threads.insert(newThread(newUuid(), NOW_MS, { owner }));
        await threads.setMetadata(changed, { owner: "nobody" }, {}, NOW_MS);
        await threads.delete(deleted);
        throw new Error("undo");
      });
      await expect(undone).rejects.toThrow("undo");
      expect(await found({ owner })).toEqual([changed, deleted].toSorted());
      expect(await found({ owner, step: 1 })).toEqual([changed]);
    });

    it("is as the last of many changes at once left it", async () => {
      const threadId = await put({ owner, step: 0 });
      const steps = Array.from({ length: 20 }, (_, step) => step);
      await Promise.all(steps.map((step) => store().threads.setMetadata(threadId, { owner, step }, {}, NOW_MS + step)));
      const last = (await store().threads.get(threadId))?.metadata["step"];
      for (const step of steps) expect(await found({ owner, step })).toEqual(step === last ? [threadId] : []);
    });

    it("is found with any number of keys, and with what else a filter asks for", async () => {
      const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`key${at}`, at]));
      const [all, fewer] = [await put({ owner, ...many, deep: { a: [1] } }), await put({ owner, ...many, key29: -1 })];
      await store().threads.setOutcome(all, { status: "error", valuesJson: '{"n":1}' }, NOW_MS);
      expect(await found({ owner, ...many })).toEqual([all]);
      expect(await found({ owner, ...many, key29: -1 })).toEqual([fewer]);
      expect(await found({ owner, key0: 0 })).toEqual([all, fewer].toSorted());
      expect(await found({ owner, key0: "0" })).toEqual([]);
      expect(await found({ owner, deep: { a: [1] } })).toEqual([all]);
      for (const filter of [{ status: "error" }, { values: { n: 1 } }, { ids: [all, newUuid()] }] as const) {
        expect(await find({ metadata: { owner }, ...filter }), JSON.stringify(filter)).toEqual([all]);
        expect(await store().threads.count({ metadata: { owner }, ...filter }), JSON.stringify(filter)).toBe(1);
      }
    });

    it("is found by exactly the values that comparing the threads themselves finds", async () => {
      const texts = [ODD, "", " ", "x", "x\u0000", "x\u0000y", "x\u0001", "x\ufffd", "x\ud800", "x\ud801", "x\\u0000"];
      const more = ["é", "e\u0301", "😀", "x\u2028", "x\u007f", 'x"', "x\\", "x'", "true", "null", "1", "1.5", "{}"];
      const long = [1_000, 1_010, 1_011, 1_012, 1_013, 5_000].flatMap((length) =>
        ["l", "é"].map((c) => c.repeat(length)),
      );
      const numbers = [0, -0, 1, -1, 1.5, 1e-7, 1e21, 2 ** 53 - 1, 2 ** 53, 2 ** 60, 2 ** 63, 1.1e16, 0.1 + 0.2, 0.3];
      const others = [true, false, null, [], [1], {}, { x: 1 }, { x: { y: null } }];
      const strings = [...texts, ...more, ...long];
      const kept: Metadata[] = [...strings, ...numbers, ...others].map((value) => ({ owner, "some key": value }));
      const keys = [
        "",
        "0",
        "a.b",
        "a:b",
        'a"b',
        "a\\b",
        "a\u0000",
        "a\u0001",
        "a\ufffd",
        "a\ud800",
        "é",
        "__proto__",
        "$",
      ];
      // Assigning to `__proto__` would not make a key of it.
      const keyed = keys.map((key): Metadata =>
        Object.fromEntries([
          ["owner", owner],
          [key, "v"],
        ]),
      );
      const ids: string[] = [];
      for (const metadata of [...kept, ...keyed]) ids.push(await put(metadata));
      for (const { owner: _, ...wanted } of [...kept, ...keyed]) {
        // Of threads that are named, the metadata itself is compared.
        const compared = await find({ ids, metadata: wanted });
        expect(await find({ metadata: { owner, ...wanted } }), JSON.stringify(wanted)).toEqual(compared);
        const ofAll = (await find({ metadata: wanted })).filter((threadId) => ids.includes(threadId));
        expect(ofAll, JSON.stringify(wanted)).toEqual(compared);
      }
      expect(await find({ metadata: { owner, "some key": "x" } })).toHaveLength(1);
      expect(await find({ metadata: { owner, "some key": null } })).toHaveLength(1);
    });

    it("may have more keys than anybody looks for", async () => {
      const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, `v${at}`]));
      const threadId = await put({ owner, ...many });
      expect(await found({ owner, k4999: "v4999" })).toEqual([threadId]);
      await store().threads.setMetadata(threadId, { owner }, {}, NOW_MS);
      expect(await found({ owner, k4999: "v4999" })).toEqual([]);
    });
  });
}
