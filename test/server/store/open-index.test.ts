import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { loadConfig } from "../../../lib/config.ts";
import { readLanggraphConfig } from "../../../server/graph-registry.ts";
import { type OpenedIndex, openStoreIndex } from "../../../server/store/open-index.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nemops-index-"));

async function open(store: unknown, env: Record<string, string> = {}): Promise<OpenedIndex> {
  const file = path.join(folder, "langgraph.json");
  writeFileSync(file, JSON.stringify({ graphs: { one: "./one.ts:graph" }, store }));
  return openStoreIndex(await readLanggraphConfig(file), loadConfig(env));
}

describe("the store block of langgraph.json", () => {
  it("takes a function from texts to vectors, or embeddings, from a file", async () => {
    writeFileSync(
      path.join(folder, "embed.mjs"),
      `export const lengths = async (texts) => texts.map((text) => [text.length, 1]);
       export default { embedDocuments: async (texts) => texts.map(() => [0, 1]) };`,
    );
    const lengths = await open({ index: { embed: "./embed.mjs:lengths", dims: 2, fields: ["title"] } });
    const [vector] = (await lengths.options.index?.embedItem({ title: "abc" })) ?? [];
    expect([...(vector ?? [])].map((part) => Math.round(part * 100) / 100)).toEqual([0.95, 0.32]);
    const embeddings = await open({ index: { embed: "./embed.mjs", dims: 2 } });
    expect([...((await embeddings.options.index?.embedQuery("x")) ?? [])]).toEqual([0, 1]);
  });

  it("refuses vectors of another length than it says", async () => {
    const { options } = await open({ index: { embed: "./embed.mjs", dims: 3 } });
    await expect(options.index?.embedQuery("x")).rejects.toThrow(/dims is 3, but vectors have 2/);
  });

  it.each([
    [{ index: { embed: "./none.mjs", dims: 2 } }, {}, /cannot import .*none\.mjs/],
    [{ index: { embed: "./embed.mjs:missing", dims: 2 } }, {}, /exports no embeddings as "missing"/],
    [{ index: { embed: "openai:any", dims: 2 } }, { EMBEDDINGS_PROVIDER: "none" }, /EMBEDDINGS_PROVIDER is none/],
    [{ index: { embed: "openai:any" } }, {}, /store\.index\.dims/],
  ])("says what is wrong with %j", async (store, env, message) => {
    await expect(open(store, env)).rejects.toThrow(message);
  });

  it("keeps documents for as long as it says", async () => {
    const { options } = await open({ ttl: { default_ttl: 60, refresh_on_read: false } });
    expect(options).toEqual({ ttl: { defaultMinutes: 60, isRefreshedOnRead: false } });
  });
});
