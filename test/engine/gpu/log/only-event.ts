import { expect } from "vitest";

import type { GpuEvent } from "../../../../engine/gpu/event.ts";
import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";

/** The one event of a log line; a line that gives none or several, or one that counts as skipped, fails here. */
export function onlyEvent(line: string): GpuEvent {
  const { events, skippedLines } = parseLog(line);
  expect(events, line).toHaveLength(1);
  expect(skippedLines, line).toBe(0);
  const [event] = events;
  if (event === undefined) throw new Error("no event");
  expect(event.raw).toBe(line);
  return event;
}

/** The fields of an event that an expectation names; one that the event lacks is undefined. */
export function fieldsOf(event: GpuEvent, expected: object): object {
  return Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(event, key)]));
}
