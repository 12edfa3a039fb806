import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { PromptTemplate } from "@langchain/core/prompts";
import { Send } from "@langchain/langgraph";
import { DeltaSnapshot, JsonPlusSerializer } from "@langchain/langgraph-checkpoint";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { StateSerializer } from "../../../../server/store/checkpoints/state-serializer.ts";

const original = new JsonPlusSerializer();
const ours = new StateSerializer();

/** What each of them reads, or says. */
async function readBoth(type: string, data: Uint8Array | string): Promise<[unknown, unknown]> {
  const read = (serializer: JsonPlusSerializer): Promise<unknown> =>
    serializer.loadsTyped(type, data).catch((error: unknown) => String(error)) as Promise<unknown>;
  return [await read(ours), await read(original)];
}

const PROMPT = { template: "{x}", input_variables: [] };
const SECRET = { lc: 1, type: "secret", id: ["PATH"] };
const CALL = { id: "c", name: "look", args: { where: ["a", { b: 1 }] } };
const VALUES: Record<string, unknown> = {
  "a human message": new HumanMessage({ id: "1", content: "a", name: "ann" }),
  "a human message with an undefined field": new HumanMessage({ content: "a", name: undefined }),
  "an AI message": new AIMessage({
    content: [{ type: "text", text: "b" }],
    tool_calls: [CALL],
    usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    response_metadata: { finishReason: "stop", finish_reason: undefined },
    additional_kwargs: { "odd key": 1 },
  }),
  "a chunk": new AIMessageChunk({ content: "", tool_call_chunks: [{ name: "look", args: "{", index: 0, id: "c" }] }),
  "a tool message": new ToolMessage({ content: "c", tool_call_id: "c", status: "error", artifact: { a: [1] } }),
  "a system message": new SystemMessage("d"),
  "a chat message": new ChatMessage({ content: "e", role: "critic" }),
  "a removal": new RemoveMessage({ id: "1" }),
  "a message in a message": new AIMessage({ content: "f", additional_kwargs: { inner: new HumanMessage("g") } }),
  "data that looks like a record": new ToolMessage({ content: "", tool_call_id: "1", artifact: { lc: 1, id: ["x"] } }),
  "data that looks escaped": { content: "", a: { __lc_escaped__: { lc: 1 } } },
  "a map in a message": new HumanMessage({ content: "h", additional_kwargs: { map: new Map([[1, 2]]) } }),
  "another class of LangChain": { prompt: PromptTemplate.fromTemplate("{a} b") },
  "a snapshot of a channel": new DeltaSnapshot([new HumanMessage("i"), { a: new Map([[1, undefined]]) }]),
  "a snapshot of nothing": new DeltaSnapshot(undefined),
  "maps, sets and the like": [new Map([["a", new Set([1])]]), /a+/gi, new RangeError("x"), new Uint8Array([1, 2])],
  "what is undefined": { a: undefined, list: [undefined, 1, null], deep: { b: { c: undefined } } },
  nothing: undefined,
  "records of nobody": [{ lc: 1, type: "constructor", id: ["evil"] }, { lc: 2 }, { lc: null }, { lc: "1" }],
};

describe("reading a state", () => {
  it.each(Object.entries(VALUES))("gives what LangGraph's serializer gives: %s", async (_name, value) => {
    for (const whole of [value, { messages: [value, value] }]) {
      const [type, data] = await original.dumpsTyped(whole);
      const [read, expected] = await readBoth(type, data);
      expect(read).toStrictEqual(expected);
      expect(await ours.dumpsTyped(whole)).toEqual([type, data]);
    }
  });

  it("gives the same for any JSON", async () => {
    const word = fc.constantFrom("lc", "type", "id", "kwargs", "__lc_escaped__", "a", "content", "value", "args");
    const leaf = fc.oneof(
      fc.constantFrom(1, 2, "constructor", "undefined", "delta_snapshot", "Set", "HumanMessage", null, true),
      fc.constant(["langchain_core", "messages", "AIMessage"]),
      fc.constant({ lc: 2, type: "undefined" }),
      fc.constant({ lc: 2, type: "delta_snapshot", value: [{ lc: 2, type: "undefined" }] }),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(word, tie("tree"), { maxKeys: 4 }),
        fc.record({
          lc: fc.constant(1),
          type: fc.constant("constructor"),
          id: fc.constant(["langchain_core", "messages", "HumanMessage"]),
          kwargs: fc.dictionary(word, tie("tree"), { maxKeys: 3 }),
        }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        const [read, expected] = await readBoth("json", JSON.stringify(value));
        // The original gives nothing of what has a part that it cannot read.
        if (typeof expected === "string" && expected.includes("Error")) expect(String(read)).not.toContain("Error");
        else expect(read).toStrictEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { what: "a class of nobody", id: ["evil", "Class"], kwargs: { a: 1 } },
    { what: "a class that LangChain does not have", id: ["langchain_core", "messages", "Nothing"], kwargs: {} },
    {
      what: "a class with fields that it refuses",
      id: ["langchain_core", "prompts", "PromptTemplate"],
      kwargs: PROMPT,
    },
    {
      what: "a message with a secret",
      id: ["langchain_core", "messages", "HumanMessage"],
      kwargs: { content: SECRET },
    },
  ])("keeps a record of $what as data", async ({ id, kwargs }) => {
    const sent = { list: [{ lc: 1, type: "constructor", id, kwargs }, new HumanMessage("a")] };
    expect(await ours.loadsTyped(...(await ours.dumpsTyped(sent)))).toStrictEqual(sent);
    await expect(original.loadsTyped(...(await original.dumpsTyped(sent)))).rejects.toThrow();
  });

  it("keeps the digits of a BigInt and all that is beside it", async () => {
    const send = new Send("node", { id: 3n });
    const value = {
      messages: [new HumanMessage("a")],
      map: new Map([["b", 1n]]),
      set: new Set([2n]),
      send,
      none: null,
    };
    expect(await ours.loadsTyped(...(await ours.dumpsTyped(value)))).toStrictEqual({
      messages: [new HumanMessage("a")],
      map: new Map([["b", "1"]]),
      set: new Set(["2"]),
      send: { node: "node", args: { id: "3" } },
      none: null,
    });
    expect(await ours.loadsTyped(...(await ours.dumpsTyped(12_345_678_901_234_567_890n)))).toBe("12345678901234567890");
  });

  it("keeps what is beside a value that gives no JSON of itself, and beside a cycle with a BigInt", async () => {
    const cycle: Record<string, unknown> = { big: 1n };
    cycle["self"] = cycle;
    const mute = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    const read = await ours.loadsTyped(...(await ours.dumpsTyped({ cycle, mute, a: 1 })));
    expect(read).toStrictEqual({ cycle: { big: "1", self: "[Circular]" }, mute: "[unserializable]", a: 1 });
  });

  it.each([
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
  ])("reads %s as undefined", async (_name, value) => {
    expect(await ours.loadsTyped(...(await ours.dumpsTyped(value)))).toBeUndefined();
  });

  it("gives bytes as they are", async () => {
    const bytes = new Uint8Array([0, 255]);
    expect(await ours.loadsTyped("bytes", bytes)).toEqual(bytes);
    await expect(ours.loadsTyped("pickle", bytes)).rejects.toThrow("Unknown serialization type: pickle");
  });
});
