import type { JsonValue } from "../table.ts";
import { renderError } from "./errors.ts";

/**
 * Values while a template runs, with Python's types. A number that is a safe integer is an `int`; every other number
 * is a `float`; a float that happens to be whole is boxed, so that `4 / 2` prints `2.0`. Ints beyond 2^53 are bigint.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | WholeFloat
  | readonly Value[]
  | Sequence
  | Dict
  | Undefined
  | { readonly [key: string]: JsonValue };

/** A float with a whole value. */
export class WholeFloat {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

/** A tuple, or what `items`, `keys` and `values` of a dict give; they differ in how they print. */
export class Sequence {
  readonly name: "tuple" | "dict_items" | "dict_keys" | "dict_values";
  readonly items: readonly Value[];
  constructor(name: Sequence["name"], items: readonly Value[]) {
    this.name = name;
    this.items = items;
  }
}

/** A dict written in a template: keys may be of any plain type and keep their order. */
export class Dict {
  readonly entries: ReadonlyMap<string, readonly [Value, Value]>;
  constructor(pairs: readonly (readonly [Value, Value])[]) {
    const entries = new Map<string, readonly [Value, Value]>();
    for (const [key, value] of pairs) {
      const id = dictKey(key);
      entries.set(id, [entries.get(id)?.[0] ?? key, value]);
    }
    this.entries = entries;
  }
}

/** What a missing name, key or item gives: prints as nothing, and any use of it is an error that says what is missing. */
export class Undefined {
  readonly what: string;
  constructor(what: string) {
    this.what = what;
  }
}

/** Stands in the slot of a name that the record does not have; what uses the name says which one it is. */
export const NO_VALUE = new Undefined("");

export function undefinedError(value: Undefined): Error {
  return renderError(`${value.what}; write \`x if x is defined else 'text'\` where that can happen`);
}

/** A float as a value. */
export function float(number: number): Value {
  return Number.isSafeInteger(number) ? new WholeFloat(number) : number;
}

/** An int as a value, from exact arithmetic. */
export function int(whole: bigint): Value {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

export function isDict(value: Value): value is Dict | { readonly [key: string]: JsonValue } {
  if (typeof value !== "object" || value === null) return false;
  return (
    !Array.isArray(value) && !(value instanceof WholeFloat || value instanceof Sequence || value instanceof Undefined)
  );
}

/** A plain list, or undefined. */
export function listOf(value: Value): readonly Value[] | undefined {
  // Array.isArray does not narrow readonly arrays; every array in a Value is a list of Values.
  return Array.isArray(value) ? (value as readonly Value[]) : undefined;
}

/** The number of an int, float or bool as a JavaScript number; undefined for everything else. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof WholeFloat) return value.number;
  if (typeof value === "bigint") return Number(value);
  return undefined;
}

export function isInt(value: Value): value is number | bigint | boolean {
  return (
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isSafeInteger(value))
  );
}

export function isFloat(value: Value): value is number | WholeFloat {
  return value instanceof WholeFloat || (typeof value === "number" && !Number.isSafeInteger(value));
}

/** Python's name of the type, as error messages have it. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isInt(value)) return "int";
  if (isFloat(value)) return "float";
  if (Array.isArray(value)) return "list";
  if (value instanceof Sequence) return value.name;
  return value instanceof Undefined ? "undefined" : "dict";
}

export function isTrue(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === "string") return value !== "";
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  return sizeOf(value) > 0;
}

/** Characters of a text, items of a collection; undefined counts none. Throws for what has no length. */
export function sizeOf(value: Value): number {
  if (typeof value === "string") return isBmp(value) ? value.length : Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Sequence) return value.items.length;
  if (value instanceof Dict) return value.entries.size;
  if (value instanceof Undefined) return 0;
  if (isDict(value)) return Object.keys(value).length;
  throw renderError(`object of type '${typeName(value)}' has no length`);
}

/** Whether each UTF-16 unit is a character, so that indexes of JavaScript and Python agree. */
export function isBmp(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdfff) return false;
  }
  return true;
}

/** The items a loop or a list filter goes through; a dict gives its keys. Throws for what cannot be iterated. */
export function itemsOf(value: Value): readonly Value[] {
  const list = listOf(value);
  if (list !== undefined) return list;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof Sequence) return value.items;
  if (value instanceof Undefined) return [];
  if (isDict(value)) return dictPairs(value).map(([key]) => key);
  throw renderError(`'${typeName(value)}' object is not iterable`);
}

export function dictPairs(dict: Dict | { readonly [key: string]: JsonValue }): readonly (readonly [Value, Value])[] {
  return dict instanceof Dict ? [...dict.entries.values()] : Object.entries(dict);
}

/** What stands under the key itself, never something inherited; undefined when there is none. */
export function dictGet(dict: Dict | { readonly [key: string]: JsonValue }, key: Value): Value | undefined {
  if (dict instanceof Dict) return dict.entries.get(dictKey(key))?.[1];
  return typeof key === "string" && Object.hasOwn(dict, key) ? dict[key] : undefined;
}

/** Equal keys have equal ids: 1, 1.0 and True are one key, as in Python. */
export function dictKey(key: Value): string {
  if (typeof key === "string") return `s${key}`;
  if (key === null) return "null";
  const number = numberOf(key);
  if (number !== undefined) return `n${typeof key === "bigint" ? key : number}`;
  if (key instanceof Sequence) return `(${key.items.map((item) => JSON.stringify(dictKey(item))).join()})`;
  throw renderError(`unhashable type: '${typeName(key)}'`);
}
