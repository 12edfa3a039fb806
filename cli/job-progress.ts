import type { JobEvent } from "../tools/data/dataset-job/events.ts";
import type { Terminal } from "./terminal.ts";

const BAR_CELLS = 30;

export interface JobProgress {
  show(event: JobEvent): void;
  /** Ends the line of the bar. */
  end(): void;
}

/** Progress of a job on stderr: a bar on a terminal, else every event as a line of JSON. Nothing with `--quiet`. */
export function createJobProgress(terminal: Terminal): JobProgress {
  const { stderr } = process;
  if (terminal.isQuiet || !stderr.isTTY) {
    return { show: (event) => terminal.note(JSON.stringify(toWire(event))), end: () => undefined };
  }
  let isOpen = false;
  const end = (): void => {
    if (isOpen) stderr.write("\n");
    isOpen = false;
  };
  return {
    show: (event) => {
      if (event.type === "row_group_finished") {
        stderr.write(`\r${barText(event)}\u001b[K`);
        isOpen = true;
      } else if (event.type === "log") {
        end();
        terminal.complain(event.message);
      } else if (event.type === "run_finished") end();
    },
    end,
  };
}

function barText({
  done,
  target,
  rowsPerSecond,
  etaSeconds,
}: Extract<JobEvent, { type: "row_group_finished" }>): string {
  const full = Math.floor((done / target) * BAR_CELLS);
  const bar = `${"█".repeat(full)}${"░".repeat(BAR_CELLS - full)}`;
  const number = (value: number): string => value.toLocaleString("en-US");
  const eta = etaSeconds === undefined ? "" : `, ${etaSeconds} s left`;
  return `${bar} ${number(done)} of ${number(target)} rows, ${number(rowsPerSecond)} rows/s${eta}`;
}

/** The profile is in the artifacts and in the answer of `--json`; a line of progress goes without it. */
function toWire(event: JobEvent): Record<string, unknown> {
  const entries = Object.entries(event).filter(([key]) => key !== "profile");
  return Object.fromEntries(
    entries.map(([key, value]) => [key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
