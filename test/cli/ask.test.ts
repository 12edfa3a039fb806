import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createAgentGraph } from "./agent-graph.ts";
import { type CliOptions, type CliResult, runCli } from "./run-cli.ts";

let server: TestApp;
let folder: string;
beforeAll(async () => {
  server = await startTestApp({ graphs: { gpu_ops: createAgentGraph() }, isListening: true });
  folder = mkdtempSync(path.join(tmpdir(), "nemops-ask-"));
});
afterAll(() => server.close());

function nemops(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli([...args, "--url", server.url], options);
}

interface Answer {
  thread_id: string;
  answer: string;
  tool_calls: unknown[];
  attached: unknown[];
}

async function askJson(args: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await nemops(["ask", ...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Answer;
}

describe("nemops ask", () => {
  it("writes the answer to stdout and the tool calls to stderr", async () => {
    const { code, stdout, stderr } = await nemops(["ask", "how", "is", "GPU 3?"]);
    expect([code, stdout]).toEqual([0, "turn 1: how is GPU 3?\n"]);
    expect(stderr).toContain("→ gpu_health_check gpu_id=3\n");
    expect(stderr).toContain("nemops ask --thread ");
  });

  it("answers one JSON object and continues its thread", async () => {
    const first = await askJson(["hello"]);
    expect(first).toMatchObject({
      apiVersion: "nemops/v1",
      kind: "ask",
      answer: "turn 1: hello",
      report: null,
      tool_calls: [{ name: "gpu_health_check", args: { gpu_id: 3 }, is_error: false, duration_ms: 2 }],
    });
    const second = await askJson(["again", "--thread", first.thread_id]);
    expect([second.thread_id, second.answer]).toEqual([first.thread_id, "turn 2: again"]);
  });

  it("prints every event as a line with --jsonl, the result last", async () => {
    const { stdout } = await nemops(["ask", "hello", "--jsonl", "--quiet"]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; data: Partial<Answer> });
    expect(lines[0]?.event).toBe("metadata");
    expect(lines.map(({ event }) => event)).toEqual(expect.arrayContaining(["custom", "updates"]));
    expect(lines.at(-1)).toMatchObject({ event: "end", data: { answer: "turn 1: hello" } });
  });

  it("attaches the GPU lines of a large log and says how many of how many", async () => {
    const noise = "Mar  3 10:00:00 node-a systemd[1]: Started session 1 of user root.\n".repeat(1_000);
    const record = "Mar  3 10:00:01 node-a kernel: NVRM: Xid (PCI:0000:61:00): 79, GPU has fallen off the bus.\n";
    const log = path.join(folder, "kern.log");
    writeFileSync(log, noise + record + noise);
    const { code, stdout, stderr } = await nemops(["ask", "what happened?", "--file", log, "--json"]);
    expect(code).toBe(0);
    expect(stderr).toBe(`${log}: 1 of 2001 lines, those that are GPU records\n`);
    const { answer, attached } = JSON.parse(stdout) as Answer;
    expect(answer).toContain(record.trimEnd());
    expect(answer).not.toContain("systemd");
    expect(attached).toEqual([
      { file: log, kept_lines: 1, total_lines: 2_001, total_bytes: noise.length * 2 + record.length },
    ]);
  });

  it.each([
    [["ask", "  "], "the question is empty", 2],
    [["ask", "x", "--file", "/does/not/exist"], "cannot read /does/not/exist", 2],
    [["ask", "x", "--thread", "00000000-0000-4000-8000-000000000000"], "Thread not found", 1],
    [["ask", "fail please"], "the graph broke", 1],
  ])("refuses %j", async (args, reason, expected) => {
    const { code, stdout, stderr } = await nemops(args);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toContain(reason);
  });
});

describe("approvals", () => {
  it("exits 6 when nobody can be asked, and the thread waits", async () => {
    const { code, stdout, stderr } = await nemops(["ask", "approve this"]);
    expect([code, stdout]).toEqual([6, ""]);
    const thread = /thread (\S+) waits/.exec(stderr)?.[1];
    const state = await (await fetch(`${server.url}/threads/${thread}`)).json();
    expect(state).toMatchObject({ status: "interrupted" });
  });

  it("refuses with --approve never and exits 7", async () => {
    const { code, stdout } = await nemops(["ask", "approve this", "--approve", "never"]);
    expect([code, stdout]).toEqual([7, "decision: reject\n"]);
  });
});

describe("stopping", () => {
  const statusOf = async (): Promise<unknown[]> => {
    const threads = (await (
      await fetch(`${server.url}/threads/search`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ limit: 1, sort_by: "created_at", sort_order: "desc" }),
      })
    ).json()) as { thread_id: string }[];
    const runs = await fetch(`${server.url}/threads/${threads[0]?.thread_id}/runs`);
    return ((await runs.json()) as { status: string }[]).map(({ status }) => status);
  };

  it("cancels the run on the server on the first interrupt and exits 130", async () => {
    const { code } = await nemops(["ask", "wait"], {
      onStderr: { text: "gpu_health_check", act: (child) => child.kill("SIGINT") },
    });
    expect(code).toBe(130);
    expect(await statusOf()).toEqual(["interrupted"]);
  });

  it("gives up when --timeout has passed and exits 124", async () => {
    const { code, stderr } = await nemops(["ask", "wait", "--timeout", "1"]);
    expect(code).toBe(124);
    expect(stderr).toContain("no result within 1 s");
  });
});

describe("nemops chat", () => {
  it("answers line after line in one thread until /exit", async () => {
    const { code, stdout } = await nemops(["chat"], { stdin: "one\n\ntwo\n/exit\nthree\n" });
    expect([code, stdout]).toEqual([0, "turn 1: one\nturn 2: two\n"]);
  });
});
