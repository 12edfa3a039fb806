/** Turns texts into unit vectors. `id` names model and weights: vectors of different ids are never compared. */
export interface Embedder {
  readonly id: string;
  /** One unit vector a text, in order. Rejects with ServiceError `unavailable` when the model cannot be used. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

/** The vector scaled to length 1; a zero vector stays as it is. */
export function normalize(vector: ArrayLike<number>): Float32Array {
  const result = Float32Array.from(vector);
  const length = Math.hypot(...result);
  if (length > 0) for (let index = 0; index < result.length; index += 1) result[index] = (result[index] ?? 0) / length;
  return result;
}

/** Cosine similarity of two unit vectors. */
export function cosine(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0);
  return sum;
}
