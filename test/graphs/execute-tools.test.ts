import { AIMessage } from "@langchain/core/messages";
import { beforeEach, describe, expect, it } from "vitest";

import { readDecisions } from "../../graphs/approve.ts";
import { type ToolRules, executeTools } from "../../graphs/execute-tools.ts";
import { ServiceError } from "../../lib/errors.ts";
import { type GpuTools, createGpuTools } from "./support/gpu-tools.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { log } from "./support/run-graph.ts";

const plain: ToolRules = {
  prepare: (request) => request,
  answerInstead: () => undefined,
  approvalReason: () => undefined,
};

let tools: GpuTools;
let events: { type: string; name: string; args?: Record<string, unknown> }[];
beforeEach(() => {
  tools = createGpuTools();
  events = [];
});

async function run(calls: readonly (readonly [string, Record<string, unknown>?])[], signal?: AbortSignal) {
  const message = new AIMessage({
    content: "",
    tool_calls: calls.map(([name, args = {}], index) => ({ type: "tool_call", id: `call_${index}`, name, args })),
  });
  return executeTools({
    message,
    tools,
    offered: await tools.listTools(),
    rules: plain,
    approvals: "ask",
    config: {
      writer: (event: unknown) => void events.push(event as (typeof events)[number]),
      ...(signal && { signal }),
    },
    clock: createManualClock(),
    log,
  });
}

describe("executeTools", () => {
  it("answers in call order, runs reads side by side and waits for a write before what follows it", async () => {
    const messages = await run([
      ["list_gpus"],
      ["lookup_xid", { xid: 79 }],
      ["generate_alert", { severity: "warning", title: "one" }],
      ["generate_alert", { severity: "warning", title: "two" }],
      ["list_alerts"],
    ]);
    expect(messages.map((message) => [message.tool_call_id, message.name, message.status])).toEqual([
      ["call_0", "list_gpus", "success"],
      ["call_1", "lookup_xid", "success"],
      ["call_2", "generate_alert", "success"],
      ["call_3", "generate_alert", "success"],
      ["call_4", "list_alerts", "success"],
    ]);
    expect(tools.maxConcurrent()).toBe(2);
    expect(JSON.parse(messages[4]?.text ?? "")).toMatchObject({ total: 2 });
  });

  it("keeps the structured result once: in the text when that is the whole of it", async () => {
    const [message] = await run([["lookup_xid", { xid: 79 }]]);
    expect(JSON.parse(message?.text ?? "")).toMatchObject({ xid: 79, known: true });
    expect(message?.artifact).toBeUndefined();
  });

  it("tells what began and ended, with long arguments cut", async () => {
    await run([["analyze_gpu_log", { log: "x".repeat(10_000) }]]);
    expect(events.map((event) => event.type)).toEqual(["tool_start", "tool_end"]);
    expect(String(events[0]?.args?.["log"])).toMatch(/^x{200}… \(10000 characters\)$/);
  });

  it.each(["timed_out", "tool_failed", "forbidden", "not_found"] as const)("tells the model of %s", async (code) => {
    tools.fail("list_gpus", new ServiceError(code, "it did not work"));
    const [message] = await run([["list_gpus"]]);
    expect(message).toMatchObject({ status: "error", content: "it did not work" });
  });

  it("ends with the reason of an abort instead of telling the model", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    tools.fail("list_gpus", new ServiceError("tool_failed", "connection lost"));
    await expect(run([["list_gpus"]], stop.signal)).rejects.toThrow("stopped");
  });
});

describe("readDecisions", () => {
  it("takes one decision for each call", () => {
    const decisions = [{ type: "approve" }, { type: "reject", message: "no" }];
    expect(readDecisions({ decisions }, 2)).toEqual(decisions);
  });

  it.each([
    undefined,
    "approve",
    { decisions: [{ type: "maybe" }] },
    { decisions: [] },
    { decisions: [{ type: "edit" }] },
  ])("takes %j as a no", (answer) => {
    expect(readDecisions(answer, 1)).toMatchObject([{ type: "reject" }]);
  });
});
