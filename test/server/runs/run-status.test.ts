import { describe, expect, it } from "vitest";

import {
  RUN_STATUSES,
  type RunEvent,
  type RunStatus,
  isFinished,
  nextStatus,
} from "../../../server/runs/run-status.ts";

const EVENTS: readonly RunEvent[] = [
  "start",
  "succeed",
  "interrupt",
  "fail",
  "cancel",
  "expire",
  "postpone",
  "abandon",
];

/** Every transition there is; all others must throw. */
const EXPECTED: readonly (readonly [RunStatus, RunEvent, RunStatus])[] = [
  ["pending", "start", "running"],
  ["pending", "cancel", "interrupted"],
  ["pending", "abandon", "error"],
  ["running", "succeed", "success"],
  ["running", "interrupt", "interrupted"],
  ["running", "fail", "error"],
  ["running", "cancel", "interrupted"],
  ["running", "expire", "timeout"],
  ["running", "postpone", "pending"],
];

describe("run statuses", () => {
  it.each(RUN_STATUSES.flatMap((status) => EVENTS.map((event) => [status, event] as const)))(
    "%s and %s",
    (status, event) => {
      const next = EXPECTED.find(([from, by]) => from === status && by === event)?.[2];
      if (next === undefined) {
        expect(() => nextStatus(status, event)).toThrow(`a run that is ${status} cannot ${event}`);
      } else {
        expect(nextStatus(status, event)).toBe(next);
      }
    },
  );

  it("end where nothing can happen any more", () => {
    expect(RUN_STATUSES.filter(isFinished)).toEqual(["success", "error", "interrupted", "timeout"]);
  });
});
