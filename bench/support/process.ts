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
  /** Relative to the project. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Matches the line of standard output that names the URL, in its first group. */
  readonly urlLine: RegExp;
}

/** Starts a server as a process of its own; resolves when it has printed its URL. */
export async function startProcess({ file, args = [], env = {}, urlLine }: StartOptions): Promise<RunningProcess> {
  const child = spawn(process.execPath, [path.join(root, file), ...args], {
    cwd: root,
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

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
