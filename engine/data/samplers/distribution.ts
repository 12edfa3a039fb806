import type { Draws } from "../random.ts";

export type ShapeParams = Readonly<Record<string, number>>;

/** Draws of the standard form: loc 0, scale 1. */
export interface DistributionShape {
  readonly draw: (draws: Draws) => number;
  /** As in `DrawCell`. */
  readonly drawBetween?: (draws: Draws, low: number, high: number) => number;
}

export interface Distribution {
  readonly isInteger: boolean;
  /** The parameters besides `loc` and `scale`, all required, with what they must be. */
  readonly shapes: Readonly<Record<string, string>>;
  /** What is wrong with the values together, undefined when nothing is. */
  check(params: ShapeParams): string | undefined;
  compile(params: ShapeParams): DistributionShape;
}
