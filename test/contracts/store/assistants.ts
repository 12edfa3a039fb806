import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Assistant } from "../../../server/store/assistants.ts";
import type { Store } from "../../../server/store/store.ts";
import { NOW_MS, ODD } from "./support.ts";

export function newAssistant(overrides: Partial<Assistant> = {}): Assistant {
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

export function describeAssistants(store: () => Store): void {
  describe("assistants", () => {
    it("gives an assistant back as it was put, odd text included, and takes an id once", async () => {
      const assistant = newAssistant({ name: ODD, metadata: { [ODD]: { deep: [1, null, ODD] }, nul: "a\u0000b" } });
      expect(await store().assistants.insert(assistant)).toBe(true);
      expect(await store().assistants.insert({ ...assistant, name: "other" })).toBe(false);
      expect(await store().assistants.get(assistant.assistantId)).toEqual(assistant);
      expect(await store().assistants.count({ name: ODD.slice(0, 9).toUpperCase().replace("Ï", "ï") })).toBe(1);
      expect(await store().assistants.count({ name: "%" })).toBe(1);
      expect(await store().assistants.delete(assistant.assistantId)).toBe(true);
      expect(await store().assistants.delete(assistant.assistantId)).toBe(false);
    });

    it("orders names by their bytes, whatever the locale is", async () => {
      const names = ["b", "B", "a", "É", "A", "_"];
      for (const each of names) await store().assistants.insert(newAssistant({ graphId: "sorted", name: each }));
      const page = { limit: 10, offset: 1, sortBy: "name", sortOrder: "asc" } as const;
      const found = await store().assistants.search({ graphId: "sorted" }, page);
      expect(found.map((each) => each.name)).toEqual(["B", "_", "a", "b", "É"]);
    });

    it("replaces every field of an assistant that is there", async () => {
      const assistant = newAssistant();
      expect(await store().assistants.update(assistant)).toBe(false);
      await store().assistants.insert(assistant);
      const changed = {
        ...newAssistant({ assistantId: assistant.assistantId }),
        graphId: "other",
        name: ODD,
        description: "",
        config: { configurable: { [ODD]: null } },
        context: { deep: [{}] },
        metadata: { n: 1.5 },
        version: 2,
        updatedAtMs: NOW_MS + 1,
      };
      expect(await store().assistants.update(changed)).toBe(true);
      expect(await store().assistants.get(assistant.assistantId)).toEqual(changed);
    });

    it("pages through assistants of one time without leaving out or repeating one", async () => {
      const graphId = newUuid();
      for (let count = 0; count < 7; count += 1)
        await store().assistants.insert(newAssistant({ graphId, metadata: { odd: count % 2 === 1 } }));
      const found: string[] = [];
      for (const offset of [0, 3, 6, 9]) {
        const page = { limit: 3, offset, sortBy: "created_at", sortOrder: "desc" } as const;
        found.push(...(await store().assistants.search({ graphId }, page)).map(({ assistantId }) => assistantId));
      }
      expect(new Set(found).size).toBe(7);
      expect(found).toEqual(found.toSorted().toReversed());
      expect(await store().assistants.count({ graphId, metadata: { odd: true } })).toBe(3);
    });

    it("keeps every version, the newest first, each number once", async () => {
      const { assistantVersions: versions } = store();
      const assistant = newAssistant();
      const { assistantId } = assistant;
      expect(await versions.newest(assistantId)).toBe(0);
      // As numbers: as texts, 10 would come before 9.
      for (const version of [1, 2, 9, 10]) {
        await versions.add({ ...assistant, version, metadata: { even: version % 2 === 0 }, name: `v${version}` });
      }
      await versions.add(newAssistant({ version: 11 }));
      await expect(versions.add({ ...assistant, version: 9 })).rejects.toThrow();
      const numbers = async (metadata: Record<string, unknown>, limit = 10, offset = 0): Promise<number[]> =>
        (await versions.list(assistantId, { metadata }, { limit, offset })).map(({ version }) => version);
      expect([await numbers({}), await numbers({ even: true }), await numbers({}, 2, 1)]).toEqual([
        [10, 9, 2, 1],
        [10, 2],
        [9, 2],
      ]);
      expect(await versions.newest(assistantId)).toBe(10);
      expect(await versions.get(assistantId, 9)).toMatchObject({ name: "v9", assistantId });
      await versions.deleteAll(assistantId);
      expect([await numbers({}), await versions.get(assistantId, 9)]).toEqual([[], undefined]);
    });
  });
}
