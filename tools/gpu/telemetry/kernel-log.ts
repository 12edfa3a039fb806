import { createReadStream } from "node:fs";

import type { LogParse } from "../../../engine/gpu/event.ts";
import { parseLog, parseLogStream } from "../../../engine/gpu/log/parse-log.ts";
import type { SourceProblem } from "../../../engine/gpu/reading.ts";
import { errorMessage } from "../../../lib/errors.ts";
import { type CommandResult, runCommand } from "../../../lib/run-command.ts";

export interface KernelLog {
  readonly parse: LogParse;
  /** Set when the log could not be read; `parse` is then empty. */
  readonly problem?: SourceProblem;
}

export interface KernelLogOptions {
  /** `auto`, `none`, or the path of a file. */
  readonly from: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly journalctlPath?: string;
  readonly dmesgPath?: string;
}

/** A journal of this many lines is about a month of a quiet node, or the last hours of a very sick one. */
const MAX_JOURNAL_LINES = 200_000;
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/**
 * Reads the kernel log of this machine, or a file in its place. `auto` asks the journal of the present boot and falls back
 * to dmesg, which needs no journal but may be closed to ordinary users. Never throws.
 */
export async function readKernelLog(options: KernelLogOptions): Promise<KernelLog> {
  const { from } = options;
  if (from === "none") return { parse: parseLog("") };
  if (from !== "auto") return readLogFile(from);

  const { timeoutMs, signal, journalctlPath = "journalctl", dmesgPath = "dmesg" } = options;
  const tries: readonly (readonly [command: string, args: readonly string[]])[] = [
    [journalctlPath, ["-k", "-b", "-o", "short-iso", "--no-pager", "-q", "-n", String(MAX_JOURNAL_LINES)]],
    [dmesgPath, []],
  ];
  const failures: string[] = [];
  for (const [command, args] of tries) {
    const result = await runCommand({ command, args, timeoutMs, signal, maxOutputBytes: MAX_LOG_BYTES });
    // A journal without kernel lines means that there is no journal to read, for example in a container.
    if (result.outcome === "exited" && result.exitCode === 0 && result.stdout.trim() !== "") {
      return { parse: parseLog(result.stdout) };
    }
    failures.push(`${command}: ${failureOf(result)}`);
  }
  return { parse: parseLog(""), problem: unreadable(`the kernel log cannot be read: ${failures.join("; ")}`) };
}

/** A recorded log, read as a stream. Never throws. */
export async function readLogFile(file: string): Promise<KernelLog> {
  try {
    return { parse: await parseLogStream(createReadStream(file)) };
  } catch (error) {
    return { parse: parseLog(""), problem: unreadable(`kernel log ${file}: ${errorMessage(error)}`) };
  }
}

function unreadable(message: string): SourceProblem {
  return { kind: "unreadable", message };
}

function failureOf(result: CommandResult): string {
  if (result.outcome !== "exited") return result.problem ?? result.outcome.replace("_", " ");
  if (result.exitCode === 0) return "no lines";
  const reason = result.stderr.trim().split("\n", 1)[0] ?? "";
  return reason === "" ? `exit code ${result.exitCode}` : reason.slice(0, 200);
}
