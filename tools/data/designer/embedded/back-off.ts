import type { Clock } from "../../../../lib/clock.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Holds back what keeps failing, such as writes to a full disk: for a second after the first failure, then for twice as long each time, a minute at most. */
export interface BackOff {
  canTry(): boolean;
  failed(): void;
  succeeded(): void;
}

export function createBackOff(clock: Clock): BackOff {
  let failures = 0;
  let failedAtMs = 0;
  return {
    canTry: () => {
      if (failures === 0) return true;
      const passedMs = clock.now() - failedAtMs;
      // A clock that was set back must not hold anything for longer.
      return passedMs < 0 || passedMs >= Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
    },
    failed: () => {
      failures += 1;
      failedAtMs = clock.now();
    },
    succeeded: () => void (failures = 0),
  };
}
