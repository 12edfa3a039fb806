import { isEqual, isIn, order } from "./compare.ts";
import { renderError } from "./errors.ts";
import { binary } from "./numbers.ts";
import type { Arguments } from "./runtime.ts";
import { str } from "./text.ts";
import { isDict, isFloat, isInt, numberOf, Sequence, Undefined, type Value } from "./values.ts";

type Test = (value: Value, args: Arguments) => boolean;

function isUndefined(value: Value): boolean {
  return value instanceof Undefined;
}

function isCollection(value: Value): boolean {
  return (
    typeof value === "string" ||
    Array.isArray(value) ||
    value instanceof Sequence ||
    isDict(value) ||
    isUndefined(value)
  );
}

/** `sameas` is identity: only equal values of one type, never two collections made apart. */
function isSame(left: Value, right: Value): boolean {
  if (left === right) return true;
  return isFloat(left) && isFloat(right) ? isEqual(left, right) : false;
}

function isRemainder(value: Value, divisor: Value, rest: number): boolean {
  return isEqual(binary("%", value, divisor), rest);
}

function letterCase(value: Value, change: (text: string) => string): boolean {
  const text = str(value);
  return text === change(text) && text.toLowerCase() !== text.toUpperCase();
}

function other([value]: Arguments): Value {
  if (value === undefined) throw renderError("the test needs a value to compare with");
  return value;
}

const isEqualTo: Test = (value, args) => isEqual(value, other(args));
const isGreater: Test = (value, args) => order(value, other(args), ">") > 0;
const isLess: Test = (value, args) => order(value, other(args), "<") < 0;

/** What may stand after `is`, under the names of `TEST_SIGNATURES`. */
export const TESTS: Readonly<Record<string, Test>> = {
  boolean: (value) => typeof value === "boolean",
  defined: (value) => !isUndefined(value),
  divisibleby: (value, args) => isRemainder(value, other(args), 0),
  eq: isEqualTo,
  equalto: isEqualTo,
  even: (value) => isRemainder(value, 2, 0),
  false: (value) => value === false,
  float: (value) => isFloat(value),
  ge: (value, args) => order(value, other(args), ">=") >= 0,
  greaterthan: isGreater,
  gt: isGreater,
  in: (value, args) => isIn(value, other(args)),
  integer: (value) => isInt(value) && typeof value !== "boolean",
  iterable: isCollection,
  le: (value, args) => order(value, other(args), "<=") <= 0,
  lessthan: isLess,
  lower: (value) => letterCase(value, (text) => text.toLowerCase()),
  lt: isLess,
  mapping: (value) => isDict(value),
  ne: (value, args) => !isEqual(value, other(args)),
  none: (value) => value === null,
  number: (value) => numberOf(value) !== undefined,
  odd: (value) => isRemainder(value, 2, 1),
  sameas: (value, args) => isSame(value, other(args)),
  sequence: (value) => isCollection(value) && !(value instanceof Sequence && value.name !== "tuple"),
  string: (value) => typeof value === "string",
  true: (value) => value === true,
  undefined: isUndefined,
  upper: (value) => letterCase(value, (text) => text.toUpperCase()),
};
