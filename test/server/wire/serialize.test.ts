import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";

import { serialize, toJson } from "../../../server/wire/serialize.ts";

describe("serialize", () => {
  it("flattens messages to what the SDKs declare, at any depth", () => {
    const messages = [
      new HumanMessage({ id: "1", content: "a" }),
      new AIMessage({ id: "2", content: "b", tool_calls: [{ id: "c", name: "look", args: { x: 1 } }] }),
      new ToolMessage({ id: "3", content: "c", tool_call_id: "c", name: "look" }),
      new SystemMessage("d"),
    ];
    expect(toJson({ deep: { messages } })).toMatchObject({
      deep: {
        messages: [
          { type: "human", id: "1", content: "a" },
          { type: "ai", tool_calls: [{ id: "c", name: "look", args: { x: 1 } }] },
          { type: "tool", tool_call_id: "c", name: "look" },
          { type: "system", content: "d" },
        ],
      },
    });
  });

  it("writes the same wherever a message lies, and leaves the value as it was", () => {
    const message = new AIMessage({ id: "1", content: "a", response_metadata: { finishReason: "stop" } });
    const flat = serialize(message);
    expect(JSON.parse(flat)).toMatchObject({ type: "ai", id: "1", response_metadata: { finishReason: "stop" } });
    expect(serialize([message, { langgraph_step: 1 }])).toBe(`[${flat},{"langgraph_step":1}]`);
    expect(serialize(["text", message])).toBe(`["text",${flat}]`);
    expect(serialize({ b: 1, messages: [message], a: message })).toBe(`{"b":1,"messages":[${flat}],"a":${flat}}`);
    const deep = { a: { b: { c: { d: { e: [[message]] } } } } };
    expect(serialize(deep)).toBe(`{"a":{"b":{"c":{"d":{"e":[[${flat}]]}}}}}`);
    expect(deep.a.b.c.d.e).toEqual([[message]]);
    class Holder {
      readonly message = message;
      toJSON(): unknown {
        return { held: this.message };
      }
    }
    expect(serialize({ holder: new Holder() })).toBe(`{"holder":{"held":${flat}}}`);
  });

  it("gives every value some JSON form and never throws", () => {
    const loop: Record<string, unknown> = { list: [1] };
    loop["self"] = loop;
    const throwing = {
      get broken(): never {
        throw new Error("no");
      },
      fine: 1,
    };
    let deep: unknown = "bottom";
    for (let level = 0; level < 20_000; level += 1) deep = { deep };
    expect(toJson(loop)).toEqual({ list: [1], self: "[circular]" });
    expect(toJson(throwing)).toEqual({ broken: "[unreadable]", fine: 1 });
    expect(serialize(deep)).toContain("[too deep]");
    expect(
      toJson({
        toJSON: () => {
          throw new Error("no");
        },
      }),
    ).toBe("[unserializable]");
    expect(toJson([10n, new Map([["a", 1]]), new Set([1, 2]), new RangeError("x"), Number.NaN])).toEqual([
      "10",
      { a: 1 },
      [1, 2],
      { error: "RangeError", message: "x" },
      null,
    ]);
    expect(serialize(undefined)).toBe("null");
    expect(serialize(() => 1)).toBe("null");
  });

  it("shows an object twice when it is there twice, without being a cycle", () => {
    const shared = { big: 1n };
    const loop: Record<string, unknown> = { a: shared, b: shared };
    loop["self"] = loop;
    expect(toJson(loop)).toEqual({ a: { big: "1" }, b: { big: "1" }, self: "[circular]" });
  });
});
