import { renderError } from "./errors.ts";
import { listOf, Sequence, type Value } from "./values.ts";

/** Characters and items that one render may go through; it bounds the time of any accepted template. */
const MAX_WORK = 5_000_000;

/** What one render works with: the values of its names by slot, its random numbers and what it may still do. */
export class Runtime {
  readonly slots: Value[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** By slot: the text of a cell that was parsed as JSON. */
  readonly texts: readonly (string | undefined)[];
  private work = 0;

  constructor(slots: Value[], texts: readonly (string | undefined)[], random: () => number) {
    this.slots = slots;
    this.texts = texts;
    this.random = random;
  }

  /** Accounts for going through a value once. */
  charge(value: Value): void {
    if (typeof value === "string") this.chargeSteps(value.length);
    else if (typeof value === "object" && value !== null) {
      const items = listOf(value) ?? (value instanceof Sequence ? value.items : undefined);
      this.chargeSteps(items?.length ?? 8);
    }
  }

  chargeSteps(steps: number): void {
    this.work += steps;
    if (this.work > MAX_WORK) throw renderError(`the template goes through more than ${MAX_WORK} characters and items`);
  }
}

/** Arguments of a filter, test or method by position; what was not given is undefined. */
export type Arguments = readonly (Value | undefined)[];
