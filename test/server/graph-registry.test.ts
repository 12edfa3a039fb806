import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  createGraphRegistry,
  loadGraphRegistry,
  readLanggraphConfig,
  systemAssistantId,
} from "../../server/graph-registry.ts";
import { createTempFolder, startTestApp } from "../support/test-app.ts";
import { TEST_GRAPHS } from "../support/test-graphs.ts";

const GRAPHS_FILE = path.resolve(import.meta.dirname, "../support/test-graphs.ts");
const GRAPHS = { one: `${GRAPHS_FILE}:echo` };
let folder: ReturnType<typeof createTempFolder>;

beforeEach(() => {
  folder = createTempFolder();
});
afterEach(() => folder.remove());

const write = (name: string, content: unknown): string => {
  const file = path.join(folder.path, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};

describe("langgraph.json", () => {
  it("names graphs by file and export, relative to itself", async () => {
    const relative = path.relative(folder.path, GRAPHS_FILE);
    const config = await readLanggraphConfig(
      write("langgraph.json", { graphs: { one: `${relative}:twoNodes`, two: { path: `./${relative}:echo` } } }),
    );
    const registry = await loadGraphRegistry(config, { defaults: { one: { recursion_limit: 5 } } });
    expect(registry.graphIds).toEqual(["one", "two"]);
    expect(registry.defaults["one"]).toEqual({ recursion_limit: 5 });
    const graph = await registry.load("two", {});
    expect(typeof graph.stream).toBe("function");
  });

  it("loads JavaScript, the default export, a promise and a factory", async () => {
    write(
      "graphs.mjs",
      `import { echo, configured } from ${JSON.stringify(GRAPHS_FILE)};
       export default echo; export const later = Promise.resolve(echo); export { configured };`,
    );
    const config = await readLanggraphConfig(
      write("langgraph.json", {
        graphs: { plain: "./graphs.mjs", later: "./graphs.mjs:later", made: "./graphs.mjs:configured" },
      }),
    );
    const registry = await loadGraphRegistry(config);
    expect(registry.static("plain")).toBeDefined();
    expect(registry.static("later")).toBeDefined();
    expect(registry.static("made")).toBeUndefined();
    expect(Object.keys((await registry.load("made", {})).nodes)).toContain("greet");
  });

  it("loads TypeScript whose imports end in .js, as compilers want them", () => {
    write("util.ts", "export const gpu: number = 7;");
    write(
      "graph.ts",
      `import { gpu } from "./util.js"; export const graph = () => Promise.reject(new Error(\`\${gpu}\`));`,
    );
    write("broken.ts", `import "./absent.js";`);
    // A process of its own, because the test runner resolves imports in its own way.
    const script = `
      import { importGraph } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../server/graph-loader.ts"))};
      await (await importGraph("${folder.path}/graph.ts", "graph"))().catch((error) => console.log(error.message));
      await importGraph("${folder.path}/broken.ts", "graph").catch((error) => console.log(error.message));
    `;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    const [loaded, refused] = stdout.trim().split("\n");
    expect(loaded).toBe("7");
    expect(refused).toMatch(/broken\.ts: Cannot find module .*absent\.js/);
  });

  it("gives its env block, or the file it names, to the caller", async () => {
    const block = await readLanggraphConfig(write("a.json", { graphs: GRAPHS, env: { A: "1", B: 2, C: true } }));
    expect(block.env).toEqual({ A: "1", B: "2", C: "true" });
    write(".env", "B=two # comment\nC='three'\n");
    const file = await readLanggraphConfig(write("b.json", { graphs: GRAPHS, env: ".env" }));
    expect(file.env).toEqual({ B: "two", C: "three" });
  });

  it.each([
    ["a file that is missing", { graphs: { g: "./nowhere.ts:graph" } }, /graph "g".*no such file: .*nowhere\.ts/],
    [
      "an export that is missing",
      { graphs: { g: `${GRAPHS_FILE}:nothing` } },
      /no export "nothing"; it exports .*twoNodes/,
    ],
    [
      "an export that is no graph",
      { graphs: { g: `${GRAPHS_FILE}:TEST_GRAPHS` } },
      /export "TEST_GRAPHS".*not a graph/,
    ],
    ["no graphs", { dependencies: ["."] }, /graphs/],
    ["an empty list of graphs", { graphs: {} }, /langgraph\.json: graphs: names no graph/],
    [
      "a switch that is misspelt",
      { graphs: GRAPHS, http: { disable_threds: true } },
      /http: there is no disable_threds; keys are app, .*disable_threads/,
    ],
    [
      "a key of cors that is misspelt",
      { graphs: GRAPHS, http: { cors: { allow_orgins: ["https://a.example"] } } },
      /http\.cors: there is no allow_orgins; keys are allow_origins, /,
    ],
    [
      "a rule of webhooks that is misspelt",
      { graphs: GRAPHS, webhooks: { url: { allowed_hosts: [] } } },
      /webhooks\.url: there is no allowed_hosts; keys are require_https, /,
    ],
    [
      "a time to live that is misspelt",
      { graphs: GRAPHS, checkpointer: { ttl: { minutes: 5 } } },
      /checkpointer\.ttl: there is no minutes; keys are strategy, default_ttl, /,
    ],
    [
      "an interval that no timer reaches",
      { graphs: GRAPHS, store: { ttl: { sweep_interval_minutes: 40_000 } } },
      /store\.ttl\.sweep_interval_minutes: .*35000/,
    ],
    ["text that is not JSON", "{", /not valid JSON/],
  ])("refuses %s by name", async (_what, content, message) => {
    const file = write("langgraph.json", content);
    await expect(readLanggraphConfig(file).then((config) => loadGraphRegistry(config))).rejects.toThrow(message);
  });

  it("may hold what other servers read", async () => {
    const http = {
      disable_ui: true,
      configurable_headers: { includes: ["x-tenant"] },
      logging_headers: { excludes: ["authorization"] },
      middleware_order: "auth_first",
      mount_prefix: "/api",
    };
    const more = { node_version: "24", dependencies: ["."], ui: {}, checkpointer: {}, webhooks: {}, encryption: {} };
    const config = await readLanggraphConfig(write("langgraph.json", { graphs: GRAPHS, http, ...more }));
    expect(config.http).toEqual(http);
    expect(config.keysWithoutEffect).toEqual([
      "encryption",
      "http.configurable_headers",
      "http.logging_headers",
      "http.middleware_order",
      "http.mount_prefix",
      "ui",
    ]);
  });

  it("describes the assistants of its graphs", async () => {
    const place = GRAPHS_FILE;
    const graphs = { told: { path: `${place}:echo`, description: "Says it again." }, silent: `${place}:echo` };
    const registry = await loadGraphRegistry(await readLanggraphConfig(write("langgraph.json", { graphs })));
    expect(registry.descriptions).toEqual({ told: "Says it again." });
    const server = await startTestApp({ options: { graphs: registry } });
    const [told, silent] = [await server.app.inject("/assistants/told"), await server.app.inject("/assistants/silent")];
    expect(told.json()).toMatchObject({ description: "Says it again." });
    expect(silent.json()).toMatchObject({ description: null });
    await server.close();
  });

  it("refuses a path where there is nothing", async () => {
    await expect(readLanggraphConfig(path.join(folder.path, "none.json"))).rejects.toThrow(/cannot read .*none\.json/);
  });
});

describe("a registry", () => {
  it("derives the assistant of a graph as every LangGraph server does", () => {
    expect(systemAssistantId("agent")).toBe("fe096781-5601-53d2-b2f6-0d3403f7e9ca");
  });

  it("refuses what is not a graph, and a factory that makes none", async () => {
    expect(() => createGraphRegistry({ graphs: { bad: 7 } })).toThrow('graph "bad"');
    const registry = createGraphRegistry({ graphs: { ...TEST_GRAPHS, empty: () => ({}) } });
    await expect(registry.load("empty", {})).rejects.toThrow("neither a compiled graph nor a graph builder");
    await expect(registry.load("nobody", {})).rejects.toThrow('no graph "nobody"');
  });
});
