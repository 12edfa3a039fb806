/** What the exit status of every command means; `nemops help exit-codes` prints this list. */
export const EXIT_CODES = [
  { name: "ok", code: 0, meaning: "done" },
  { name: "failure", code: 1, meaning: "the command failed" },
  { name: "usage", code: 2, meaning: "wrong arguments, settings or an input file that cannot be read" },
  { name: "unhealthy", code: 3, meaning: "an unhealthy GPU or part was found (gpu health, doctor)" },
  { name: "auth", code: 4, meaning: "the server wants an API key, or another one" },
  { name: "unreachable", code: 5, meaning: "the server does not answer" },
  { name: "approval_needed", code: 6, meaning: "an approval is needed and nobody can be asked" },
  { name: "rejected", code: 7, meaning: "the approval was refused" },
  { name: "timeout", code: 124, meaning: "the time limit passed" },
  { name: "interrupted", code: 130, meaning: "interrupted from the keyboard" },
] as const;

export type ExitName = (typeof EXIT_CODES)[number]["name"];

export function exitCode(name: ExitName): number {
  const row = EXIT_CODES.find((candidate) => candidate.name === name);
  return row?.code ?? 1;
}

/** Ends a command with a line on stderr and the exit status of `exit`. */
export class CliError extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "CliError";
    this.exit = exit;
  }
}
