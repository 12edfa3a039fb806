import { afterEach, describe, expect, it } from "vitest";

import type { IncidentIndex } from "../../tools/gpu/incidents/incident.ts";

export interface OpenedIndex {
  readonly index: IncidentIndex;
  /** Closes the index and opens another one over the same storage. */
  reopen(): Promise<IncidentIndex>;
  cleanUp(): Promise<void>;
}

const ADDED = {
  title: "Busbar of row 9 hums and cards brown out",
  severity: "warning" as const,
  component: "power" as const,
  symptoms: "An audible hum from the busbar, then short undervoltage alarms on the shelf controller.",
  root_cause: "A loose bolt at the tap-off box.",
  remediation: ["Call facilities", "Tighten the tap-off bolt"],
  prevention: "Yearly thermography of the busbar.",
  actions: ["CHECK_POWER" as const],
  xid_codes: [],
  sources: ["own incident"],
};

/** What every incident index must do, wherever its vectors are kept. */
export function describeIncidentIndex(name: string, open: () => Promise<OpenedIndex>): void {
  describe(`incident index: ${name}`, () => {
    let opened: OpenedIndex | undefined;
    const start = async (): Promise<IncidentIndex> => {
      opened = await open();
      return opened.index;
    };
    afterEach(async () => {
      await opened?.cleanUp();
      opened = undefined;
    });

    it("finds the pattern that explains a symptom and gives its cosine similarity", async () => {
      const index = await start();
      const { hits, method, total } = await index.search("the GPU has fallen off the bus", { topK: 3 });
      expect(hits[0]?.incident.id).toBe("I04");
      expect(hits[0]?.similarity).toBeGreaterThan(0.6);
      expect(hits[0]?.similarity).toBeLessThanOrEqual(1);
      expect(hits[0]?.matchedBy).toContain("dense");
      expect(hits.length).toBeLessThanOrEqual(3);
      expect(method).toBe("hybrid");
      expect(total).toBe(26);
    });

    it("puts patterns that name the XID of the question first", async () => {
      const index = await start();
      const { hits } = await index.search("what does Xid 92 mean for us", { topK: 1 });
      expect(hits.map(({ incident }) => incident.id)).toEqual(["I26"]);
      expect(hits[0]?.matchedBy).toContain("xid");
    });

    it("says that nothing is close rather than naming the least bad", async () => {
      const index = await start();
      const { hits, isNoCloseMatch } = await index.search("How long do I boil an egg?", { topK: 3 });
      expect(hits).toEqual([]);
      expect(isNoCloseMatch).toBe(true);
    });

    it("finds an added incident at once and after a restart", async () => {
      const index = await start();
      const before = await index.search("humming busbar", { topK: 1 });
      expect(before.hits[0]?.incident.title).not.toBe(ADDED.title);
      const stored = await index.add(ADDED);
      expect(stored.id).toBe("INC-001");
      expect((await index.search("humming busbar", { topK: 1 })).hits[0]?.incident).toEqual(stored);
      const again = await opened!.reopen();
      expect(await again.get("INC-001")).toEqual(stored);
      expect((await again.search("humming busbar", { topK: 1 })).hits[0]?.incident.id).toBe("INC-001");
      expect((await again.add(ADDED)).id).toBe("INC-002");
    });

    it("refuses an id that is taken, a shipped one included", async () => {
      const index = await start();
      await expect(index.add({ ...ADDED, id: "I04" })).rejects.toMatchObject({ code: "already_exists" });
      await index.add({ ...ADDED, id: "INC-007" });
      await expect(index.add({ ...ADDED, id: "INC-007" })).rejects.toMatchObject({ code: "already_exists" });
      expect((await index.list()).filter(({ id }) => id === "INC-007")).toHaveLength(1);
    });

    it("refuses an empty question and a top_k that is not a positive whole number", async () => {
      const index = await start();
      await expect(index.search("  ", { topK: 3 })).rejects.toMatchObject({ code: "invalid_input" });
      await expect(index.search("xid 79", { topK: -1 })).rejects.toThrow("at least 1, got -1");
      await expect(index.search("xid 79", { topK: 1.5 })).rejects.toMatchObject({ code: "invalid_input" });
    });

    it("stops when it is aborted", async () => {
      const index = await start();
      const aborted = AbortSignal.abort(new Error("enough"));
      await expect(index.search("xid 79", { topK: 1, signal: aborted })).rejects.toThrow("enough");
    });
  });
}
