/**
 * Sketches of a column that can be made part by part and put together in any order: which values there are, how many
 * different ones, and a sample of them. Exact while they are not full, estimates afterwards.
 */

/** Different values that are known exactly; above, the count is an estimate with a standard error of 1.6 %. */
export const MAX_DISTINCT = 4_096;
/** Values in a sample; the median of a sample of this size is off by about 1 % of the ranks. */
export const MAX_SAMPLE = 4_096;
/** Different values that are counted one by one. */
export const MAX_COUNTED = 1_000;

const HASH_RANGE = 2 ** 53;
const scratch = new DataView(new ArrayBuffer(8));

/** Two independent 32-bit hashes as one whole number below 2^53. */
function mix(first: number, second: number): number {
  let high = Math.imul(first ^ (first >>> 16), 0x85eb_ca6b);
  high = Math.imul(high ^ (high >>> 13) ^ second, 0xc2b2_ae35);
  let low = Math.imul(second ^ (second >>> 15) ^ high, 0x2c1b_3c6d);
  low = Math.imul(low ^ (low >>> 12), 0x297a_2d39);
  return ((high ^ (high >>> 16)) >>> 11) * 2 ** 32 + ((low ^ (low >>> 15)) >>> 0);
}

export function hashText(text: string): number {
  let first = 0x811c_9dc5;
  let second = 0x9e37_79b9;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    first = Math.imul(first ^ code, 0x0100_0193);
    second = Math.imul(second + code, 0x85eb_ca77);
    second ^= second >>> 15;
  }
  return mix(first, second);
}

export function hashNumber(value: number): number {
  scratch.setFloat64(0, value);
  return mix(scratch.getInt32(0), scratch.getInt32(4));
}

/** The smallest hashes seen: with n of them, the n-th tells how densely the range is filled. */
export interface DistinctSketch {
  /** Ascending, without repetitions. */
  readonly hashes: readonly number[];
  readonly isFull: boolean;
}

export const NO_VALUES: DistinctSketch = { hashes: [], isFull: false };

/** Hashes in any order, with repetitions. */
export function distinctOf(hashes: Float64Array): DistinctSketch {
  const sorted = hashes.slice().sort();
  const kept: number[] = [];
  let last = -1;
  for (const hash of sorted) {
    if (hash === last) continue;
    if (kept.length === MAX_DISTINCT) return { hashes: kept, isFull: true };
    kept.push(hash);
    last = hash;
  }
  return { hashes: kept, isFull: false };
}

export function mergeDistinct(left: DistinctSketch, right: DistinctSketch): DistinctSketch {
  const merged = distinctOf(Float64Array.from([...left.hashes, ...right.hashes]));
  return { hashes: merged.hashes, isFull: merged.isFull || left.isFull || right.isFull };
}

/** The number of different values, exact when `isExact`. Source: Bar-Yossef et al., k minimum values, RANDOM 2002. */
export function countDistinct({ hashes, isFull }: DistinctSketch): { count: number; isExact: boolean } {
  if (!isFull) return { count: hashes.length, isExact: true };
  const last = hashes.at(-1) ?? HASH_RANGE;
  return { count: Math.round(((hashes.length - 1) / last) * HASH_RANGE), isExact: false };
}

/** Values with the hashes of their rows: those with the smallest hashes are a fair sample of all. */
export interface SampleSketch {
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

export const NO_SAMPLE: SampleSketch = { keys: [], values: [] };

/** What the keys of a sample are below. */
export function sampleLimit(keys: ArrayLike<number>): number {
  // Sorting numbers in a typed array is many times as fast as sorting places by a comparison.
  return keys.length <= MAX_SAMPLE ? Infinity : (Float64Array.from(keys).sort()[MAX_SAMPLE] ?? Infinity);
}

/** `limit` is what `sampleLimit` says of these keys; columns of one table share it. */
export function sampleOf(
  keys: ArrayLike<number>,
  values: ArrayLike<number>,
  limit: number = sampleLimit(keys),
): SampleSketch {
  const kept: SampleSketch & { keys: number[]; values: number[] } = { keys: [], values: [] };
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at] ?? limit;
    if (key >= limit) continue;
    kept.keys.push(key);
    kept.values.push(values[at] ?? 0);
  }
  return kept;
}

export function mergeSamples(left: SampleSketch, right: SampleSketch): SampleSketch {
  return sampleOf([...left.keys, ...right.keys], [...left.values, ...right.values]);
}

/** The median of the sample, undefined when it is empty. */
export function medianOf({ values }: SampleSketch): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? upper) + upper) / 2;
}

/** Occurrences of each value, or undefined as soon as there are too many different ones. */
export type Counts = ReadonlyMap<string, number> | undefined;

export function mergeCounts(left: Counts, right: Counts): Counts {
  if (left === undefined || right === undefined) return undefined;
  const merged = new Map(left);
  for (const [value, count] of right) merged.set(value, (merged.get(value) ?? 0) + count);
  return merged.size > MAX_COUNTED ? undefined : merged;
}
