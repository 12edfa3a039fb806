import { afterEach, beforeEach, expect, it } from "vitest";

import { type OpenAiServer, startOpenAiServer } from "./openai-server.ts";

let server: OpenAiServer;
beforeEach(async () => {
  server = await startOpenAiServer();
});
afterEach(() => server.close());

function post(body: unknown): Promise<Response> {
  return fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: JSON.stringify(body) });
}

it("answers a whole message when it is not asked to stream", async () => {
  server.script({ kind: "answer", text: "hi", reasoning: "hm", calls: [{ name: "f", args: '{"a":1}', id: "c1" }] });
  const answer = (await (await post({ model: "m", messages: [] })).json()) as { choices: unknown[] };
  expect(answer.choices).toEqual([
    {
      index: 0,
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        content: "hi",
        reasoning_content: "hm",
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
    },
  ]);
});

it("streams deltas that join to the same message and end with [DONE]", async () => {
  server.script({ kind: "answer", text: "hello there", calls: [{ name: "f", args: '{"a":1}' }], pieceChars: 3 });
  const body = await (await post({ model: "m", stream: true, messages: [] })).text();
  const events = body.split("\n\n").filter((event) => event !== "");
  expect(events.at(-1)).toBe("data: [DONE]");
  const deltas = events
    .slice(0, -1)
    .map(
      (event) =>
        JSON.parse(event.slice("data: ".length)) as {
          choices: { delta: { content?: string; tool_calls?: unknown } }[];
        },
    )
    .flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
  expect(deltas.map((delta) => delta.content ?? "").join("")).toBe("hello there");
  expect(deltas.filter((delta) => delta.tool_calls !== undefined).length).toBeGreaterThan(2);
});

it("answers scripted failures with their headers, and 500 when no script is left", async () => {
  server.script({ kind: "error", status: 429, headers: { "retry-after": "3" } });
  const limited = await post({ model: "m", messages: [] });
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "3"]);
  expect((await post({ model: "m", messages: [] })).status).toBe(500);
});

it("lists its models the OpenAI way and the Ollama way", async () => {
  server.setModels(["a", "b"]);
  expect(await (await fetch(`${server.baseUrl}/models`)).json()).toMatchObject({ data: [{ id: "a" }, { id: "b" }] });
  expect(await (await fetch(`${server.host}/api/tags`)).json()).toEqual({ models: [{ name: "a" }, { name: "b" }] });
});
