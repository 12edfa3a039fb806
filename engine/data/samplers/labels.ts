import { ServiceError } from "../../../lib/errors.ts";
import type { Draws } from "../random.ts";

/** Draws a position with the share its weight has of the sum; equal shares without weights. */
export function compileWeighted(count: number, weights: readonly number[] | null): (draws: Draws) => number {
  if (weights === null) return (draws) => draws.nextIndex(count);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== count || !(total > 0) || weights.some((weight) => !(weight >= 0))) {
    throw new ServiceError(
      "invalid_input",
      `weights [${weights.join(", ")}]: there must be ${count}, none negative, with a sum above 0`,
    );
  }
  const upTo = new Float64Array(count);
  let sum = 0;
  for (const [index, weight] of weights.entries()) upTo[index] = sum += weight / total;
  return (draws) => searchAbove(upTo, draws.next() * sum);
}

/** The first position whose value is above `target`; the last one when none is. */
export function searchAbove(ascending: Float64Array, target: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
