import { describe, expect, it } from "vitest";

import { CLOSED_BREAKER, onEndpointFailure, onEndpointLimited } from "../../../../engine/data/llm/breaker.ts";

describe("the breaker of an endpoint", () => {
  it("pauses after ten failures in a row, longer each time, and gives up after the fifth pause", () => {
    let state = CLOSED_BREAKER;
    for (let at = 0; at < 9; at += 1) state = onEndpointFailure(state, { nowMs: 100, startedAtMs: 50 });
    expect([state.pauses, state.pausedUntilMs]).toEqual([0, 0]);
    const waits: number[] = [];
    let nowMs = 100;
    for (let at = 0; at < 5; at += 1) {
      state = onEndpointFailure(state, { nowMs, startedAtMs: nowMs });
      waits.push(state.pausedUntilMs - nowMs);
      nowMs = state.pausedUntilMs;
    }
    expect([waits, state.isDead]).toEqual([[1_000, 2_000, 4_000, 8_000, 16_000], false]);
    expect(onEndpointFailure(state, { nowMs, startedAtMs: nowMs }).isDead).toBe(true);
  });

  it("does not count requests that were under way when it paused", () => {
    let state = CLOSED_BREAKER;
    for (let at = 0; at < 300; at += 1) state = onEndpointFailure(state, { nowMs: 100, startedAtMs: 50 });
    expect(state).toMatchObject({ pauses: 1, pausedUntilMs: 1_100, isDead: false });
  });

  it("gives up an endpoint that says nothing but 429 for a quarter of an hour, not one that is busy for a while", () => {
    let state = CLOSED_BREAKER;
    for (let at = 0; at < 200; at += 1) state = onEndpointLimited(state, { nowMs: 1_000 + at });
    expect(state.isDead).toBe(false);
    expect(onEndpointLimited(state, { nowMs: 1_000 + 15 * 60_000 }).isDead).toBe(true);
    expect(onEndpointLimited(CLOSED_BREAKER, { nowMs: 10 ** 9 }).isDead).toBe(false);
  });
});
