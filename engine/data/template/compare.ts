import type { CompareOperator } from "./ast.ts";
import { renderError } from "./errors.ts";
import {
  dictGet,
  dictPairs,
  isBmp,
  isDict,
  itemsOf,
  listOf,
  numberOf,
  Sequence,
  typeName,
  Undefined,
  undefinedError,
  type Value,
} from "./values.ts";

const DEEPEST = 100;

/** Python's `==`: numbers by value whatever their type, collections item by item. */
export function isEqual(left: Value, right: Value, depth = 0): boolean {
  if (left === right) return true;
  if (typeof left === "string" || typeof right === "string" || left === null || right === null) return false;
  if (typeof left === "bigint" && typeof right === "bigint") return left === right;
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined || b !== undefined) return a === b && a !== undefined;
  if (left instanceof Undefined || right instanceof Undefined)
    return left instanceof Undefined && right instanceof Undefined;
  if (depth > DEEPEST) throw renderError(`the values are nested deeper than ${DEEPEST} levels`);
  const leftItems = itemsOfKind(left);
  const rightItems = itemsOfKind(right);
  if (leftItems !== undefined || rightItems !== undefined) {
    if (leftItems?.name !== rightItems?.name || leftItems?.items.length !== rightItems?.items.length) return false;
    return leftItems?.items.every((item, at) => isEqual(item, rightItems?.items[at] ?? null, depth + 1)) ?? false;
  }
  if (!isDict(left) || !isDict(right)) return false;
  const pairs = dictPairs(left);
  return (
    pairs.length === dictPairs(right).length &&
    pairs.every(([key, value]) => {
      const other = dictGet(right, key);
      return other !== undefined && isEqual(value, other, depth + 1);
    })
  );
}

function itemsOfKind(value: Value): { readonly name: string; readonly items: readonly Value[] } | undefined {
  if (value instanceof Sequence) return value;
  const items = listOf(value);
  return items === undefined ? undefined : { name: "list", items };
}

/** Below 0, 0 or above 0; NaN when one side is NaN. Throws for types that have no order. */
export function order(left: Value, right: Value, op: string, depth = 0): number {
  if (typeof left === "string" && typeof right === "string") return orderText(left, right);
  if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0;
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
  if (left instanceof Undefined) throw undefinedError(left);
  if (right instanceof Undefined) throw undefinedError(right);
  const leftItems = itemsOfKind(left);
  const rightItems = itemsOfKind(right);
  if (leftItems === undefined || leftItems.name !== rightItems?.name || depth > DEEPEST) {
    throw renderError(`'${op}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
  }
  for (const [at, item] of leftItems.items.entries()) {
    const other = rightItems.items[at];
    if (other === undefined) return 1;
    if (!isEqual(item, other)) return order(item, other, op, depth + 1);
  }
  return leftItems.items.length - rightItems.items.length;
}

/** By code point, as Python does; JavaScript alone would put characters beyond U+FFFF too early. */
export function orderText(left: string, right: string): number {
  if (left === right) return 0;
  if (isBmp(left) && isBmp(right)) return left < right ? -1 : 1;
  const a = Array.from(left);
  const b = Array.from(right);
  for (let at = 0; at < a.length && at < b.length; at++) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isIn(item: Value, collection: Value): boolean {
  if (typeof collection === "string") {
    if (item instanceof Undefined) throw undefinedError(item);
    if (typeof item === "string") return collection.includes(item);
    throw renderError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (isDict(collection)) return dictGet(collection, item) !== undefined;
  if (numberOf(collection) !== undefined || collection === null) {
    throw renderError(`argument of type '${typeName(collection)}' is not iterable`);
  }
  return itemsOf(collection).some((candidate) => isEqual(candidate, item));
}

export function compare(op: CompareOperator, left: Value, right: Value): boolean {
  switch (op) {
    case "==":
      return isEqual(left, right);
    case "!=":
      return !isEqual(left, right);
    case "<":
      return order(left, right, op) < 0;
    case "<=":
      return order(left, right, op) <= 0;
    case ">":
      return order(left, right, op) > 0;
    case ">=":
      return order(left, right, op) >= 0;
    case "in":
      return isIn(left, right);
    case "not in":
      return !isIn(left, right);
  }
}
