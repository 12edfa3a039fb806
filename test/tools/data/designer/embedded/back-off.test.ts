import { describe, expect, it } from "vitest";

import { systemClock } from "../../../../../lib/clock.ts";
import { createBackOff } from "../../../../../tools/data/designer/embedded/back-off.ts";

describe("what keeps failing", () => {
  it("is held back for 1, 2, 4 seconds and so on, a minute at most, until it succeeds", () => {
    let nowMs = 1_000_000;
    const backOff = createBackOff({ ...systemClock, now: () => nowMs });
    expect(backOff.canTry()).toBe(true);
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      backOff.failed();
      nowMs += waitMs - 1;
      expect(backOff.canTry()).toBe(false);
      nowMs += 1;
      expect(backOff.canTry()).toBe(true);
    }
    backOff.succeeded();
    backOff.failed();
    nowMs += 1_000;
    expect(backOff.canTry()).toBe(true);
  });

  it("is tried again when the clock was set back", () => {
    let nowMs = 1_000_000;
    const backOff = createBackOff({ ...systemClock, now: () => nowMs });
    backOff.failed();
    nowMs = 0;
    expect(backOff.canTry()).toBe(true);
  });
});
