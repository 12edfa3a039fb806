import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON } from "../../server/open-service.ts";
import { type RunningServer, startServer } from "../../server/start-server.ts";
import { runCli } from "./run-cli.ts";

const KEY = "test-key";
let server: RunningServer;
let home: string;
let env: Record<string, string>;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-cli-"));
  server = await startServer({
    config: loadConfig({
      PORT: "0",
      NEMOPS_HOME: home,
      NEMOPS_API_KEY: KEY,
      LOG_LEVEL: "silent",
      LLM_PROVIDER: "offline",
      EMBEDDINGS_PROVIDER: "none",
      SIM_SCENARIO: "row_remap_exhausted",
    }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  env = { NEMOPS_URL: server.url, NEMOPS_API_KEY: KEY };
});
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

async function json(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await runCli([...args, "--json"], { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("reading commands", () => {
  it("print a table for people that says the node is simulated", async () => {
    const { code, stdout, stderr } = await runCli(["gpu", "list"], { env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^GPU {2}NAME +STATUS +PCI +MEMORY +UUID\n {2}0 {2}NVIDIA/);
    expect(stdout).toContain("simulated node: nothing here was measured");
    expect(stdout).not.toContain("\u001b");
  });

  it.each([
    [["gpu", "list"], "gpu_list"],
    [["gpu", "events"], "gpu_events"],
    [["gpu", "health", "--fail-on", "never"], "gpu_health"],
    [["alerts", "list"], "alert_list"],
    [["incidents", "search", "xid 79"], "incident_search"],
    [["--json"], "status"],
  ])("answer %j as one object with the API version", async (args, kind) => {
    expect(await json(args)).toMatchObject({ apiVersion: "nemops/v1", kind });
  });

  it("exit 3 for an unhealthy GPU, unless told not to", async () => {
    expect((await runCli(["gpu", "health"], { env })).code).toBe(3);
    expect((await runCli(["gpu", "health", "--fail-on", "never"], { env })).code).toBe(0);
    expect((await runCli([], { env })).code).toBe(0);
  });

  it.each([
    [["gpu", "health", "--gpu", "99"], 1, "99"],
    [["gpu", "diag", "coffee_test"], 2, "memory_stress"],
    [["incidents", "show", "I99"], 1, "I99"],
    [["alerts", "ack", "NEMOPS-00000000"], 1, "NEMOPS-00000000"],
    [["incidents", "search", " "], 2, "empty"],
  ])("pass on what the server refuses: %j", async (args, expected, reason) => {
    const { code, stdout, stderr } = await runCli(args, { env });
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toContain(reason);
  });

  it("exit 4 without the right key", async () => {
    expect((await runCli(["gpu", "list"], { env: { NEMOPS_URL: server.url } })).code).toBe(4);
  });
});

describe("diagnostics", () => {
  it("need a yes for a full test and exit 6 where nobody can be asked", async () => {
    const { code, stderr } = await runCli(["gpu", "diag", "memory_stress", "--mode", "full"], { env });
    expect(code).toBe(6);
    expect(stderr).toContain("--yes");
  });

  it("print the outcome of a quick test and its details", async () => {
    const { stdout } = await runCli(["gpu", "diag", "thermal_profile", "--gpu", "1"], { env });
    expect(stdout).toMatch(/^thermal_profile on GPU 1: \w+ \(quick, /);
  });
});

describe("alerts and incidents", () => {
  it("can be raised, acknowledged, snoozed and closed", async () => {
    const raised = await fetch(`${server.url}/api/v1/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": KEY },
      body: JSON.stringify({
        severity: "critical",
        title: "fan broke",
        analysis: "no air",
        remediation_steps: ["look"],
      }),
    });
    const { alert } = (await raised.json()) as { alert: { alert_id: string } };
    const id = alert.alert_id;
    expect((await runCli(["alerts", "ack", id, "--by", "ann"], { env })).stdout).toBe(
      `${id} acknowledged: fan broke\n`,
    );
    expect((await runCli(["alerts", "snooze", id, "--minutes", "5"], { env })).stdout).toBe(
      `${id} snoozed: fan broke\n`,
    );
    expect((await runCli(["alerts", "close", id, "--reason", "new fan"], { env })).stdout).toBe(
      `${id} closed: fan broke\n`,
    );
    const { stdout } = await runCli(["alerts", "list", "--status", "closed"], { env });
    expect(stdout).toContain(id);
  });

  it("adds an incident from a file or stdin, shows it and finds it", async () => {
    const incident = {
      title: "Coolant pump of row B stopped",
      severity: "critical",
      component: "thermal",
      symptoms: "all GPUs of one row heat up within a minute",
      root_cause: "the coolant pump lost its supply",
      remediation: ["stop the jobs", "call facilities"],
      prevention: "monitor the pump",
      xid_codes: [],
      sources: ["row B, March"],
    };
    const file = path.join(home, "incident.json");
    writeFileSync(file, JSON.stringify(incident));
    const { stdout } = await runCli(["incidents", "add", file], { env });
    const id = /^stored (INC-\S+)\n$/.exec(stdout)?.[1] ?? "";
    expect((await runCli(["incidents", "show", id], { env })).stdout).toContain("2. call facilities");
    expect((await runCli(["incidents", "search", "coolant pump stopped"], { env })).stdout).toContain(id);
    expect((await runCli(["incidents", "add", "-"], { env, stdin: "{}" })).code).toBe(2);
    expect((await runCli(["incidents", "add", "-"], { env, stdin: "no json" })).code).toBe(2);
  });
});

describe("without a server", () => {
  it("runs the whole service in this process and says so on stderr", async () => {
    const local = { NEMOPS_HOME: path.join(home, "own"), LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none" };
    const { code, stdout, stderr } = await runCli(["ask", "--local", "what is XID 79?", "--json"], { env: local });
    expect([code, stderr]).toEqual([0, ""]);
    const { answer, report } = JSON.parse(stdout) as { answer: string; report: { answered_by: string } };
    expect(answer).toContain("79");
    expect(report.answered_by).toMatch(/offline/);
  });

  it("reads the home of a running server, and leaves runs to that server", async () => {
    const local = { NEMOPS_HOME: home, LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", LOG_LEVEL: "silent" };
    const listed = await runCli(["gpu", "list", "--local"], { env: local });
    expect([listed.code, listed.stderr]).toEqual([0, ""]);
    const asked = await runCli(["ask", "--local", "what is XID 79?"], { env: local });
    expect(asked.code).not.toBe(0);
    expect(asked.stderr).toContain("another NemOps process executes the runs");
  });

  it("serves the tools over stdin and stdout", async () => {
    const initialize = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
    };
    const { code, stdout } = await runCli(["mcp", "gpu-ops"], {
      env: { NEMOPS_HOME: home, EMBEDDINGS_PROVIDER: "none", LOG_LEVEL: "silent" },
      stdin: `${JSON.stringify(initialize)}\n`,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
      id: 1,
      result: { serverInfo: { name: expect.stringContaining("nemops") as string } },
    });
  });

  it("finds fault with a home folder that cannot be written", async () => {
    const blocked = path.join(home, "a-file");
    writeFileSync(blocked, "");
    const { code, stdout } = await runCli(["doctor", "--local", "--json"], {
      env: { NEMOPS_HOME: path.join(blocked, "home"), LLM_PROVIDER: "offline" },
    });
    expect(code).toBe(3);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.find(({ name }) => name === "home")?.status).toBe("fail");
  });
});
