import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

/** A server that has loaded its code and waits for its turn. */
interface Standby {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

export interface KilledServer {
  readonly home: string;
  /** Where the server of the moment listens; rejected requests and old addresses are part of the game. */
  url(): string;
  start(): Promise<void>;
  /** SIGKILL, and the end of the process awaited. */
  kill(): Promise<void>;
  /** Lines the nodes wrote. */
  effects(): readonly string[];
  close(): Promise<void>;
}

/** One server after another over the same home, the next one being loaded while one runs. */
export function createKilledServer(): KilledServer {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-kill-"));
  const compiled = path.join(tmpdir(), "nemops-kill-code");
  const spawned = new Set<ChildProcess>();
  let current: ChildProcess | undefined;
  let url = "";

  const load = async (): Promise<Standby> => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "kill-server.ts"), home], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compiled },
    });
    spawned.add(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.value !== "loaded") throw new Error(`the server did not load: ${String(first.value)}`);
    return { child, lines };
  };
  let standby = load();
  const end = async (child: ChildProcess): Promise<void> => {
    spawned.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };

  return {
    home,
    url: () => url,
    async start() {
      const { child, lines } = await standby;
      standby = load();
      // Looked at by the next start; until then its failure belongs to nobody.
      standby.catch(() => undefined);
      child.stdin?.write("open\n");
      const line = await lines.next();
      if (line.done === true) throw new Error("the server did not open");
      current = child;
      url = line.value;
    },
    async kill() {
      if (current !== undefined) await end(current);
      current = undefined;
    },
    effects: () => readFileSync(path.join(home, "effects.txt"), "utf8").trim().split("\n"),
    async close() {
      await standby.catch(() => undefined);
      await Promise.all([...spawned].map(end));
      rmSync(home, { recursive: true, force: true });
    },
  };
}
