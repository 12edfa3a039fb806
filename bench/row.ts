/** One measured figure. `figure` is a median; `size` says what was processed and how often. */
export interface BenchRow {
  readonly what: string;
  readonly size: string;
  readonly figure: number;
  readonly unit: string;
  /** The budget of ARCHITECTURE.md, as text, for example `<= 25 ms`. */
  readonly budget?: string;
}

/** Middle value; the mean of the two middle ones when the count is even. Throws on an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("median of no values");
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
