/** How many requests a model alias may have in flight; grows by one per row of successes, shrinks on 429. */
export interface AimdState {
  readonly ceiling: number;
  /** At least 1, at most the ceiling. */
  readonly limit: number;
  readonly successes: number;
  /** No request starts before. */
  readonly pausedUntilMs: number;
  /** A 429 to a request that started earlier belongs to the burst that was already answered. */
  readonly decreasedAtMs: number;
}

export interface AimdRules {
  readonly decreaseFactor: number;
  readonly increaseStep: number;
  readonly successesUntilIncrease: number;
  /** Wait after a 429 without Retry-After. */
  readonly cooldownMs: number;
  /** A longer Retry-After is cut to this. */
  readonly maxRetryAfterMs: number;
}

/** -25 % on the first 429 of a burst, +1 per 25 successes, 2 s without Retry-After: the original's defaults. */
export const AIMD_RULES: AimdRules = {
  decreaseFactor: 0.75,
  increaseStep: 1,
  successesUntilIncrease: 25,
  cooldownMs: 2_000,
  maxRetryAfterMs: 60_000,
};

export function startAimd(ceiling: number): AimdState {
  return { ceiling, limit: ceiling, successes: 0, pausedUntilMs: 0, decreasedAtMs: Number.NEGATIVE_INFINITY };
}

export function onSuccess(state: AimdState, rules: AimdRules): AimdState {
  const successes = state.successes + 1;
  if (successes < rules.successesUntilIncrease) return { ...state, successes };
  return { ...state, successes: 0, limit: Math.min(state.ceiling, state.limit + rules.increaseStep) };
}

export interface RateLimited {
  readonly nowMs: number;
  /** When the request that was refused had started. */
  readonly startedAtMs: number;
  readonly retryAfterMs: number | undefined;
}

export function onRateLimit(
  state: AimdState,
  { nowMs, startedAtMs, retryAfterMs }: RateLimited,
  rules: AimdRules,
): AimdState {
  const wait = Math.min(rules.maxRetryAfterMs, retryAfterMs ?? rules.cooldownMs);
  const pausedUntilMs = Math.max(state.pausedUntilMs, nowMs + wait);
  if (startedAtMs <= state.decreasedAtMs) return { ...state, pausedUntilMs, successes: 0 };
  const limit = Math.max(1, Math.floor(state.limit * rules.decreaseFactor));
  return { ...state, limit, pausedUntilMs, successes: 0, decreasedAtMs: nowMs };
}
