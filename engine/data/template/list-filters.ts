import { getItem } from "./access.ts";
import { order } from "./compare.ts";
import { renderError } from "./errors.ts";
import { findByPath } from "./jsonpath.ts";
import type { Arguments, Runtime } from "./runtime.ts";
import { str } from "./text.ts";
import {
  dictKey,
  dictPairs,
  isDict,
  isTrue,
  itemsOf,
  listOf,
  Sequence,
  sizeOf,
  typeName,
  Undefined,
  type Value,
} from "./values.ts";

function first(value: Value): Value {
  return itemsOf(value)[0] ?? absentItem(value, 0, "first");
}

function last(value: Value): Value {
  return itemsOf(value).at(-1) ?? absentItem(value, -1, "last");
}

function absentItem(value: Value, at: number, which: string): Value {
  const items = itemsOf(value);
  return items.length === 0
    ? new Undefined(`there is no ${which} item, the sequence was empty`)
    : (items.at(at) ?? null);
}

function reverse(value: Value): Value {
  return typeof value === "string" ? Array.from(value).reverse().join("") : [...itemsOf(value)].reverse();
}

function items(value: Value): Value {
  if (value instanceof Undefined) return [];
  if (!isDict(value)) throw renderError(`items needs a mapping, not ${typeName(value)}`);
  return dictPairs(value).map((pair) => new Sequence("tuple", pair));
}

/** What is compared for an item: one of its attributes (`a.b`), without case unless asked. */
function keyOf(attribute: Value | undefined, caseSensitive: Value | undefined): (item: Value) => Value {
  const path = attribute === undefined || attribute === null ? [] : str(attribute).split(".");
  const keepsCase = caseSensitive !== undefined && isTrue(caseSensitive);
  return (item) => {
    let found = item;
    for (const part of path) found = getItem(found, /^\d+$/.test(part) ? Number(part) : part);
    return typeof found === "string" && !keepsCase ? found.toLowerCase() : found;
  };
}

function sort(value: Value, [reversed, caseSensitive, attribute]: Arguments, runtime: Runtime): Value {
  const parts = attribute === undefined || attribute === null ? [undefined] : str(attribute).split(",");
  const keys = parts.map((part) => keyOf(part, caseSensitive));
  const keyed = itemsOf(value).map((item) => ({ item, keys: keys.map((key) => key(item)) }));
  const sign = reversed !== undefined && isTrue(reversed) ? -1 : 1;
  runtime.chargeSteps(keyed.length * 16);
  keyed.sort((left, right) => {
    for (const [at, key] of left.keys.entries()) {
      const difference = order(key, right.keys[at] ?? null, "<");
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}

function extreme(sign: 1 | -1) {
  return (value: Value, [caseSensitive, attribute]: Arguments): Value => {
    const key = keyOf(attribute, caseSensitive);
    const list = itemsOf(value);
    let best = list[0];
    if (best === undefined) return new Undefined("there is no largest or smallest item, the sequence was empty");
    let bestKey = key(best);
    for (const item of list.slice(1)) {
      const itemKey = key(item);
      if (order(itemKey, bestKey, sign === 1 ? ">" : "<") * sign > 0) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  };
}

function unique(value: Value, [caseSensitive, attribute]: Arguments): Value {
  const key = keyOf(attribute, caseSensitive);
  const seen = new Set<string>();
  return itemsOf(value).filter((item) => {
    const id = dictKey(key(item));
    return seen.has(id) ? false : seen.add(id) !== undefined;
  });
}

function random(value: Value, _args: Arguments, runtime: Runtime): Value {
  const list = itemsOf(value);
  const picked = list[Math.floor(runtime.random() * list.length)];
  return picked ?? (list.length === 0 ? new Undefined("there is no random item, the sequence was empty") : null);
}

function jsonpath(value: Value, [path = ""]: Arguments, runtime: Runtime): Value {
  if (!isDict(value) && listOf(value) === undefined) {
    throw renderError(`jsonpath needs an object or a list, not ${typeName(value)}`);
  }
  return findByPath(value, str(path), (steps) => runtime.chargeSteps(steps));
}

type ListFilter = (value: Value, args: Arguments, runtime: Runtime) => Value;

/** Filters over lists, dicts and the characters of a text. Where Jinja2 gives an iterator, a list is given. */
export const LIST_FILTERS: Readonly<Record<string, ListFilter>> = {
  first,
  items,
  jsonpath,
  last,
  length: (value) => sizeOf(value),
  list: (value) => [...itemsOf(value)],
  max: extreme(1),
  min: extreme(-1),
  random,
  reverse,
  sort,
  unique,
};
