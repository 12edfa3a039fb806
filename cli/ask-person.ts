import { createInterface } from "node:readline/promises";

import type { Terminal } from "./terminal.ts";

/** Asks on stderr, so that stdout stays data. Anything but y or yes is a no, the end of the input too. */
export async function askYesNo(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await askLine(`${terminal.styleNote("bold", question)} [y/N] `, signal);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** One line from the terminal. Rejects when `signal` aborts and when the input ends (Ctrl-D). */
export async function askLine(prompt: string, signal: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  // While readline reads, the terminal is raw and Ctrl-C is a key: it is handed on as the signal it stands for.
  reader.on("SIGINT", () => process.emit("SIGINT"));
  reader.once("close", () => ended.abort(new Error("the input ended")));
  try {
    return await reader.question(prompt, { signal: AbortSignal.any([signal, ended.signal]) });
  } finally {
    reader.close();
  }
}
