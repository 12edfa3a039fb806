import { hash32 } from "../../../lib/random.ts";

/**
 * Smooth noise in [-1, 1] as a pure function of a key and the time: random values on a grid of `periodMs`, joined by a
 * smooth curve. Because nothing is accumulated, a node shows the same values however often it was ticked in between.
 */
export function noiseAt(key: string, timeMs: number, periodMs: number): number {
  const position = timeMs / periodMs;
  const cell = Math.floor(position);
  const fraction = position - cell;
  const blend = fraction * fraction * (3 - 2 * fraction);
  return gridValue(key, cell) * (1 - blend) + gridValue(key, cell + 1) * blend;
}

function gridValue(key: string, cell: number): number {
  return (hash32(`${key}@${cell}`) / 0x1_0000_0000) * 2 - 1;
}

export function round(value: number, digits = 0): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
