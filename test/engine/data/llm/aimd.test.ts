import { describe, expect, it } from "vitest";

import { AIMD_RULES, type AimdState, onRateLimit, onSuccess, startAimd } from "../../../../engine/data/llm/aimd.ts";

const succeed = (state: AimdState, times: number): AimdState =>
  Array.from({ length: times }).reduce<AimdState>((current) => onSuccess(current, AIMD_RULES), state);

describe("the adaptive limit", () => {
  it("falls by a quarter on the first 429 of a burst and not again for requests of the same burst", () => {
    const first = onRateLimit(startAimd(16), { nowMs: 100, startedAtMs: 0, retryAfterMs: undefined }, AIMD_RULES);
    expect(first).toMatchObject({ limit: 12, pausedUntilMs: 2100 });
    const same = onRateLimit(first, { nowMs: 120, startedAtMs: 50, retryAfterMs: 5000 }, AIMD_RULES);
    expect(same).toMatchObject({ limit: 12, pausedUntilMs: 5120 });
    const next = onRateLimit(same, { nowMs: 6000, startedAtMs: 5500, retryAfterMs: 0 }, AIMD_RULES);
    expect(next).toMatchObject({ limit: 9, pausedUntilMs: 6000 });
  });

  it("rises by one after 25 successes in a row without a 429, up to the ceiling, and never falls under one", () => {
    const limited = onRateLimit(startAimd(2), { nowMs: 0, startedAtMs: 0, retryAfterMs: 0 }, AIMD_RULES);
    expect(limited.limit).toBe(1);
    expect(onRateLimit(limited, { nowMs: 9, startedAtMs: 5, retryAfterMs: 0 }, AIMD_RULES).limit).toBe(1);
    expect(succeed(limited, 24).limit).toBe(1);
    expect(succeed(limited, 25).limit).toBe(2);
    expect(succeed(limited, 500).limit).toBe(2);
  });

  it("waits a minute at most, whatever Retry-After says", () => {
    const state = onRateLimit(startAimd(4), { nowMs: 0, startedAtMs: 0, retryAfterMs: 86_400_000 }, AIMD_RULES);
    expect(state.pausedUntilMs).toBe(60_000);
  });
});
