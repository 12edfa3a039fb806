/** How many requests a model alias may have in flight; grows by one per row of successes, shrinks on bursts of 429. */
export interface AimdState {
  readonly ceiling: number;
  /** At least 1, at most the ceiling. */
  readonly limit: number;
  /** Since the limit last changed. */
  readonly successes: number;
  /** No request starts before; only an endpoint that refuses most requests holds all of them back. */
  readonly pausedUntilMs: number;
  /** A 429 to a request that started earlier belongs to the burst that was already answered. */
  readonly decreasedAtMs: number;
  /** Successes and 429s since then. */
  readonly answersSinceDecrease: number;
  /** Share of 429s among the recent answers, from 0 to 1; older ones weigh less. */
  readonly refusedShare: number;
}

export interface AimdRules {
  readonly decreaseFactor: number;
  readonly increaseStep: number;
  readonly successesUntilIncrease: number;
  /** Wait after a 429 of a burst without Retry-After, and the shortest time between two decreases. */
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

/** The newest answer's weight in the share of 429s: about the last 32 answers count. */
const SHARE_WEIGHT = 1 / 32;
/** From this share on, 429s are no accident: the limit falls once per cooldown. */
const BURST_SHARE = 0.25;
/** Above this share the quota is used up: nothing is sent until the endpoint wants to be asked again. */
const EXHAUSTED_SHARE = 0.5;
/**
 * With a smaller share the limit falls once in so many answers per request in flight. By then it has grown back: a tenth of
 * random 429s would bring it down to a few requests otherwise, the sooner the slower the answers come.
 */
const ANSWERS_PER_SEAT = 10;

export function startAimd(ceiling: number): AimdState {
  return {
    ceiling,
    limit: ceiling,
    successes: 0,
    pausedUntilMs: 0,
    decreasedAtMs: Number.NEGATIVE_INFINITY,
    answersSinceDecrease: Number.POSITIVE_INFINITY,
    refusedShare: 0,
  };
}

export function onSuccess(state: AimdState, rules: AimdRules): AimdState {
  const answered = count(state, 0);
  const successes = state.successes + 1;
  if (successes < rules.successesUntilIncrease) return { ...answered, successes };
  return { ...answered, successes: 0, limit: Math.min(state.ceiling, state.limit + rules.increaseStep) };
}

export interface RateLimited {
  readonly nowMs: number;
  /** When the request that was refused had started. */
  readonly startedAtMs: number;
  readonly retryAfterMs: number | undefined;
}

/** How long a refused request waits before it is sent again: as Retry-After says; without, half as long for a rare refusal as in a burst. */
export function rateLimitWaitMs(state: AimdState, retryAfterMs: number | undefined, rules: AimdRules): number {
  const cooldownMs = state.refusedShare >= BURST_SHARE ? rules.cooldownMs : rules.cooldownMs / 2;
  return Math.min(rules.maxRetryAfterMs, retryAfterMs ?? cooldownMs);
}

export function onRateLimit(state: AimdState, event: RateLimited, rules: AimdRules): AimdState {
  const answered = count(state, 1);
  const next = { ...answered, pausedUntilMs: pauseAfter(answered, event, rules) };
  if (!canDecrease(answered, event, rules)) return next;
  const limit = Math.max(1, Math.floor(state.limit * rules.decreaseFactor));
  return { ...next, limit, successes: 0, decreasedAtMs: event.nowMs, answersSinceDecrease: 0 };
}

function count(state: AimdState, refused: 0 | 1): AimdState {
  return {
    ...state,
    answersSinceDecrease: state.answersSinceDecrease + 1,
    refusedShare: state.refusedShare + SHARE_WEIGHT * (refused - state.refusedShare),
  };
}

function pauseAfter(state: AimdState, { nowMs, retryAfterMs }: RateLimited, rules: AimdRules): number {
  if (state.refusedShare <= EXHAUSTED_SHARE) return state.pausedUntilMs;
  // An endpoint that refuses most requests and says "at once" does not mean it.
  const wait = rateLimitWaitMs(state, retryAfterMs, rules) || rules.cooldownMs;
  return Math.max(state.pausedUntilMs, nowMs + wait);
}

function canDecrease(state: AimdState, { nowMs, startedAtMs }: RateLimited, rules: AimdRules): boolean {
  if (startedAtMs <= state.decreasedAtMs || nowMs < state.decreasedAtMs + rules.cooldownMs) return false;
  return state.refusedShare >= BURST_SHARE || state.answersSinceDecrease >= ANSWERS_PER_SEAT * state.limit;
}
