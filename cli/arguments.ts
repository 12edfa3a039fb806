import { InvalidArgumentError } from "commander";

/** Parsers of command-line values; commander shows their message with the argument. */

export function wholeNumber(min: number, max: number): (raw: string) => number {
  return (raw) => {
    const value = Number(raw);
    if (/^\d+$/.test(raw) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
  };
}

export function positiveNumber(raw: string): number {
  const value = Number(raw);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("must be a number above 0.");
}

export function oneOf(...allowed: readonly string[]): (raw: string) => string {
  return (raw) => {
    if (allowed.includes(raw)) return raw;
    throw new InvalidArgumentError(`must be one of ${allowed.join(", ")}.`);
  };
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
