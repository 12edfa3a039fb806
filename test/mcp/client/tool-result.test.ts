import { describe, expect, it } from "vitest";

import { toOutcome } from "../../../mcp/client/tool-result.ts";

const text = (value: string): { type: "text"; text: string } => ({ type: "text", text: value });

describe("what a tool said", () => {
  it("joins text blocks and names the others", () => {
    const outcome = toOutcome({
      content: [
        text("one"),
        { type: "image", data: "AAAA", mimeType: "image/png" },
        { type: "resource_link", uri: "file:///report.txt", name: "report" },
        { type: "resource", resource: { uri: "file:///a", text: "inline" } },
        { type: "resource", resource: { uri: "file:///b", blob: "AAAA" } },
        text("two"),
      ],
    });
    expect(outcome).toEqual({
      isError: false,
      text: "one\n[image image/png left out]\n[resource file:///report.txt]\ninline\n[resource file:///b left out]\ntwo",
    });
  });

  it("takes a text that is one JSON object as structured, also for an error", () => {
    const outcome = toOutcome({ content: [text('{"error":"no GPU 9"}')], isError: true });
    expect(outcome).toEqual({ isError: true, text: '{"error":"no GPU 9"}', structured: { error: "no GPU 9" } });
    expect(toOutcome({ content: [text("[1]")] }).structured).toBeUndefined();
    expect(toOutcome({ content: [text("{broken")] }).structured).toBeUndefined();
  });

  it("cuts a long text and says how much is missing", () => {
    const outcome = toOutcome({ content: [text("x".repeat(30))] }, 10);
    expect(outcome.text).toBe(`${"x".repeat(10)}\n[cut: 20 of 30 characters left out; ask for less at a time]`);
  });

  it("leaves out structured content that would swell every checkpoint", () => {
    const outcome = toOutcome({ content: [text("big")], structuredContent: { blob: "x".repeat(2_100_000) } });
    expect(outcome.structured).toBeUndefined();
  });
});
