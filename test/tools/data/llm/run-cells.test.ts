import { describe, expect, it } from "vitest";

import { seededRandom } from "../../../../lib/random.ts";
import type { CellColumn } from "../../../../tools/data/llm/cells.ts";
import { CHAIN, LATENCY_MS, answer, expectNothingLost, lastMessage, run, textColumn } from "./cell-run.ts";

describe("LLM cells", () => {
  it("get the values of the columns they need, in at most the ideal time plus one round", async () => {
    const result = await run({ rows: 64, reply: (call) => answer(lastMessage(call)) });
    expect(result.outcome).toBe("complete");
    expect(result.failures).toEqual([]);
    expect(result.values.get("d")?.[3]).toBe(String.raw`d("c(\"b(\\\"a(3)\\\")\")")`);
    expect(result.seen.most).toBe(16);
    expect(result.elapsedMs).toBe((64 * 4 * LATENCY_MS) / 16);
    expect(result.usage.get("a")).toMatchObject({
      requests: 64,
      inputTokens: 640,
      outputTokens: 320,
      reasoningTokens: 64,
      retries: 0,
    });
  });

  it("finish rows early: a row's next column comes before another row's first", async () => {
    const { seen } = await run({ rows: 40, maxParallel: 4, reply: (call) => answer(lastMessage(call)) });
    expect(seen.calls.slice(12, 16).map(({ prompt }) => prompt[0])).toEqual(["d", "d", "d", "d"]);
  });

  it("are all done or reported with 10 % 429s, 2 % broken JSON, 500s, gateway errors and torn connections", async () => {
    const schema = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
    const columns = CHAIN.map((column): CellColumn => ({
      ...column,
      column: { column_type: "llm-structured", name: column.column.name, output_format: schema },
    }));
    const chance = seededRandom(5);
    const result = await run({
      rows: 1000,
      columns,
      maxParallel: 64,
      reply: () => {
        const draw = chance();
        if (draw < 0.1)
          return { kind: "rate_limited", retryAfterMs: draw < 0.05 ? 1000 : undefined, message: "HTTP 429" };
        if (draw < 0.12) return answer("```json\n{text: oops, and then nothing that");
        if (draw < 0.13) return { kind: "server", message: "HTTP 500" };
        if (draw < 0.14) return { kind: "gateway", message: "HTTP 503", retryAfterMs: undefined };
        if (draw < 0.15) return { kind: "timeout", message: "no answer" };
        if (draw < 0.16) return { kind: "connection", message: "torn" };
        return answer('```json\n{"text": "fine", "extra": 1}\n```');
      },
    });
    expect(result.outcome).toBe("complete");
    expect(result.failures).toEqual([]);
    expectNothingLost(result, 1000, columns);
    expect(result.values.get("a")?.[0]).toEqual({ text: expect.any(String) });
  });

  it("wait as long as Retry-After says while others are asked, with a quarter less in flight, once per burst", async () => {
    const result = await run({
      rows: 64,
      columns: [textColumn("a")],
      reply: (call, number) =>
        number <= 16 && number % 2 === 0
          ? { kind: "rate_limited", retryAfterMs: 5000, message: "HTTP 429" }
          : answer(lastMessage(call)),
    });
    expect(result.failures).toEqual([]);
    const at = (ms: number): readonly string[] =>
      result.seen.calls.filter(({ atMs }) => atMs === ms).map(({ prompt }) => prompt);
    expect(at(LATENCY_MS)).toHaveLength(12);
    expect(at(LATENCY_MS + 5000)).toEqual(at(0).filter((_, place) => place % 2 === 1));
    expect(result.usage.get("a")).toMatchObject({ rateLimited: 8, requests: 72 });
  });

  it("fail at once when the endpoint refuses them, and take their dependents with them, named as such", async () => {
    const result = await run({
      rows: 20,
      reply: (call) =>
        lastMessage(call) === 'b("a(3)")' ? { kind: "refused", message: "HTTP 400: no" } : answer(lastMessage(call)),
    });
    expect(result.outcome).toBe("complete");
    expect(result.failures).toEqual([
      { row: 103, column: "b", kind: "refused", message: "HTTP 400: no", requests: 1 },
      { row: 103, column: "c", kind: "upstream", message: '"b" has no value in this row', requests: 0 },
      { row: 103, column: "d", kind: "upstream", message: '"c" has no value in this row', requests: 0 },
    ]);
    expectNothingLost(result, 20, CHAIN);
  });

  it("get three gateway retries with growing waits and two salvage rounds before they are given up", async () => {
    const result = await run({
      rows: 1,
      columns: [textColumn("a")],
      reply: () => ({ kind: "gateway", message: "HTTP 503", retryAfterMs: undefined }),
    });
    expect(result.failures).toEqual([{ row: 100, column: "a", kind: "server", message: "HTTP 503", requests: 6 }]);
    const waits = result.seen.calls
      .slice(1, 4)
      .map(({ atMs }, at) => atMs - (result.seen.calls[at]?.atMs ?? 0) - LATENCY_MS);
    for (const [at, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(1000 * 2 ** at * 0.8);
      expect(wait).toBeLessThanOrEqual(1000 * 2 ** at * 1.2);
    }
  });

  it("are asked again in fresh conversations until the restarts are used up, then reported with the last problem", async () => {
    const column: CellColumn = {
      ...textColumn("a"),
      column: { column_type: "llm-code", name: "a", code_lang: "python" },
    };
    const result = await run({ rows: 1, columns: [column], reply: () => answer("no code here") });
    expect(result.seen.calls).toHaveLength(6);
    expect(result.failures).toMatchObject([
      { kind: "unusable_answer", message: expect.stringContaining("no code block"), requests: 6 },
    ]);
    expect(result.usage.get("a")).toMatchObject({ restarts: 5, corrections: 0 });
  });

  it("stop the run after ten cells when most fail for good, and the rest is reported as stopped", async () => {
    const result = await run({ rows: 50, maxParallel: 4, reply: () => ({ kind: "refused", message: "HTTP 401" }) });
    expect(result.outcome).toBe("stopped");
    expect(result.seen.calls.length).toBeLessThan(20);
    expect(new Set(result.failures.map(({ kind }) => kind))).toEqual(new Set(["refused", "upstream", "stopped"]));
    expectNothingLost(result, 50, CHAIN);
  });

  it("are given up for an endpoint that only ever answers 429", async () => {
    const result = await run({
      rows: 3,
      columns: [textColumn("a")],
      reply: () => ({ kind: "rate_limited", retryAfterMs: 1000, message: "HTTP 429" }),
    });
    expect(result.failures.map(({ kind }) => kind)).toEqual(["rate_limited", "rate_limited", "rate_limited"]);
  });

  it("end as cancelled with what is done when the signal aborts", async () => {
    const controller = new AbortController();
    const result = await run({
      rows: 20,
      maxParallel: 4,
      reply: (call, number) => {
        if (number === 10) controller.abort();
        return answer(lastMessage(call));
      },
      options: { signal: controller.signal },
    });
    expect(result.outcome).toBe("cancelled");
    expect(result.failures.some(({ kind }) => kind === "cancelled")).toBe(true);
    expect(result.values.get("a")?.[0]).toBe("a(0)");
    expectNothingLost(result, 20, CHAIN);
  });

  it("of one model wait for no other model's limit", async () => {
    const columns = [textColumn("a", [], "slow"), textColumn("b", [], "fast")];
    const result = await run({
      rows: 16,
      columns,
      reply: (call, number) =>
        call.model === "slow" && number <= 32
          ? { kind: "rate_limited", retryAfterMs: 60_000, message: "HTTP 429" }
          : answer("x"),
    });
    expect(result.failures).toEqual([]);
    const fast = result.seen.calls.filter(({ prompt }) => prompt.startsWith("b")).map(({ atMs }) => atMs);
    expect(Math.max(...fast)).toBe(0);
  });

  it("report a prompt that cannot be rendered, and an empty run is complete", async () => {
    const broken: CellColumn = {
      ...textColumn("a"),
      render: () => {
        throw new Error("rendered to empty text");
      },
    };
    const result = await run({ rows: 2, columns: [broken], reply: () => answer("x") });
    expect(result.failures).toMatchObject([
      { kind: "template", message: "rendered to empty text" },
      { kind: "template" },
    ]);
    expect((await run({ rows: 0, reply: () => answer("x") })).outcome).toBe("complete");
  });

  it("fill the trace and reasoning columns that are asked for", async () => {
    const column: CellColumn = {
      ...textColumn("a"),
      column: { column_type: "llm-text", name: "a", with_trace: "all_messages", extract_reasoning_content: true },
    };
    const result = await run({ rows: 1, columns: [column], reply: () => answer("<think>hm</think>yes") });
    expect(result.values.get("a")).toEqual(["yes"]);
    expect(result.values.get("a__reasoning_content")).toEqual(["hm"]);
    expect(result.values.get("a__trace")).toEqual([
      [
        { role: "user", content: "a(0)" },
        { role: "assistant", content: "yes", reasoning_content: "hm" },
      ],
    ]);
  });
});
