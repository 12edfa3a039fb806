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
    this.word0 = (counter0 + key0) | 0;
    this.word1 = (counter1 + key1) | 0;
    this.mix(13, 15, 26, 6);
    this.add(key1, key2 + 1);
    this.mix(17, 29, 16, 24);
    this.add(key2, key0 + 2);
    this.mix(13, 15, 26, 6);
    this.add(key0, key1 + 3);
    this.word0 = (this.word0 + this.word1) | 0;
    this.word1 = rotate(this.word1, 17) ^ this.word0;
  }

  /** Four rounds, written out: a loop over the rotations takes twice as long. */
  private mix(first: number, second: number, third: number, fourth: number): void {
    let x0 = this.word0;
    let x1 = this.word1;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, first) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, second) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, third) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, fourth) ^ x0;
    this.word0 = x0;
    this.word1 = x1;
  }

  private add(left: number, right: number): void {
    this.word0 = (this.word0 + left) | 0;
    this.word1 = (this.word1 + right) | 0;
  }
}

/** To the left; shifts count modulo 32. */
function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> -bits);
}
