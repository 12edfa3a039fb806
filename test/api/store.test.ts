import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createItemIndex } from "../../server/store/rank-items.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { TEST_GRAPHS } from "../support/test-graphs.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { SDKS } from "./clients.ts";

const State = Annotation.Root({ user: Annotation<string>, seen: Annotation<number> });
/** Counts the visits of a user in the long-term store. */
const visits = new StateGraph(State)
  .addNode("count", async ({ user }, { store }: LangGraphRunnableConfig) => {
    const before = await store?.get(["visits", user], "count");
    const seen = Number(before?.value["seen"] ?? 0) + 1;
    await store?.put(["visits", user], "count", { seen });
    return { seen };
  })
  .addEdge(START, "count")
  .addEdge("count", END)
  .compile();

const byText = (left: string, right: string): number => left.localeCompare(right);

let server: TestApp;
beforeAll(async () => {
  server = await startTestApp({ isListening: true, graphs: { ...TEST_GRAPHS, visits } });
});
afterAll(() => server.close());

const post = async (path: string, body: unknown, method: "POST" | "PUT" | "DELETE" = "POST") => {
  const response = await server.app.inject({ method, url: path, payload: body as object });
  return { status: response.statusCode, body: response.body === "" ? undefined : response.json<unknown>() };
};

describe.each(SDKS)("$name store", ({ name, connect }) => {
  const root = name.replaceAll(/\W/g, "_");

  it("keeps documents by namespace and key", async () => {
    const { store } = connect(server.url);
    await store.putItem([root, "docs"], "a", { title: "first", pages: 3 });
    const created = await store.getItem([root, "docs"], "a");
    expect(created).toMatchObject({ namespace: [root, "docs"], key: "a", value: { title: "first", pages: 3 } });
    await store.putItem([root, "docs"], "a", { title: "changed" });
    expect(await store.getItem([root, "docs"], "a")).toMatchObject({ value: { title: "changed" } });
    await store.deleteItem([root, "docs"], "a");
    expect(await store.getItem([root, "docs"], "a")).toBeNull();
  });

  it("finds by prefix, values and comparisons, the last changed first", async () => {
    const { store } = connect(server.url);
    for (const [key, pages] of [
      ["x", 1],
      ["y", 5],
      ["z", 9],
    ] as const) {
      await store.putItem([root, "books", key], "info", { pages, kind: key === "z" ? "long" : "short" });
    }
    const keys = async (options: Parameters<typeof store.searchItems>[1]): Promise<string[]> =>
      (await store.searchItems([root, "books"], options)).items.map(({ namespace }) => namespace.at(-1) ?? "");
    expect((await keys({})).toSorted(byText)).toEqual(["x", "y", "z"]);
    expect((await keys({ filter: { kind: "short" } })).toSorted(byText)).toEqual(["x", "y"]);
    expect((await keys({ filter: { pages: { $gt: 1, $lte: 9 } } })).toSorted(byText)).toEqual(["y", "z"]);
    expect(await keys({ filter: { pages: { $ne: 1 }, kind: { $eq: "short" } } })).toEqual(["y"]);
    expect(await keys({ filter: { kind: { $gt: 3 } } })).toEqual([]);
    expect(await keys({ limit: 1, offset: 3 })).toEqual([]);
    // A namespace that only begins with the same letters is another one.
    await store.putItem([`${root}2`, "books"], "info", { pages: 5 });
    expect((await keys({ filter: { pages: 5 } })).length).toBe(1);
  });

  it("lists namespaces by prefix, suffix and depth", async () => {
    const { store } = connect(server.url);
    await store.putItem([root, "ns", "ann", "notes"], "k", { a: 1 });
    await store.putItem([root, "ns", "bob", "notes"], "k", { a: 1 });
    await store.putItem([root, "ns", "bob", "todo"], "k", { a: 1 });
    const list = async (options: Parameters<typeof store.listNamespaces>[0]): Promise<string[]> =>
      (await store.listNamespaces(options)).namespaces.map((labels) => labels.slice(2).join("/"));
    expect(await list({ prefix: [root, "ns"] })).toEqual(["ann/notes", "bob/notes", "bob/todo"]);
    expect(await list({ prefix: [root, "ns"], maxDepth: 3 })).toEqual(["ann", "bob"]);
    expect(await list({ prefix: [root, "ns"], suffix: ["notes"] })).toEqual(["ann/notes", "bob/notes"]);
    expect(await list({ prefix: [root, "*", "bob"], limit: 1, offset: 1 })).toEqual(["bob/todo"]);
  });

  it("is what nodes find as config.store", async () => {
    const client = connect(server.url);
    const wait = (): Promise<unknown> => client.runs.wait(null, "visits", { input: { user: root } });
    expect([await wait(), await wait()]).toEqual([
      { user: root, seen: 1 },
      { user: root, seen: 2 },
    ]);
    expect(await client.store.getItem(["visits", root], "count")).toMatchObject({ value: { seen: 2 } });
  });

  it("ranks by words when no embeddings are configured", async () => {
    const { store } = connect(server.url);
    await store.putItem([root, "memos"], "1", { text: "the cooling of rack four is weak" });
    await store.putItem([root, "memos"], "2", { text: "lunch on Friday" });
    const { items } = await store.searchItems([root, "memos"], { query: "rack cooling" });
    expect(items.map(({ key, score }) => [key, (score ?? 0) > 0])).toEqual([
      ["1", true],
      ["2", false],
    ]);
  });
});

describe("bad input of the store", () => {
  it.each([
    ["PUT", "/store/items", { namespace: [], key: "k", value: {} }, /namespace.*at least one label/],
    ["PUT", "/store/items", { namespace: ["a.b"], key: "k", value: {} }, /period/],
    ["PUT", "/store/items", { namespace: ["langgraph"], key: "k", value: {} }, /reserved/],
    ["PUT", "/store/items", { namespace: ["a"], key: "", value: {} }, /key/],
    ["PUT", "/store/items", { namespace: ["a"], key: "k", value: [] }, /value/],
    ["PUT", "/store/items", { namespace: ["a"], key: "k", value: {}, ttl: -1 }, /ttl/],
    ["POST", "/store/items/search", { namespace_prefix: "a" }, /namespace_prefix/],
    ["POST", "/store/items/search", { limit: 5_000 }, /limit/],
    ["POST", "/store/namespaces", { max_depth: 0 }, /max_depth/],
  ] as const)("%s %s %j", async (method, path, body, message) => {
    const answer = await post(path, body, method);
    expect(answer.status).toBe(422);
    expect((answer.body as { detail: string }).detail).toMatch(message);
  });

  it("refuses a comparison that there is not, in place of finding nothing", async () => {
    const { status, body } = await post("/store/items/search", { filter: { pages: { $gt: 1, $near: 2 } } });
    expect([status, body]).toEqual([
      422,
      expect.objectContaining({
        errors: [
          { field: "filter.pages.$near", message: "is no comparison; there are $eq, $ne, $gt, $gte, $lt, $lte" },
        ],
      }),
    ]);
  });

  it("treats keys that are names of Object's own as any others", async () => {
    await post("/store/items", { namespace: ["proto"], key: "__proto__", value: { constructor: "x" } }, "PUT");
    const found = await post("/store/items/search", { namespace_prefix: ["proto"], filter: { constructor: "x" } });
    expect(found.body).toMatchObject({ items: [{ key: "__proto__", value: { constructor: "x" } }] });
  });
});

describe("time to live", () => {
  it("ends an item after its minutes, and reading starts them anew", async () => {
    const clock = createManualClock();
    const timed = await startTestApp({
      clock,
      options: { storeOptions: { ttl: { defaultMinutes: 10, isRefreshedOnRead: true } } },
    });
    const put = (key: string, ttl?: number) =>
      timed.app.inject({
        method: "PUT",
        url: "/store/items",
        payload: { namespace: ["t"], key, value: { a: 1 }, ...(ttl === undefined ? {} : { ttl }) },
      });
    const read = async (key: string, refresh = true): Promise<string> =>
      (await timed.app.inject({ url: `/store/items?namespace=t&key=${key}&refresh_ttl=${refresh}` })).body;
    await put("short", 1);
    await put("usual");
    await clock.advance(61_000);
    expect(await read("short")).toBe("null");
    await clock.advance(8 * 60_000);
    expect(await read("usual")).toContain('"key":"usual"');
    await clock.advance(8 * 60_000);
    expect(await read("usual", false)).toContain('"key":"usual"');
    await clock.advance(3 * 60_000);
    expect(await read("usual")).toBe("null");
    await timed.close();
  });
});

describe("with embeddings", () => {
  it("ranks by the best vector of the indexed fields", async () => {
    // Two axes: warmth and food.
    const embed = (texts: readonly string[]): Promise<number[][]> =>
      Promise.resolve(texts.map((text) => [/hot|warm|cool/.test(text) ? 1 : 0, /lunch|soup/.test(text) ? 1 : 0.1]));
    const index = createItemIndex({ embed, fields: ["title", "notes[*]"] });
    const ranked = await startTestApp({ options: { storeOptions: { index } } });
    const put = (key: string, value: object, rest: object = {}) =>
      ranked.app.inject({ method: "PUT", url: "/store/items", payload: { namespace: ["m"], key, value, ...rest } });
    await put("rack", { title: "rack", notes: ["runs hot", "soup"] });
    await put("menu", { title: "lunch" });
    await put("hidden", { title: "hot" }, { index: false });
    await put("own", { title: "x", body: "warm soup" }, { index: ["body"] });
    const answer = await ranked.app.inject({
      method: "POST",
      url: "/store/items/search",
      payload: { namespace_prefix: ["m"], query: "cool" },
    });
    const { items } = answer.json<{ items: { key: string; score: number }[] }>();
    expect(items.map(({ key }) => key)).toEqual(["rack", "own", "menu", "hidden"]);
    expect(items[0]?.score).toBeCloseTo(1, 1);
    expect(items.at(-1)?.score).toBe(0);
    await ranked.close();
  });
});
