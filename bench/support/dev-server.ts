import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { treeOf } from "./memory.ts";
import { BENCH_PROJECT, type Service } from "./nemops.ts";

const START_LIMIT_MS = 90_000;
const POLL_MS = 20;

/**
 * The official JS development server on a copy of the project: it keeps its data in a folder of its own beside
 * `langgraph.json`. `cli` is the file `cli.mjs` of `@langchain/langgraph-cli`.
 */
export async function startDevServer({ cli, slots }: { cli: string; slots: number }): Promise<Service> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-bench-dev-"));
  cpSync(BENCH_PROJECT, folder, { recursive: true });
  symlinkSync(path.resolve(import.meta.dirname, "../../node_modules"), path.join(folder, "node_modules"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  // Its watcher of files is off: it costs time and is of no use here.
  const args = ["--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", `${port}`];
  const child = spawn(process.execPath, [cli, "dev", ...args, "--n-jobs-per-worker", `${slots}`], {
    cwd: folder,
    stdio: "ignore",
    // It looks for `node` in the path, which must be the one that runs this.
    env: { PATH: `${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, HOME: folder },
  });
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      for (const pid of treeOf(child.pid).reverse()) tryKill(pid);
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilOk(url, () => child.exitCode);
    // It answers, so it was started.
    return { url, pid: child.pid as number, startMs: performance.now() - startedAt, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilOk(url: string, exitCode: () => number | null): Promise<void> {
  for (const startedAt = performance.now(); performance.now() - startedAt < START_LIMIT_MS; await sleep(POLL_MS)) {
    const response = await fetch(`${url}/ok`).catch(() => undefined);
    if (response?.ok === true) return;
    if (exitCode() !== null) break;
  }
  throw new Error("the development server did not start");
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
