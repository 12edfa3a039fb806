import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { readLanggraphConfig } from "../../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, openService } from "../../../server/open-service.ts";
import { createTempFolder } from "../../support/test-app.ts";

const COMMAND = path.resolve(import.meta.dirname, "../../../cli/nemops.js");
const SMALL = { LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", LOG_LEVEL: "silent" };
const children: ChildProcess[] = [];
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const close of closers.splice(0).reverse()) await close();
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function tempHome(): string {
  const folder = createTempFolder();
  closers.push(() => folder.remove());
  return folder.path;
}

/** `nemops serve` as a process of its own: what it says until it serves or has ended. */
async function serve(env: Record<string, string>): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [COMMAND, "serve"], {
    env: { PATH: process.env["PATH"], TMPDIR: "/tmp", HOST: "127.0.0.1", PORT: "0", ...SMALL, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let said = "";
  await new Promise<void>((resolve) => {
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding("utf8").on("data", (part: string) => {
        said += part;
        if (said.includes("  API ")) resolve();
      });
    }
    child.once("close", () => resolve());
  });
  return { child, said };
}

/** What three servers say: one, a second beside it, and a third after the first was killed. */
async function serveThree(env: Record<string, string>): Promise<string[]> {
  const first = await serve(env);
  const second = await serve(env);
  await kill(first.child);
  const third = await serve(env);
  return [first.said, `${second.said}exit ${second.child.exitCode}`, third.said];
}

const refused = (subject: string): RegExp =>
  new RegExp(String.raw`^nemops: another NemOps process executes the runs of [^\n]*${subject};[^\n]+\nexit 1$`);

describe("two processes on one home", () => {
  it("do not both serve, and the next one serves when the first was killed", async () => {
    const home = tempHome();
    expect(await serveThree({ NEMOPS_HOME: home })).toEqual([
      expect.stringContaining("  API "),
      expect.stringMatching(refused(`NEMOPS_HOME ${home}`)),
      expect.stringContaining("  API "),
    ]);
  }, 30_000);

  it("leave the second to read when it asks for that: it takes no run and recovers none", async () => {
    const home = tempHome();
    const open = async (whenTaken: "refuse" | "read") => {
      const service = await openService({
        config: loadConfig({ NEMOPS_HOME: home, ...SMALL }),
        langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
        log: createLog({ level: "silent" }),
        clock: systemClock,
        whenTaken,
      });
      closers.push(() => service.close());
      return service.app;
    };
    const first = await open("refuse");
    const { thread_id: threadId } = (await first.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const url = `/threads/${threadId}/runs`;
    const payload = { assistant_id: "gpu_ops", input: {}, after_seconds: 600 };
    const { run_id: runId } = (await first.inject({ method: "POST", url, payload })).json<{ run_id: string }>();
    const second = await open("read");
    expect((await second.inject(`${url}/${runId}`)).json()).toMatchObject({ status: "pending" });
    const answer = await second.inject({ method: "POST", url: "/runs/wait", payload: { assistant_id: "gpu_ops" } });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      503,
      expect.stringContaining("another NemOps process executes the runs"),
    ]);
  }, 30_000);
});
