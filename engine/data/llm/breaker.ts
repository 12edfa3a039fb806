/** Tells a model endpoint that is down from one that fails now and then. */
export interface BreakerState {
  /** Failures since the last answer. */
  readonly failures: number;
  /** Pauses since the last answer; while there are any, one request at a time tries whether the endpoint is back. */
  readonly pauses: number;
  /** Failures of requests that started earlier belong to the trouble that was already answered. */
  readonly pausedUntilMs: number;
  /** 429s since the last answer, and when they began. */
  readonly limited: number;
  readonly limitedSinceMs: number;
  /** Nobody asks any more. */
  readonly isDead: boolean;
}

/** So many failures in a row are no accident. */
const FAILURES_UNTIL_PAUSE = 10;
const FIRST_PAUSE_MS = 1_000;
/** 1, 2, 4, 8 and 16 seconds: an endpoint that restarts within half a minute is not given up. */
const MAX_PAUSES = 5;
const MAX_LIMITED = 30;
const MAX_LIMITED_MS = 15 * 60_000;

export const CLOSED_BREAKER: BreakerState = {
  failures: 0,
  pauses: 0,
  pausedUntilMs: 0,
  limited: 0,
  limitedSinceMs: 0,
  isDead: false,
};

/** After a timeout, a torn connection or a 5xx. */
export function onEndpointFailure(
  state: BreakerState,
  { nowMs, startedAtMs }: { readonly nowMs: number; readonly startedAtMs: number },
): BreakerState {
  if (startedAtMs < state.pausedUntilMs) return state;
  const failures = state.failures + 1;
  if (state.pauses === 0 && failures < FAILURES_UNTIL_PAUSE) return { ...state, failures };
  if (state.pauses >= MAX_PAUSES) return { ...state, failures, isDead: true };
  const pausedUntilMs = nowMs + FIRST_PAUSE_MS * 2 ** state.pauses;
  return { ...state, failures, pauses: state.pauses + 1, pausedUntilMs };
}

/** After a 429: an endpoint that says nothing else for a quarter of an hour has no quota left. */
export function onEndpointLimited(state: BreakerState, { nowMs }: { readonly nowMs: number }): BreakerState {
  const limited = state.limited + 1;
  const limitedSinceMs = state.limited === 0 ? nowMs : state.limitedSinceMs;
  const isDead = limited >= MAX_LIMITED && nowMs - limitedSinceMs >= MAX_LIMITED_MS;
  return { ...state, failures: 0, pauses: 0, limited, limitedSinceMs, isDead: state.isDead || isDead };
}
