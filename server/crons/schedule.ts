import { Cron } from "croner";

import { ServiceError, errorMessage } from "../../lib/errors.ts";

export interface Schedule {
  /** Five fields (minute hour day month weekday), six with seconds first, or a name such as `@daily`. */
  readonly expression: string;
  /** IANA name; null means UTC. */
  readonly timezone: string | null;
}

/**
 * The first time of the schedule after `afterMs`; null when there is none any more. Hours that a change of clocks skips
 * or repeats run once. Throws `invalid_input` for an expression or time zone that is none.
 */
export function nextTime({ expression, timezone }: Schedule, afterMs: number): number | null {
  if (timezone !== null && !isTimeZone(timezone)) {
    const message = `${JSON.stringify(timezone)} is no time zone; names are such as Europe/Berlin`;
    throw new ServiceError("invalid_input", `timezone: ${message}`, { problems: [{ field: "timezone", message }] });
  }
  try {
    const cron = new Cron(expression, { paused: true, timezone: timezone ?? "UTC" });
    return cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  } catch (error) {
    throw new ServiceError("invalid_input", `schedule: "${expression}" is no schedule: ${errorMessage(error)}`, {
      cause: error,
      problems: [{ field: "schedule", message: errorMessage(error) }],
    });
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
