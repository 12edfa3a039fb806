import type { Draws } from "../random.ts";
import { searchAbove } from "./labels.ts";

/** Probabilities below this share of the largest one are left out: no run is long enough to draw them. */
const NEGLIGIBLE = 1e-22;

/**
 * A whole-number distribution by inversion of its table: one number a draw. `ratio(k)` is P(k + 1) / P(k). Starting
 * from the mode keeps every probability's relative error small, whatever the parameters.
 */
export function compileTable(
  mode: number,
  least: number,
  most: number,
  ratio: (k: number) => number,
): (draws: Draws) => number {
  const above: number[] = [1];
  for (let k = mode; k < most; k += 1) {
    const next = (above[k - mode] ?? 0) * ratio(k);
    if (!(next > NEGLIGIBLE)) break;
    above.push(next);
  }
  const below: number[] = [];
  for (let k = mode - 1, last = 1; k >= least; k -= 1) {
    last /= ratio(k);
    if (!(last > NEGLIGIBLE)) break;
    below.push(last);
  }
  const first = mode - below.length;
  const upTo = Float64Array.from([...below.toReversed(), ...above]);
  let sum = 0;
  for (let index = 0; index < upTo.length; index += 1) upTo[index] = sum += upTo[index] ?? 0;
  return (draws) => first + searchAbove(upTo, draws.next() * sum);
}
