import type { Random } from "../../../lib/random.ts";

const BASE_MS = 1_000;
const FACTOR = 2;
const JITTER = 0.2;
const MAX_MS = 60_000;

/** The wait before the retry of this number (from 1): growing by `factor`, give or take a fifth; what the server asks for comes first. At most a minute. */
export function retryWaitMs(
  retry: number,
  retryAfterMs: number | undefined,
  random: Random,
  factor: number = FACTOR,
): number {
  const wait = BASE_MS * factor ** (retry - 1) * (1 + JITTER * (2 * random() - 1));
  return Math.min(MAX_MS, retryAfterMs ?? wait);
}
