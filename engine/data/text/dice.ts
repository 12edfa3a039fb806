import { Draws, type RandomKey, randomKey } from "../random.ts";

/** Random choices of one cell: a function of (seed, column, row, attempt), so neither order nor row groups matter. */
export class Dice {
  private readonly draws: Draws;

  constructor(key: RandomKey, row: number, attempt = 0) {
    this.draws = new Draws(key).start(row, attempt);
  }

  /** In [0, 1). */
  next(): number {
    return this.draws.next();
  }

  /** Whole, both ends included. */
  between(low: number, high: number): number {
    return low + this.draws.nextIndex(Math.max(0, high - low) + 1);
  }

  /** Throws on an empty list. */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.draws.nextIndex(values.length)];
    if (value === undefined) throw new Error("pick from an empty list");
    return value;
  }
}

export function textKey(seed: number | string, column: string): RandomKey {
  return randomKey(seed, `text\u0000${column}`);
}
