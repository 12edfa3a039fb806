import { sha256Hex } from "../../lib/hash.ts";

/**
 * Random numbers as a function of (seed, name, row, attempt, draw): nothing is carried from one row to the next, so a
 * row has the same values whatever the row group, the worker or the order in which rows are made.
 *
 * The generator is Threefry-2x32 with 13 rounds: additions, rotations and exclusive ors of 32-bit words only, which
 * JavaScript does without 64-bit products. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011; 13 rounds is the least the authors found free of failures in BigCrush.
 */

const KEY_PARITY = 0x1bd11bda;

/** A row draws at most 2^18 numbers in each of 2^14 attempts. */
const DRAW_BITS = 18;
const TWO_POW_26 = 67_108_864;
const TWO_POW_MINUS_53 = 2 ** -53;

export interface RandomKey {
  readonly first: number;
  readonly second: number;
}

/** The key of one stream, for example of a column: different names are independent streams of the same seed. */
export function randomKey(seed: number | string, name: string): RandomKey {
  const digest = sha256Hex(`${seed}\u0000${name}`);
  return { first: Number.parseInt(digest.slice(0, 8), 16) | 0, second: Number.parseInt(digest.slice(8, 16), 16) | 0 };
}

/** The numbers of one stream. `start` picks the row and the attempt; the `next…` calls go on from there. */
export class Draws {
  private readonly key0: number;
  private readonly key1: number;
  private readonly key2: number;
  private row = 0;
  private position = 0;
  /** The two words of the last block, as signed 32-bit numbers. */
  word0 = 0;
  word1 = 0;

  constructor(key: RandomKey) {
    this.key0 = key.first | 0;
    this.key1 = key.second | 0;
    this.key2 = KEY_PARITY ^ this.key0 ^ this.key1;
  }

  /** Row: 0 to 2^32 - 1, of the whole dataset. Attempt: 0 to 2^14 - 1. */
  start(row: number, attempt: number): this {
    this.row = row | 0;
    this.position = attempt << DRAW_BITS;
    return this;
  }

  /** In [0, 1), 53 bits. */
  next(): number {
    this.block(this.row, this.position++);
    return ((this.word0 >>> 5) * TWO_POW_26 + (this.word1 >>> 6)) * TWO_POW_MINUS_53;
  }

  /** In (0, 1), 52 bits: never 0, so that its logarithm is finite, and never 1. */
  nextOpen(): number {
    this.block(this.row, this.position++);
    return ((this.word0 >>> 6) * TWO_POW_26 + (this.word1 >>> 6) + 0.5) * (2 * TWO_POW_MINUS_53);
  }

  /** A whole number in [0, count); count at most 2^53. */
  nextIndex(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Sets `word0` and `word1`. For one key this is a bijection of (counter0, counter1), both 32 bits. */
  block(counter0: number, counter1: number): void {
    const { key0, key1, key2 } = this;
    let x0 = (counter0 + key0) | 0;
    let x1 = (counter1 + key1) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + key1) | 0;
    x1 = (x1 + key2 + 1) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + key2) | 0;
    x1 = (x1 + key0 + 2) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + key0) | 0;
    x1 = (x1 + key1 + 3) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    this.word0 = x0;
    this.word1 = x1;
  }
}
