import type { JobEvent } from "../tools/data/dataset-job/events.ts";
import { createProgressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

export interface JobProgress {
  show(event: JobEvent): void;
  /** Ends the line of the bar. */
  end(): void;
}

/** Progress of a job on stderr: a bar on a terminal, else every event as a line of JSON. Nothing with `--quiet`. */
export function createJobProgress(terminal: Terminal): JobProgress {
  const bar = createProgressBar(terminal);
  if (bar === undefined) {
    return { show: (event) => terminal.note(JSON.stringify(toWire(event))), end: () => undefined };
  }
  return {
    show: (event) => {
      if (event.type === "row_group_finished") bar.draw(event);
      else if (event.type === "log") bar.say(event.message);
      else if (event.type === "run_finished") bar.end();
    },
    end: () => bar.end(),
  };
}

/** The profile is in the artifacts and in the answer of `--json`; a line of progress goes without it. */
function toWire(event: JobEvent): Record<string, unknown> {
  const entries = Object.entries(event).filter(([key]) => key !== "profile");
  return Object.fromEntries(
    entries.map(([key, value]) => [key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
