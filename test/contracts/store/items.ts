import { describe, expect, it } from "vitest";

import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { NOW_MS, ODD } from "./support.ts";

export function describeItems(store: () => Store): void {
  describe("items", () => {
    it("replaces the value of a key and keeps the time it was made, the last changed first", async () => {
      const { items } = store();
      const put = (key: string, value: Record<string, unknown>, nowMs: number): Promise<void> =>
        items.put({ namespace: ["replaced"], key, value, ttlMinutes: null }, nowMs);
      await put("a", { [ODD]: "old" }, NOW_MS);
      await put("b", {}, NOW_MS + 1);
      await put("a", { [ODD]: [null, { deep: ODD }] }, NOW_MS + 2);
      const search = (limit: number, offset: number) =>
        items.search({ prefix: ["replaced"], limit, offset }, NOW_MS + 3);
      expect((await search(10, 0)).map(({ key }) => key)).toEqual(["a", "b"]);
      expect((await search(1, 1)).map(({ key }) => key)).toEqual(["b"]);
      expect(await items.get(["replaced"], "a", NOW_MS + 3)).toEqual({
        namespace: ["replaced"],
        key: "a",
        value: { [ODD]: [null, { deep: ODD }] },
        createdAtMs: NOW_MS,
        updatedAtMs: NOW_MS + 2,
        vectors: [],
      });
      await items.delete(["replaced"], "a");
      expect(await items.get(["replaced"], "a", NOW_MS + 3)).toBeUndefined();
    });

    it("takes labels for what they are: no pattern, no part of another", async () => {
      const { items } = store();
      const spaces = [["l%"], ["lx"], ["l_", "deep", "er"], ["l_", "deep"], ["L_"], ["l"]];
      for (const namespace of spaces) await items.put({ namespace, key: "k", value: {}, ttlMinutes: null }, NOW_MS);
      const under = async (prefix: string[]): Promise<unknown> =>
        (await items.search({ prefix, limit: 10, offset: 0 }, NOW_MS)).map(({ namespace }) => namespace.join("/"));
      expect([await under(["l%"]), await under(["l_"]), await under(["l"]), await under(["l_", "de"])]).toEqual([
        ["l%"],
        ["l_/deep", "l_/deep/er"],
        ["l"],
        [],
      ]);
      const namespaces = (query: { prefix?: string[]; suffix?: string[]; maxDepth?: number; limit?: number }) =>
        items.namespaces({ prefix: [], suffix: [], limit: 10, offset: 0, ...query }, NOW_MS);
      expect(await namespaces({ prefix: ["l_"], maxDepth: 2 })).toEqual([["l_", "deep"]]);
      expect(await namespaces({ prefix: ["*", "deep"] })).toEqual([
        ["l_", "deep"],
        ["l_", "deep", "er"],
      ]);
      expect(await namespaces({ suffix: ["deep", "*"] })).toEqual([["l_", "deep", "er"]]);
      expect(await namespaces({ prefix: ["l_"], limit: 1 })).toEqual([["l_", "deep"]]);
    });

    it("compares the values of items, and never a number with a text", async () => {
      const put = (key: string, value: Record<string, unknown>): Promise<void> =>
        store().items.put({ namespace: ["compared", ODD.replaceAll(".", "")], key, value, ttlMinutes: null }, NOW_MS);
      await put("a", { n: 2, s: "2", 'q"': 1 });
      await put("b", { n: 10, s: "10" });
      await put("c", { n: "5", s: null });
      const keys = async (filter: Record<string, unknown>): Promise<string[]> => {
        const found = await store().items.search({ prefix: ["compared"], filter, limit: 10, offset: 0 }, NOW_MS);
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
      await store().items.put({ ...item, ttlMinutes: 0.000_01, vectors }, NOW_MS);
      await store().items.put({ ...item, namespace: ["spaces-2"], ttlMinutes: null }, NOW_MS);
      expect((await store().items.get(item.namespace, "k", NOW_MS))?.vectors).toEqual(vectors);
      expect(await store().items.get(item.namespace, "k", NOW_MS + 1)).toBeUndefined();
      await store().items.touch([item], NOW_MS + 5_000);
      const query = { prefix: ["spaces"], suffix: [], limit: 10, offset: 0 };
      expect(await store().items.namespaces(query, NOW_MS + 5_000)).toEqual([["spaces", "ann"]]);
      expect(await store().items.sweep(NOW_MS + 6_000)).toBe(1);
    });

    it("refuses what it cannot hold as the caller's fault, or holds it", async () => {
      for (const key of ["with \u0000", Array.from({ length: 9_000 }, () => newUuid()).join("")]) {
        const put = store().items.put({ namespace: ["odd"], key, value: {}, ttlMinutes: null }, NOW_MS);
        const outcome = await put.then(
          () => "held",
          (error: unknown) => (error instanceof ServiceError ? error.code : error),
        );
        expect(outcome).toBeOneOf(["held", "invalid_input"]);
      }
    });
  });
}
