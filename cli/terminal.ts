import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Where a command reads and writes. Standard output is data; progress, questions and errors go to standard error. */
export interface Terminal {
  out(text: string): void;
  /** A line of progress on stderr; nothing with `--quiet`. */
  note(text: string): void;
  /** A line on stderr that is always shown. */
  complain(text: string): void;
  /** Text as it is being written, on stdout. */
  write(text: string): void;
  /** Styles text for stdout; plain where stdout is no terminal, and as NO_COLOR, FORCE_COLOR and TERM=dumb say. */
  style(style: Style, text: string): string;
  styleNote(style: Style, text: string): string;
  readonly isQuiet: boolean;
  /** A person can be asked: stdin and stderr are terminals and `--no-input` was not given. */
  readonly canAsk: boolean;
  readonly isOutTty: boolean;
  readonly columns: number;
}

export interface TerminalOptions {
  readonly isQuiet: boolean;
  readonly canAsk: boolean;
}

export function createTerminal({ isQuiet, canAsk }: TerminalOptions): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(`${text}\n`),
    write: (text) => void stdout.write(text),
    note: (text) => {
      if (!isQuiet) stderr.write(`${text}\n`);
    },
    complain: (text) => void stderr.write(`${text}\n`),
    style: (style, text) => styleText(style, text, { stream: stdout }),
    styleNote: (style, text) => styleText(style, text, { stream: stderr }),
    isQuiet,
    canAsk: canAsk && stdin.isTTY && stderr.isTTY,
    isOutTty: stdout.isTTY,
    columns: stdout.isTTY ? stdout.columns : 120,
  };
}

/**
 * Text from logs, process names and models, made harmless for a terminal: control characters, which could move the
 * cursor, change the title or rewrite what stands above, are left out. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/\r\n/g, "\n")
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}

/** The form every `--json` answer has; readers can tell versions apart by it. */
export function jsonText(kind: string, data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ apiVersion: "nemops/v1", kind, ...data }, null, 2);
}
