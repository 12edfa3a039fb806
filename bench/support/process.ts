import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const root = path.resolve(import.meta.dirname, "../..");

export interface RunningProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

export interface StartOptions {
  /** Relative to the project, or absolute. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to run in; the project by default. */
  readonly cwd?: string;
  /** Matches the line of standard output that names the URL, in its first group. */
  readonly urlLine: RegExp;
}

/** Starts a server as a process of its own; resolves when it has printed its URL. */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const { file, args = [], nodeArgs = [], env = {}, cwd = root, urlLine } = options;
  const child = spawn(process.execPath, [...nodeArgs, path.resolve(root, file), ...args], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: tmpdir(), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = urlLine.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return { child, url };
    }
  }
  throw new Error(`${file} ended before it listened`);
}

/** SIGTERM lets it end its runs and write what it has to write. */
export async function stopProcess(child: ChildProcess, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
