import { isEqual } from "./compare.ts";
import { renderError } from "./errors.ts";
import type { Arguments, Runtime } from "./runtime.ts";
import { TEXT_METHODS } from "./text-methods.ts";
import {
  dictGet,
  dictPairs,
  isDict,
  itemsOf,
  listOf,
  Sequence,
  typeName,
  Undefined,
  undefinedError,
  type Value,
} from "./values.ts";
import { formatBraces } from "./format.ts";

type ListMethod = (items: readonly Value[], args: Arguments) => Value;
type DictMethod = (dict: Parameters<typeof dictPairs>[0], args: Arguments) => Value;

const LIST_METHODS: Readonly<Record<string, ListMethod>> = {
  count: (items, [wanted = null]) => items.filter((item) => isEqual(item, wanted)).length,
  index: (items, [wanted = null]) => {
    const at = items.findIndex((item) => isEqual(item, wanted));
    if (at < 0) throw renderError("index: the item is not in the list");
    return at;
  },
};

const DICT_METHODS: Readonly<Record<string, DictMethod>> = {
  get: (dict, [key = null, fallback = null]) => dictGet(dict, key) ?? fallback,
  items: (dict) =>
    new Sequence(
      "dict_items",
      dictPairs(dict).map((pair) => new Sequence("tuple", pair)),
    ),
  keys: (dict) =>
    new Sequence(
      "dict_keys",
      dictPairs(dict).map(([key]) => key),
    ),
  values: (dict) =>
    new Sequence(
      "dict_values",
      dictPairs(dict).map(([, value]) => value),
    ),
};

/** Calls a method of a text, list, tuple or dict. Throws when the value has no such method. */
export function callMethod(
  of: Value,
  name: string,
  args: Arguments,
  named: ReadonlyMap<string, Value>,
  runtime: Runtime,
): Value {
  if (of instanceof Undefined) throw undefinedError(of);
  for (const arg of args) if (arg instanceof Undefined) throw undefinedError(arg);
  runtime.charge(of);
  if (typeof of === "string") {
    if (name === "format")
      return formatBraces(
        of,
        args.map((arg) => arg ?? null),
        named,
      );
    const method = own(TEXT_METHODS, name);
    if (method !== undefined) return method(of, args);
  } else if (isDict(of)) {
    const method = own(DICT_METHODS, name);
    if (method !== undefined) return method(of, args);
  } else if (listOf(of) !== undefined || (of instanceof Sequence && of.name === "tuple")) {
    const method = own(LIST_METHODS, name);
    if (method !== undefined) return method(itemsOf(of), args);
  }
  throw renderError(`'${typeName(of)}' object has no method '${name}'`);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
