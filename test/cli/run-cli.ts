import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Called with the process as soon as `text` has appeared on stderr. */
  readonly onStderr?: { readonly text: string; readonly act: (child: ChildProcess) => void };
}

const COMMAND = fileURLToPath(new URL("../../cli/nemops.js", import.meta.url));

/** Runs `nemops` as a process of its own, without a terminal and with no settings but those given. */
export function runCli(
  args: readonly string[],
  { env = {}, stdin = "", onStderr }: CliOptions = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      env: { PATH: process.env["PATH"] ?? "", TMPDIR: "/tmp", ...env },
      stdio: "pipe",
      // A command that hangs must not outlive the test that finds it.
      timeout: 25_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    let hasActed = false;
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      if (onStderr !== undefined && !hasActed && stderr.includes(onStderr.text)) {
        hasActed = true;
        onStderr.act(child);
      }
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(stdin);
  });
}

/** Path of a file in test/fixtures. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}
