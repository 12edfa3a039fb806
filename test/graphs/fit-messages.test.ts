import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";

import { cutMiddle, fitMessages } from "../../graphs/fit-messages.ts";

const limits = { totalChars: 1_000, resultChars: 300, oldResultChars: 50, humanChars: 200 };
const call = (id: string) => new AIMessage({ content: "", tool_calls: [{ id, name: "f", args: {} }] });
const result = (id: string, length: number) =>
  new ToolMessage({ content: "x".repeat(length), tool_call_id: id, name: "f" });

describe("fitMessages", () => {
  it("leaves what fits as it is", () => {
    const messages = [new HumanMessage("q"), call("1"), result("1", 100), new AIMessage("a")];
    expect(fitMessages(messages, limits)).toEqual(messages);
  });

  it("cuts results in the middle, those of earlier turns more, and keeps them with their calls", () => {
    const messages = [
      new HumanMessage("q"),
      call("1"),
      result("1", 900),
      new HumanMessage("q2"),
      call("2"),
      result("2", 900),
    ];
    const fitted = fitMessages(messages, limits);
    expect(fitted.map((message) => message.type)).toEqual(messages.map((message) => message.type));
    expect(fitted[2]?.text).toContain("[… 850 characters left out …]");
    expect(fitted[5]?.text).toContain("[… 600 characters left out …]");
    expect(fitted[5]).toMatchObject({ tool_call_id: "2", name: "f" });
    expect(messages[2]?.text).toHaveLength(900);
  });

  it("leaves out whole turns, oldest first, and says how many messages", () => {
    const turn = (id: string) => [new HumanMessage(`q${id}`), new AIMessage("y".repeat(300))];
    const fitted = fitMessages([...turn("1"), ...turn("2"), ...turn("3"), ...turn("4")], limits);
    expect(fitted.map((message) => message.text.slice(0, 40))).toEqual([
      "(2 earlier messages of this thread are l",
      "q2",
      "y".repeat(40),
      "q3",
      "y".repeat(40),
      "q4",
      "y".repeat(40),
    ]);
  });

  it("always keeps the present turn", () => {
    const messages = [
      new HumanMessage("q"),
      ...Array.from({ length: 20 }, (_, id) => [call(`${id}`), result(`${id}`, 200)]).flat(),
    ];
    const fitted = fitMessages(messages, { ...limits, totalChars: 3_000 });
    expect(fitted).toHaveLength(messages.length);
    expect(fitted.reduce((sum, message) => sum + message.text.length, 0)).toBeLessThanOrEqual(3_000);
    // What came last is what the next step is about, so it is cut last.
    expect(fitted.at(-1)?.text).toHaveLength(200);
  });

  it("cuts a long question to its two ends", () => {
    const [message] = fitMessages([new HumanMessage(`begin${"z".repeat(10_000)}end`)], limits);
    expect(message?.text).toMatch(/^begin[\s\S]*end$/);
    expect(message?.text.length).toBeLessThan(300);
  });
});

describe("cutMiddle", () => {
  it("keeps the text when it fits", () => {
    expect(cutMiddle("abc", 3)).toBe("abc");
    expect(cutMiddle("abcd", 3)).toContain("1 characters left out");
  });
});
