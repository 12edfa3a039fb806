import { type ChildProcess, spawn } from "node:child_process";

export interface RunCommandOptions {
  /** A path or a name looked up on the path; never passed through a shell. */
  readonly command: string;
  readonly args: readonly string[];
  /** After this the command and all its children are killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Each stream is kept up to this and read on to its end; 16 MiB by default. */
  readonly maxOutputBytes?: number;
  /** Time between asking the group to end and killing it; 500 ms by default. */
  readonly killGraceMs?: number;
}

export interface CommandResult {
  /** `missing`: no such command. `not_started`: it exists and could not be started. */
  readonly outcome: "exited" | "timed_out" | "aborted" | "missing" | "not_started";
  /** Absent when the command did not exit by itself. */
  readonly exitCode?: number;
  /** Why it was not started. */
  readonly problem?: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Output beyond the bound was dropped. */
  readonly isCut: boolean;
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEFAULT_KILL_GRACE_MS = 500;
/** How long to wait for output pipes that a grandchild still holds after the command itself is gone. */
const DRAIN_MS = 200;

/**
 * Runs a command in a process group of its own and answers what happened; it never throws. When it returns, the group has
 * been told to die: a command stuck in the kernel (nvidia-smi on a dead GPU) cannot be killed by anyone, so after the
 * kill the answer does not wait for it any longer.
 */
export function runCommand(options: RunCommandOptions): Promise<CommandResult> {
  const { command, args, timeoutMs, signal } = options;
  const maxOutputBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const killGraceMs = options.killGraceMs ?? DEFAULT_KILL_GRACE_MS;
  if (signal?.aborted) return Promise.resolve({ outcome: "aborted", stdout: "", stderr: "", isCut: false });

  return new Promise((resolve) => {
    const stdout = new Capture(maxOutputBytes);
    const stderr = new Capture(maxOutputBytes);
    const timers = new Set<NodeJS.Timeout>();
    let ended: "timed_out" | "aborted" | undefined;
    let isDone = false;

    let child: ChildProcess;
    try {
      child = spawn(command, [...args], { detached: true, shell: false, stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      resolve(notStarted(error as NodeJS.ErrnoException));
      return;
    }

    const later = (ms: number, then: () => void): void => {
      timers.add(setTimeout(then, ms));
    };
    const finish = (result: Pick<CommandResult, "outcome" | "exitCode" | "problem">): void => {
      if (isDone) return;
      isDone = true;
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      // Whatever the command left behind in its group goes with it.
      killGroup(child, "SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve({ ...result, stdout: stdout.text(), stderr: stderr.text(), isCut: stdout.isCut || stderr.isCut });
    };
    const end = (reason: "timed_out" | "aborted"): void => {
      if (ended !== undefined || isDone) return;
      ended = reason;
      killGroup(child, "SIGTERM");
      later(killGraceMs, () => {
        killGroup(child, "SIGKILL");
        later(DRAIN_MS, () => finish({ outcome: reason }));
      });
    };
    const onAbort = (): void => end("aborted");

    child.stdout?.on("data", (chunk: Buffer) => stdout.add(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.add(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => finish(notStarted(error)));
    child.on("exit", (code, killedBy) => {
      const settle = (): void => finish(ended === undefined ? exited(code, killedBy) : { outcome: ended });
      child.once("close", settle);
      later(DRAIN_MS, settle);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    later(timeoutMs, () => end("timed_out"));
  });
}

function exited(code: number | null, killedBy: NodeJS.Signals | null): Pick<CommandResult, "outcome" | "exitCode"> {
  // A shell reports death by a signal as 128 and its number; the number itself is of no use to callers.
  return { outcome: "exited", exitCode: code ?? (killedBy === null ? 1 : 128) };
}

function notStarted(error: NodeJS.ErrnoException): CommandResult {
  return {
    outcome: error.code === "ENOENT" ? "missing" : "not_started",
    problem: error.message,
    stdout: "",
    stderr: "",
    isCut: false,
  };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** The first bytes of a stream; the rest is read and forgotten, so that the writer does not block. */
class Capture {
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #size = 0;
  isCut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Buffer): void {
    const room = this.#maxBytes - this.#size;
    if (chunk.length > room) this.isCut = true;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(kept);
    this.#size += kept.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
