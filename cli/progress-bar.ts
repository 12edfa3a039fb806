import type { Terminal } from "./terminal.ts";

const BAR_CELLS = 30;

export interface Progress {
  readonly done: number;
  readonly target: number;
  readonly rowsPerSecond: number;
  readonly etaSeconds?: number;
}

export interface ProgressBar {
  draw(progress: Progress): void;
  /** A line of its own, above what comes next. */
  say(text: string): void;
  /** Ends the line of the bar. */
  end(): void;
}

/** A bar on standard error; undefined where nobody would see one: no terminal, or `--quiet`. */
export function createProgressBar(terminal: Terminal): ProgressBar | undefined {
  const { stderr } = process;
  if (terminal.isQuiet || !stderr.isTTY) return undefined;
  let isOpen = false;
  const end = (): void => {
    if (isOpen) stderr.write("\n");
    isOpen = false;
  };
  return {
    draw: (progress) => {
      stderr.write(`\r${barText(progress)}\u001b[K`);
      isOpen = true;
    },
    say: (text) => {
      end();
      terminal.complain(text);
    },
    end,
  };
}

export function barText({ done, target, rowsPerSecond, etaSeconds }: Progress): string {
  const full = Math.floor((done / Math.max(1, target)) * BAR_CELLS);
  const bar = `${"█".repeat(full)}${"░".repeat(BAR_CELLS - full)}`;
  const number = (value: number): string => value.toLocaleString("en-US");
  const eta = etaSeconds === undefined ? "" : `, ${etaSeconds} s left`;
  return `${bar} ${number(done)} of ${number(target)} rows, ${number(rowsPerSecond)} rows/s${eta}`;
}
