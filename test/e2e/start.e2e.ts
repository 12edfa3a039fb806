import { readFileSync } from "node:fs";
import path from "node:path";

import { Client as Client1 } from "@langchain/langgraph-sdk";
import { Client as McpClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as Client2 } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ROOT, type Service, newHome, runCommand, startService } from "./service.ts";

const QUESTION = "Why is training slow on this node?";

interface Report {
  verdict: string;
  severity: string;
  summary: string;
  evidence: string[];
  simulated: boolean;
  answered_by: string;
}

function expectClockReport(report: Report): void {
  expect(report.verdict).toBe("driver");
  expect(report.evidence.length).toBeGreaterThan(0);
  expect(report.simulated).toBe(true);
  expect(report.answered_by).toContain("offline");
}

describe("npm start", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it("prints what runs, and that the node is simulated and the model offline", () => {
    expect(service.stdout()).toContain(service.url);
    expect(service.stdout()).toMatch(/simulated/i);
    expect(service.stdout()).toMatch(/offline/i);
  });

  it.each([
    ["1.15", Client1],
    // The older line has the same methods under types of its own.
    ["2.0.0", Client2 as unknown as typeof Client1],
  ])("streams a run to the SDK %s client and ends in a report", async (_version, Client) => {
    const client = new Client({ apiUrl: service.url });
    const thread = await client.threads.create();
    const events: string[] = [];
    let report: Report | undefined;
    const stream = client.runs.stream(thread.thread_id, "gpu_ops", {
      input: { messages: [{ role: "user", content: QUESTION }] },
      streamMode: ["values", "updates", "custom", "messages-tuple"],
    });
    for await (const { event, data } of stream) {
      events.push(event);
      if (event === "values") report = (data as { report?: Report }).report ?? report;
    }
    expect(events[0]).toBe("metadata");
    expect(events).toEqual(expect.arrayContaining(["updates", "values", "custom", "messages"]));
    expectClockReport(report!);
    const state = await client.threads.getState<{ report: Report }>(thread.thread_id);
    expect(state.values.report).toEqual(report);
    expect(state.next).toEqual([]);
  });

  it("streams to curl", async () => {
    const body = JSON.stringify({
      assistant_id: "gpu_ops",
      input: { messages: [{ role: "user", content: QUESTION }] },
      stream_mode: ["updates", "values"],
    });
    const { code, stdout } = await runCommand(
      `curl -sN ${service.url}/runs/stream -H 'content-type: application/json' -d '${body}'`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(?:id: .*\n)?event: metadata\n/);
    expect(stdout).toContain("gpu_health_check");
    expect(stdout).toMatch(/event: values\ndata: .*"report":\{/);
  });

  it("answers nemops ask with tool calls and a report", async () => {
    const { code, stdout, stderr } = await runCommand(`npm exec -- nemops ask "${QUESTION}"`, {
      NEMOPS_URL: service.url,
    });
    expect(code).toBe(0);
    expect(stderr).toContain("gpu_health_check");
    expect(stdout).toMatch(/driver/);
    expect(stdout).toMatch(/simulated/i);
  });

  it("serves the tools to an MCP client over HTTP", async () => {
    const client = new McpClient({ name: "e2e", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp/gpu-ops`)));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toHaveLength(11);
    const answer = await client.callTool({ name: "lookup_xid", arguments: { xid: 79 } });
    expect(answer.structuredContent).toMatchObject({ xid: 79, action: "REBOOT_NODE" });
    await client.close();
  });

  it("serves its own routes", async () => {
    const get = async (route: string): Promise<unknown> => (await fetch(service.url + route)).json();
    expect(await get("/api/v1/gpu/nodes")).toMatchObject({ simulated: true, nodes: [{}] });
    expect(await get("/api/v1/gpu/health")).toMatchObject({ assessment: { verdict: "driver" }, simulated: true });
    expect(await get("/api/v1/alerts")).toMatchObject({ total: expect.any(Number) });
    const found = await fetch(`${service.url}/api/v1/incidents/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "GPU fell off the bus" }),
    });
    expect(await found.json()).toMatchObject({ results: [{ id: "I04" }, {}, {}] });
    expect(await get("/openapi.json")).toMatchObject({ openapi: expect.stringMatching(/^3/) });
    expect((await fetch(`${service.url}/docs`)).status).toBe(200);
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain("http_request");
  });

  it("says which port is taken and how to choose another", async () => {
    const port = new URL(service.url).port;
    const { code, stderr } = await runCommand("npm start", { PORT: port, NEMOPS_HOME: newHome() });
    expect(code).not.toBe(0);
    expect(stderr).toContain(port);
    expect(stderr).toContain("PORT");
  });
});

describe("a restart", () => {
  it("keeps threads, their state and alerts", async () => {
    const first = await startService();
    const client = new Client1({ apiUrl: first.url });
    const thread = await client.threads.create({ metadata: { owner: "night shift" } });
    await client.runs.wait(thread.thread_id, "gpu_ops", { input: { messages: [{ role: "user", content: QUESTION }] } });
    const before = await client.threads.getState(thread.thread_id);
    const alerts = (await (await fetch(`${first.url}/api/v1/alerts`)).json()) as { total: number };
    await first.stop();
    const second = await startService({ home: first.home });
    const again = new Client1({ apiUrl: second.url });
    expect((await again.threads.get(thread.thread_id)).metadata).toMatchObject({ owner: "night shift" });
    expect((await again.threads.getState(thread.thread_id)).values).toEqual(before.values);
    expect(await (await fetch(`${second.url}/api/v1/alerts`)).json()).toMatchObject({ total: alerts.total });
    const followUp = await again.runs.wait(thread.thread_id, "gpu_ops", {
      input: { messages: [{ role: "user", content: "and GPU 1?" }] },
    });
    expect(JSON.stringify(followUp)).toContain("GPU 1");
    await second.stop();
  });
});

describe("invalid settings", () => {
  it("stop the start with every problem listed", async () => {
    const { code, stderr } = await runCommand("npm start", {
      PORT: "99999",
      LOG_LEVEL: "loud",
      NEMOPS_HOME: newHome(),
    });
    expect(code).toBe(2);
    expect(stderr).toContain("PORT");
    expect(stderr).toContain("LOG_LEVEL");
  });

  it("refuse an address beyond loopback without a key", async () => {
    const { code, stderr } = await runCommand("npm start", { HOST: "0.0.0.0", PORT: "0", NEMOPS_HOME: newHome() });
    expect(code).not.toBe(0);
    expect(stderr).toContain("NEMOPS_API_KEY");
  });
});

describe("MCP over stdio", () => {
  it("lists and calls the tools", async () => {
    const client = new McpClient({ name: "e2e", version: "1" });
    const transport = new StdioClientTransport({
      command: "npm",
      args: ["exec", "--", "nemops", "mcp", "gpu-ops"],
      cwd: ROOT,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NEMOPS_HOME: newHome() },
      stderr: "pipe",
    });
    await client.connect(transport);
    const { tools } = await client.listTools();
    expect(tools).toHaveLength(11);
    const answer = await client.callTool({ name: "gpu_health_check", arguments: {} });
    expect(answer.isError ?? false).toBe(false);
    expect(answer.structuredContent).toMatchObject({ simulated: true });
    await client.close();
  });
});

describe("README", () => {
  it("shows commands that run", async () => {
    const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const commands = blocks
      .flatMap((block) => block.split("\n"))
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
    // Run elsewhere: the install and the tests by .ci/run, the start right here.
    const elsewhere = new Set([
      "npm install && npm start",
      "npm install && npm test",
      "npm install",
      "npm test",
      "npm start",
    ]);
    // Another port than the one shown, which something on this machine may use.
    const service = await startService();
    const results = [];
    for (const command of commands.filter((line) => !elsewhere.has(line))) {
      const here = command.replaceAll("http://127.0.0.1:2024", service.url);
      results.push({ command, ...(await runCommand(here, { NEMOPS_URL: service.url })) });
    }
    await service.stop();
    expect(commands.length).toBeGreaterThan(8);
    for (const { command, code, stderr } of results) expect(code, `${command}\n${stderr}`).toBe(0);
  });
});
