import { describe, expect, it } from "vitest";

import {
  AIMD_RULES,
  type AimdState,
  onRateLimit,
  onSuccess,
  rateLimitWaitMs,
  startAimd,
} from "../../../../engine/data/llm/aimd.ts";

const succeed = (state: AimdState, times: number): AimdState =>
  Array.from({ length: times }).reduce<AimdState>((current) => onSuccess(current, AIMD_RULES), state);

/** So many 429s at one time, to requests that started just before. */
const refuse = (state: AimdState, times: number, nowMs: number, retryAfterMs?: number): AimdState =>
  Array.from({ length: times }).reduce<AimdState>(
    (current) => onRateLimit(current, { nowMs, startedAtMs: nowMs - 1, retryAfterMs }, AIMD_RULES),
    state,
  );

describe("the adaptive limit", () => {
  it("falls by a quarter on the first 429 of a burst, then once per cooldown while the burst lasts", () => {
    const first = refuse(startAimd(16), 1, 100);
    expect(first.limit).toBe(12);
    const burst = refuse(first, 15, 2099);
    expect(burst.limit).toBe(12);
    expect(refuse(burst, 1, 2100).limit).toBe(9);
    const late = onRateLimit(burst, { nowMs: 2100, startedAtMs: 50, retryAfterMs: 0 }, AIMD_RULES);
    expect(late.limit).toBe(12);
  });

  it("falls for a rare 429 only after ten answers for each request in flight", () => {
    const lowered = succeed(refuse(startAimd(16), 1, 0), 100);
    expect(lowered.limit).toBe(16);
    expect(refuse(lowered, 1, 60_000).limit).toBe(16);
    expect(refuse(succeed(lowered, 60), 1, 60_000).limit).toBe(12);
  });

  it("rises by one after 25 successes, up to the ceiling, and never falls under one", () => {
    const limited = refuse(startAimd(2), 1, 0, 0);
    expect(limited.limit).toBe(1);
    expect(refuse(limited, 40, 5000, 0).limit).toBe(1);
    expect(succeed(limited, 24).limit).toBe(1);
    expect(succeed(limited, 25).limit).toBe(2);
    expect(succeed(limited, 500).limit).toBe(2);
  });

  it("holds all requests back only when most of the recent answers are 429", () => {
    const some = refuse(succeed(startAimd(64), 60), 20, 1000, 5000);
    expect(some.pausedUntilMs).toBe(0);
    const most = refuse(some, 20, 1000, 5000);
    expect(most.pausedUntilMs).toBe(6000);
    expect(refuse(succeed(most, 40), 1, 8000, 5000).pausedUntilMs).toBe(6000);
  });

  it("waits for the cooldown when most requests are refused and may be sent again at once", () => {
    expect(refuse(startAimd(64), 40, 1000, 0).pausedUntilMs).toBe(3000);
    expect(refuse(startAimd(64), 40, 1000).pausedUntilMs).toBe(3000);
  });

  it("lets a refused request wait as Retry-After says, a minute at most, and without it longer in a burst", () => {
    const calm = startAimd(4);
    expect(rateLimitWaitMs(calm, 5000, AIMD_RULES)).toBe(5000);
    expect(rateLimitWaitMs(calm, 0, AIMD_RULES)).toBe(0);
    expect(rateLimitWaitMs(calm, 86_400_000, AIMD_RULES)).toBe(60_000);
    expect(rateLimitWaitMs(calm, undefined, AIMD_RULES)).toBe(1000);
    expect(rateLimitWaitMs(refuse(calm, 12, 0), undefined, AIMD_RULES)).toBe(2000);
  });
});
