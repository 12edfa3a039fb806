import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { Client } from "@langchain/langgraph-sdk";
import { describe, expect, it } from "vitest";

import { ROOT, freePort, newHome } from "./service.ts";

// The official development server; .ci/run installs it beside the project and names it here.
const cli = process.env["TEST_LANGGRAPH_CLI"];

describe.runIf(cli)("the official LangGraph CLI", () => {
  it("loads langgraph.json and runs gpu_ops", async () => {
    const port = await freePort();
    // It writes its own folder into .gitignore, which is none of our business here.
    const gitignore = readFileSync(path.join(ROOT, ".gitignore"), "utf8");
    const child = spawn(process.execPath, [cli ?? "", "dev", "--no-browser", "--port", String(port)], {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NEMOPS_HOME: newHome(),
        LLM_PROVIDER: "offline",
        PATH: `${path.join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    try {
      const url = `http://127.0.0.1:${port}`;
      await expect
        .poll(async () => (await fetch(`${url}/ok`).catch(() => undefined))?.ok, { timeout: 40_000, interval: 200 })
        .toBe(true);
      const values = await new Client({ apiUrl: url }).runs.wait(null, "gpu_ops", {
        input: { messages: [{ role: "user", content: "Why is training slow on this node?" }] },
      });
      expect(values, output).toMatchObject({ report: { verdict: "driver", simulated: true } });
    } finally {
      if (child.pid) process.kill(-child.pid, "SIGKILL");
      await exited;
      writeFileSync(path.join(ROOT, ".gitignore"), gitignore);
    }
  });
});
