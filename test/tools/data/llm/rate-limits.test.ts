import { describe, expect, it } from "vitest";

import { AIMD_RULES, onRateLimit, onSuccess, startAimd } from "../../../../engine/data/llm/aimd.ts";
import { seededRandom } from "../../../../lib/random.ts";
import type { ChatResult } from "../../../../tools/data/llm/chat-endpoint.ts";
import { CHAIN, answer, expectNothingLost, lastMessage, run } from "./cell-run.ts";

const ROWS = 1000;
const PARALLEL = 64;
/** 4,000 cells of 200 ms, 64 at a time. */
const IDEAL_MS = 12_500;
const refused = (retryAfterMs?: number): ChatResult => ({ kind: "rate_limited", retryAfterMs, message: "HTTP 429" });

interface Case {
  readonly name: string;
  readonly isRefused: () => (atMs: number) => boolean;
  readonly retryAfterMs?: number;
  readonly mostMs: number;
  readonly mostRefusals: number;
}

const randomly = (share: number) => () => {
  const chance = seededRandom(7);
  return () => chance() < share;
};

/** At most so many a second; the others are refused. */
const quota = (perSecond: number) => () => {
  const used = new Map<number, number>();
  return (atMs: number) => {
    const second = Math.floor(atMs / 1000);
    const count = (used.get(second) ?? 0) + 1;
    used.set(second, count);
    return count > perSecond;
  };
};

const outage = (fromMs: number, toMs: number) => () => (atMs: number) => atMs >= fromMs && atMs < toMs;

/** Random 429s cost at most half of the time again; under a quota the rate comes near to it, and refusals stay few. */
const CASES: readonly Case[] = [
  { name: "none", isRefused: () => () => false, mostMs: 1.1 * IDEAL_MS, mostRefusals: 0 },
  { name: "random 10 %", isRefused: randomly(0.1), mostMs: 1.5 * IDEAL_MS, mostRefusals: 500 },
  {
    name: "random 10 %, try at once",
    isRefused: randomly(0.1),
    retryAfterMs: 0,
    mostMs: 1.5 * IDEAL_MS,
    mostRefusals: 500,
  },
  {
    name: "random 10 %, try after 1 s",
    isRefused: randomly(0.1),
    retryAfterMs: 1000,
    mostMs: 1.5 * IDEAL_MS,
    mostRefusals: 500,
  },
  { name: "20 a second", isRefused: quota(20), mostMs: 250_000, mostRefusals: 600 },
  { name: "20 a second, try after 1 s", isRefused: quota(20), retryAfterMs: 1000, mostMs: 250_000, mostRefusals: 600 },
  { name: "20 a second, try at once", isRefused: quota(20), retryAfterMs: 0, mostMs: 250_000, mostRefusals: 600 },
  { name: "all for 30 s", isRefused: outage(3000, 33_000), mostMs: 75_000, mostRefusals: 300 },
  {
    name: "all for 30 s, try at once",
    isRefused: outage(3000, 33_000),
    retryAfterMs: 0,
    mostMs: 75_000,
    mostRefusals: 300,
  },
];

describe("429s", () => {
  it.each(CASES)(
    "lose no cell, little time and few requests: $name",
    async ({ isRefused, retryAfterMs, mostMs, mostRefusals }) => {
      const isOver = isRefused();
      const result = await run({
        rows: ROWS,
        maxParallel: PARALLEL,
        refusalMs: 5,
        reply: (call, _number, atMs) => (isOver(atMs) ? refused(retryAfterMs) : answer(lastMessage(call).slice(0, 8))),
      });
      const refusals = [...result.usage.values()].reduce((sum, { rateLimited }) => sum + rateLimited, 0);
      expect(result.failures).toEqual([]);
      expectNothingLost(result, ROWS, CHAIN);
      expect(result.elapsedMs).toBeLessThanOrEqual(mostMs);
      expect(refusals).toBeLessThanOrEqual(mostRefusals);
    },
  );

  it("that are rare leave the limit near its ceiling when answers take long, too", () => {
    const latencyMs = 20_000;
    const chance = seededRandom(3);
    let state = startAimd(PARALLEL);
    let lowest = PARALLEL;
    for (let answers = 0; answers < 20_000; answers += 1) {
      const nowMs = (answers * latencyMs) / PARALLEL;
      if (chance() >= 0.1) state = onSuccess(state, AIMD_RULES);
      else state = onRateLimit(state, { nowMs, startedAtMs: nowMs - latencyMs, retryAfterMs: undefined }, AIMD_RULES);
      lowest = Math.min(lowest, state.limit);
    }
    expect(lowest).toBeGreaterThanOrEqual(PARALLEL / 2);
  });
});
