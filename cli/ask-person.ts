import { createInterface } from "node:readline/promises";

import type { Terminal } from "./terminal.ts";

/** Asks on stderr, so that stdout stays data. Anything but y or yes is a no. */
export async function askYesNo(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  const answer = await askLine(`${terminal.styleNote("bold", question)} [y/N] `, signal);
  return /^y(?:es)?$/i.test(answer.trim());
}

export async function askLine(prompt: string, signal: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(prompt, { signal });
  } finally {
    reader.close();
  }
}
