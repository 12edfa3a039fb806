import { z } from "zod";

import { ServiceError } from "../../../lib/errors.ts";
import { createLog } from "../../../lib/log.ts";
import { createServerFactory, type McpServerFactory } from "../../../mcp/server/create-server.ts";
import { defineTool, type Tool, type ToolCall } from "../../../tools/define-tool.ts";

/** What the fixture tools report back to the test that holds the context. */
export interface FixtureContext {
  readonly calls: string[];
  readonly cancelled: string[];
  /** Breaks the connection the call came over. */
  drop: () => void;
}

type Call = ToolCall<FixtureContext>;

export function createFixtureContext(drop: () => void = () => undefined): FixtureContext {
  return { calls: [], cancelled: [], drop };
}

const readOnly = {
  title: "Fixture",
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const writing = { ...readOnly, readOnlyHint: false, idempotentHint: false };
const nothing = z.object({});
const done = z.object({ done: z.boolean().describe("always true") });

const echo = defineTool({
  name: "echo",
  description: "Answers what it is given.",
  input: z.object({
    text: z.string().describe("what to say"),
    times: z.number().int().min(1).max(9).optional().describe("how often"),
    mode: z.enum(["plain", "loud"]).default("plain").describe("how to say it"),
  }),
  output: z.object({
    text: z.string().describe("what was said"),
    times: z.number().nullable().describe("as sent"),
    meta: z.record(z.string(), z.unknown()).describe("the request's _meta"),
  }),
  annotations: readOnly,
  run: async ({ text, times, mode }, { context, meta }: Call) => {
    context.calls.push("echo");
    return { text: mode === "loud" ? text.toUpperCase() : text, times: times ?? null, meta: { ...meta } };
  },
});

const countUp = defineTool({
  name: "count_up",
  description: "Reports progress in three steps and one out of order.",
  input: nothing,
  output: done,
  annotations: readOnly,
  run: async (_input, { reportProgress }: Call) => {
    reportProgress({ done: 1, total: 3, message: "one" });
    reportProgress({ done: 2, total: 3 });
    reportProgress({ done: 1, total: 3, message: "backwards" });
    reportProgress({ done: 3, total: 3 });
    return { done: true };
  },
});

function hanging(name: string, annotations: typeof readOnly): Tool<FixtureContext> {
  return defineTool({
    name,
    description: "Says that it has begun, then waits until it is cancelled.",
    input: nothing,
    output: done,
    annotations,
    run: (_input, { context, signal, reportProgress }: Call) => {
      context.calls.push(name);
      reportProgress({ done: 1, message: "begun" });
      return new Promise<{ done: boolean }>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          context.cancelled.push(name);
          reject(new Error("cancelled"));
        });
      });
    },
  });
}

function dropping(name: string, annotations: typeof readOnly): Tool<FixtureContext> {
  return defineTool({
    name,
    description: "Breaks the connection the first time, answers the second time.",
    input: nothing,
    output: done,
    annotations,
    run: async (_input, { context }: Call) => {
      context.calls.push(name);
      if (context.calls.filter((call) => call === name).length === 1) {
        context.drop();
        return new Promise<{ done: boolean }>(() => undefined);
      }
      return { done: true };
    },
  });
}

const failExpected = defineTool({
  name: "fail_expected",
  description: "Fails with a ServiceError.",
  input: nothing,
  output: done,
  annotations: readOnly,
  run: async (_input, { context }: Call) => {
    context.calls.push("fail_expected");
    throw new ServiceError("gpu_not_found", "no GPU 9; GPUs are 0, 1", { data: { valid_ids: [0, 1] } });
  },
});

const failUnexpected = defineTool({
  name: "fail_unexpected",
  description: "Breaks an invariant.",
  input: nothing,
  output: done,
  annotations: readOnly,
  run: async (_input, _call: Call) => {
    throw new Error("cannot open /var/lib/secret-path");
  },
});

const breakSchema = defineTool({
  name: "break_schema",
  description: "Answers what its schema forbids.",
  input: nothing,
  output: z.object({ count: z.number().describe("a count") }),
  annotations: readOnly,
  // The point of this tool is to lie about its type.
  run: async (_input, _call: Call) => ({ count: "many" as unknown as number }),
});

const talkTooMuch = defineTool({
  name: "talk_too_much",
  description: "Answers more than the server lets out.",
  input: nothing,
  output: z.object({ text: z.string().describe("very long") }),
  annotations: readOnly,
  run: async (_input, _call: Call) => ({ text: "abcdefgh".repeat(200_000) }),
});

const writeOnce = defineTool({
  name: "write_once",
  description: "Changes something.",
  input: nothing,
  output: done,
  annotations: { ...writing, destructiveHint: true },
  run: async (_input, { context }: Call) => {
    context.calls.push("write_once");
    return { done: true };
  },
});

export const FIXTURE_TOOLS: readonly Tool<FixtureContext>[] = [
  echo,
  countUp,
  hanging("hang_reading", readOnly),
  hanging("hang_writing", writing),
  dropping("drop_reading", readOnly),
  dropping("drop_writing", writing),
  failExpected,
  failUnexpected,
  breakSchema,
  talkTooMuch,
  writeOnce,
];

export const silentLog = createLog({ level: "silent" });

export function fixtureServer(context: FixtureContext, tools = FIXTURE_TOOLS): McpServerFactory {
  return createServerFactory({
    name: "nemops-fixture",
    title: "Fixture tools",
    version: "1.0.0",
    instructions: "For tests.",
    tools,
    context,
    log: silentLog,
  });
}
