import { HumanMessage } from "@langchain/core/messages";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createModel } from "../../../graphs/model/create-model.ts";
import { OfflineChatModel, splitForStreaming } from "../../../graphs/model/offline-model.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { type OpenAiServer, startOpenAiServer } from "../../support/openai-server.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const log = createLog({ level: "silent" });

let server: OpenAiServer;
beforeEach(async () => {
  server = await startOpenAiServer();
});
afterEach(() => server.close());

function create(environment: Record<string, string>, clock = createManualClock()) {
  return createModel({ config: loadConfig(environment).llm, log, clock, random: () => 0.5 });
}

describe("createModel", () => {
  it("is offline when told so, without a look at anything else", async () => {
    const handle = await create({ LLM_PROVIDER: "offline", LLM_BASE_URL: server.baseUrl });
    expect(handle).toMatchObject({ provider: "offline", label: "offline policy" });
  });

  it("takes LLM_BASE_URL first", async () => {
    const handle = await create({ LLM_BASE_URL: server.baseUrl, LLM_MODEL: "some/model", OLLAMA_HOST: "127.0.0.1:1" });
    expect(handle).toMatchObject({ provider: "openai", label: "some/model" });
    expect(handle.describe()).toContain(server.baseUrl);
  });

  it("takes a local Ollama that lists a Nemotron, written with or without http", async () => {
    server.setModels(["llama3:8b", "nemotron-mini:latest", "nemotron-3-nano:4b"]);
    const bare = server.host.replace("http://", "");
    for (const host of [server.host, bare, `${server.host}/`]) {
      const handle = await create({ OLLAMA_HOST: host });
      expect(handle.label).toBe("nemotron-3-nano:4b");
      expect(handle.describe()).toContain(`${server.host}/v1`);
    }
  });

  it("takes any Nemotron when the wanted one is not there", async () => {
    server.setModels(["llama3:8b", "nemotron-mini:latest"]);
    expect((await create({ OLLAMA_HOST: server.host })).label).toBe("nemotron-mini:latest");
  });

  it("is offline when Ollama has no Nemotron or does not answer", async () => {
    server.setModels(["llama3:8b"]);
    expect((await create({ OLLAMA_HOST: server.host })).provider).toBe("offline");
    const { host } = server;
    await server.close();
    expect((await create({ OLLAMA_HOST: host })).provider).toBe("offline");
    server = await startOpenAiServer();
  });

  it("does not wait for an Ollama that hangs", async () => {
    const clock = createManualClock(undefined, { autoAdvanceUpToMs: 1_000 });
    const { llm } = loadConfig({});
    const hanging: typeof fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      });
    const handle = await createModel({ config: llm, log, clock, random: () => 0.5, fetch: hanging });
    expect(handle.provider).toBe("offline");
    expect(clock.sleeps).toEqual([500]);
  });

  it("needs an address when the provider is openai", async () => {
    const { llm } = loadConfig({});
    const options = { log, clock: createManualClock(), random: () => 0.5 };
    await expect(createModel({ config: { ...llm, provider: "openai" }, ...options })).rejects.toMatchObject({
      code: "invalid_input",
    });
  });
});

describe("OfflineChatModel", () => {
  const text = "One two three four five six.\n\n- a list   with gaps\n";

  it("cuts its text so that the pieces join to the same text", () => {
    expect(splitForStreaming(text).join("")).toBe(text);
    expect(splitForStreaming(text).length).toBeGreaterThan(1);
    expect(splitForStreaming("")).toEqual([]);
  });

  it("streams text and calls, with ids that follow from the place in the thread", async () => {
    const model = new OfflineChatModel({
      policy: () => ({
        text,
        toolCalls: [
          { name: "f", args: { a: 1 } },
          { name: "f", args: { a: 2 } },
        ],
      }),
    });
    const chunks = [];
    for await (const chunk of await model.stream([new HumanMessage("q")])) chunks.push(chunk);
    const whole = chunks.reduce((left, right) => left.concat(right));
    expect(whole.text).toBe(text);
    expect(whole.tool_calls).toMatchObject([
      { id: "call_1_0", name: "f", args: { a: 1 } },
      { id: "call_1_1", name: "f", args: { a: 2 } },
    ]);
    expect((await model.invoke([new HumanMessage("q")])).tool_calls).toMatchObject([
      { id: "call_1_0" },
      { id: "call_1_1" },
    ]);
  });

  it("tells the policy when no tools may be called", async () => {
    const model = new OfflineChatModel({
      policy: (_messages, { canCallTools }) => ({ text: canCallTools ? "may" : "may not", toolCalls: [] }),
    });
    expect((await model.invoke([new HumanMessage("q")], { canCallTools: false })).text).toBe("may not");
  });
});
