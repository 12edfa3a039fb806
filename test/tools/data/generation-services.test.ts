import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Design, type DesignInput, Design as DesignSchema } from "../../../engine/data/design/design.ts";
import { planColumns } from "../../../engine/data/design/plan.ts";
import { createGenerator } from "../../../engine/data/generate.ts";
import { type Preview, previewRows } from "../../../engine/data/preview.ts";
import { tableRows } from "../../../engine/data/table-rows.ts";
import type { ToolCaller } from "../../../tools/data/generation-services.ts";
import { modelDesign, openServices } from "../../support/generation.ts";
import { type ChatRequest, type OpenAiServer, type Script, startOpenAiServer } from "../../support/openai-server.ts";

const text = (content: string): Script => ({ kind: "answer", text: content });
const lastOf = (request: ChatRequest | undefined): string => String(request?.messages.at(-1)?.content);

describe("columns written by models", () => {
  let server: OpenAiServer;
  let closing: (() => void)[];

  beforeEach(async () => {
    server = await startOpenAiServer();
    closing = [];
  });
  afterEach(async () => {
    for (const close of closing) close();
    await server.close();
  });

  interface Options {
    readonly settings?: Readonly<Record<string, string>>;
    readonly tools?: ToolCaller;
    readonly rows?: number;
  }

  async function generatorOf(design: Design, { settings, tools }: Options = {}) {
    const services = openServices(settings ?? { LLM_BASE_URL: server.baseUrl }, tools === undefined ? {} : { tools });
    closing.push(() => services.close());
    return createGenerator({ design, plan: planColumns(design), seed: 1, services });
  }

  async function preview(design: Design, options: Options = {}): Promise<Preview> {
    return previewRows(await generatorOf(design, options), options.rows ?? 1);
  }

  const record = async (design: Design, options?: Options) => ({
    ...tableRows((await preview(design, options)).table)[0],
  });

  it("are asked with the rendered prompts, the model's parameters and what its provider adds", async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "nemops-providers-")), "providers.yaml");
    writeFileSync(
      file,
      `providers:
  - name: lab
    endpoint: ${server.baseUrl}
    api_key: LAB_TEST_KEY
    extra_headers: {x-team: data}
    extra_body: {user: nemops, seed: 3}
    prices: {input_per_million: 2, output_per_million: 10}
`,
    );
    vi.stubEnv("LAB_TEST_KEY", "sk-lab");
    const design = modelDesign(
      [
        {
          column_type: "llm-text",
          name: "a",
          prompt: "say {{ id }}",
          system_prompt: "be {{ id | length }}",
          model_alias: "m",
        },
      ],
      [
        {
          alias: "m",
          model: "big",
          provider: "lab",
          inference_parameters: {
            generation_type: "chat-completion",
            temperature: { distribution_type: "uniform", params: { low: 0.2, high: 0.4 } },
            top_p: { distribution_type: "manual", params: { values: [0.5, 0.9], weights: [0, 1] } },
            max_tokens: 50,
            extra_body: { seed: 4 },
          },
        },
      ],
    );
    server.script(text("one"), text("two"));
    const generator = await generatorOf(design, { settings: { MODEL_PROVIDERS_FILE: file } });
    vi.unstubAllEnvs();
    const rows = tableRows((await previewRows(generator, 2)).table);
    expect(new Set(rows.map((row) => row["a"]))).toEqual(new Set(["one", "two"]));
    // The prompts of a row show the row's own values.
    expect(new Set(server.requests.map(lastOf))).toEqual(new Set(rows.map((row) => `say ${row["id"] as string}`)));
    expect(server.requests[0]).toMatchObject({
      model: "big",
      top_p: 0.9,
      max_tokens: 50,
      user: "nemops",
      seed: 4,
      messages: [{ role: "system", content: "be 8" }, { role: "user" }],
    });
    // The stub keeps the body as it came; its type names only a few fields.
    const temperatures = server.requests.map((request) => (request as unknown as { temperature: number }).temperature);
    expect(new Set(temperatures).size).toBe(2);
    for (const temperature of temperatures) {
      expect(temperature).toBeGreaterThanOrEqual(0.2);
      expect(temperature).toBeLessThan(0.4);
    }
    expect(server.authorization[0]).toBe("Bearer sk-lab");
    expect(generator.models?.label).toBe("big (lab)");
    expect(generator.models?.usage()).toMatchObject([
      { column: "a", alias: "m", model: "big", provider: "lab", requests: 2, inputTokens: 22, outputTokens: 14 },
    ]);
    expect(generator.models?.usage()[0]?.cost).toBeCloseTo((22 * 2 + 14 * 10) / 1e6, 12);
  });

  it("of a design without models are asked of the one that the service is set up with", async () => {
    server.script(text("yes"));
    const design = DesignSchema.parse({
      columns: [{ column_type: "llm-text", name: "a", prompt: "hello", model_alias: "any" }],
    });
    expect(await record(design, { settings: { LLM_BASE_URL: server.baseUrl, LLM_MODEL: "nano" } })).toEqual({
      a: "yes",
    });
    expect(server.requests[0]).toMatchObject({ model: "nano" });
  });

  it("are written offline when the offline model is chosen, whatever the endpoint", async () => {
    const design = modelDesign([
      { column_type: "llm-text", name: "a", prompt: "A note on {{ id }}.", model_alias: "m" },
    ]);
    const { a } = await record(design, { settings: { LLM_BASE_URL: server.baseUrl, LLM_PROVIDER: "offline" } });
    expect([typeof a, server.requests.length]).toEqual(["string", 0]);
  });

  it("get images by URL and as base64 with the prompt", async () => {
    server.script(text("a cat"));
    const design = modelDesign([
      { column_type: "expression", name: "url", expr: "https://x.test/{{ id }}.png" },
      { column_type: "expression", name: "data", expr: "iVBORw0KGgo=" },
      {
        column_type: "llm-text",
        name: "a",
        prompt: "What is this?",
        model_alias: "m",
        multi_modal_context: [
          { modality: "image", column_name: "url", data_type: "url" },
          { modality: "image", column_name: "data" },
        ],
      },
    ]);
    const { id } = await record(design);
    expect(server.requests[0]?.messages[0]?.content).toEqual([
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `https://x.test/${id as string}.png` } },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
    ]);
  });

  it("are skipped cell by cell with all that needs them, and nobody is asked", async () => {
    const columns: DesignInput["columns"] = [
      {
        column_type: "sampler",
        name: "kind",
        sampler_type: "category",
        params: { sampler_type: "category", values: ["x", "y"] },
      },
      {
        column_type: "llm-text",
        name: "a",
        prompt: "a",
        model_alias: "m",
        skip: { when: "{{ kind == 'x' }}", value: "-" },
        with_trace: "last_message",
      },
      { column_type: "llm-text", name: "b", prompt: "b of {{ a }}", model_alias: "m" },
      { column_type: "llm-text", name: "c", prompt: "c of {{ a }}", model_alias: "m", propagate_skip: false },
      { column_type: "expression", name: "d", expr: "{{ b }}!" },
    ];
    server.script(...Array.from({ length: 100 }, () => (request: ChatRequest) => text(`<${lastOf(request)}>`)));
    const { table } = await preview(modelDesign(columns), { rows: 20 });
    const rows = tableRows(table);
    const skipped = rows.filter(({ kind }) => kind === "x");
    const asked = rows.filter(({ kind }) => kind === "y");
    expect(Math.min(skipped.length, asked.length)).toBeGreaterThan(3);
    for (const row of skipped) expect(row).toMatchObject({ a: "-", a__trace: null, b: null, c: "<c of ->", d: null });
    for (const row of asked)
      expect(row).toMatchObject({ a: "<a>", b: "<b of <a>>", c: "<c of <a>>", d: "<b of <a>>!" });
    expect(server.requests).toHaveLength(asked.length * 3 + skipped.length);
  });

  it("call the tools that they may, tell them in the trace, and must answer when the turns are used up", async () => {
    const calls: string[] = [];
    const tools: ToolCaller = {
      listTools: (name) =>
        Promise.resolve(
          ["search", "delete"].map((tool) => ({
            name: tool,
            description: `${name} ${tool}`,
            parameters: { type: "object" },
          })),
        ),
      callTool: ({ server: name, name: tool, args }) => {
        calls.push(`${name} ${tool} ${JSON.stringify(args)}`);
        return Promise.resolve({ text: "found it", isError: false });
      },
    };
    const design = DesignSchema.parse({
      ...modelDesign([
        {
          column_type: "llm-text",
          name: "a",
          prompt: "look",
          model_alias: "m",
          tool_alias: "t",
          with_trace: "all_messages",
        },
      ]),
      tool_configs: [{ tool_alias: "t", providers: ["wiki"], allow_tools: ["search"], max_tool_call_turns: 1 }],
    });
    const ask = (query: string): Script => ({
      kind: "answer",
      calls: [
        { name: "search", args: JSON.stringify({ query }), id: query },
        { name: "delete", args: "{}", id: "no" },
      ],
    });
    server.script(ask("one"), ask("two"), text("done"));
    const row = await record(design, { tools });
    expect([row["a"], calls]).toEqual(["done", ['wiki search {"query":"one"}']]);
    expect(server.requests[0]?.tools?.map((tool) => tool.function.name)).toEqual(["search"]);
    const shown = (row["a__trace"] as { role: string; content: string }[]).map(
      ({ role, content }) => `${role}: ${content}`,
    );
    expect(shown).toEqual([
      "user: look",
      "assistant: ",
      "tool: found it",
      'tool: error: there is no tool "delete"; there are search',
      "assistant: ",
      "tool: error: no further tool calls are allowed; answer with what you know",
      "tool: error: no further tool calls are allowed; answer with what you know",
      "assistant: done",
    ]);
    expect(server.requests[2]).toMatchObject({ tool_choice: "none" });
    expect(server.requests[1]?.messages[1]?.tool_calls).toMatchObject([{ id: "one" }, { id: "no" }]);
    expect(server.requests[1]?.messages[2]).toMatchObject({ role: "tool", tool_call_id: "one" });
    await expect(generatorOf(design)).rejects.toMatchObject({ code: "not_supported" });
    const missing = { ...tools, listTools: () => Promise.resolve([]) };
    await expect(generatorOf(design, { tools: missing })).rejects.toThrow("wiki has no tool search");
  });

  it("refuse a file of providers that is wrong, and say where", () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "nemops-providers-")), "providers.json");
    const open = (content: string): unknown => {
      writeFileSync(file, content);
      return openServices({ MODEL_PROVIDERS_FILE: file, LLM_BASE_URL: server.baseUrl });
    };
    expect(() => open('{"providers": [{"name": "a", "endpoint": "ftp://x"}]}')).toThrow(/providers\.0\.endpoint/);
    expect(() => open('{"providers": [{"name": "a", "endpoint": "http://me:pw@x/v1"}]}')).toThrow(/user or a password/);
    expect(() => open('{"providers": [{"name": "default", "endpoint": "http://x"}]}')).toThrow(
      /"default" is there twice/,
    );
    expect(() => open("{")).toThrow(expect.objectContaining({ code: "unreadable_input" }));
  });
});
