import { renderError } from "./errors.ts";
import { METHOD_SIGNATURES } from "./signatures.ts";
import { str } from "./text.ts";
import {
  dictGet,
  isBmp,
  isDict,
  isInt,
  listOf,
  Sequence,
  typeName,
  Undefined,
  undefinedError,
  type Value,
} from "./values.ts";

/** Names that reach for the host's objects. They are usable as keys of the data, and refused where the data have no such key. */
const HOST_NAMES = ["constructor", "prototype"];

/** `of.name`: the key of a dict. Nothing else has attributes here. */
export function getAttribute(of: Value, name: string): Value {
  if (of instanceof Undefined) throw undefinedError(of);
  const isMapping = isDict(of);
  const found = isMapping ? dictGet(of, name) : undefined;
  if (found !== undefined) return found;
  if (HOST_NAMES.includes(name)) throw renderError(`\`${name}\` is not allowed`);
  if (Object.hasOwn(METHOD_SIGNATURES, name)) {
    throw renderError(`\`.${name}\` is a method and not a field here: call it, as in \`.${name}()\``);
  }
  return new Undefined(`'${typeName(of)}${isMapping ? " object" : ""}' has no attribute '${name}'`);
}

/** `of[key]`: a key of a dict, or an index that may be negative. */
export function getItem(of: Value, key: Value): Value {
  if (of instanceof Undefined) throw undefinedError(of);
  if (key instanceof Undefined) return new Undefined(`${typeName(of)} object has no element for an undefined key`);
  if (isDict(of)) {
    const found = dictGet(of, key);
    if (found !== undefined) return found;
  } else if (isInt(key)) {
    const index = Number(key);
    const characters = typeof of === "string" && !isBmp(of) ? Array.from(of) : of;
    const items = typeof characters === "string" ? undefined : (listOf(characters) ?? tupleItems(characters));
    if (typeof characters === "string") {
      const text = characters.at(index);
      if (text !== undefined && isInside(index, characters.length)) return text;
    } else {
      const item = items !== undefined && isInside(index, items.length) ? items.at(index) : undefined;
      if (item !== undefined) return item;
    }
  } else if (typeof key === "string") return getAttribute(of, key);
  if (typeof key === "string" && HOST_NAMES.includes(key)) throw renderError(`\`${key}\` is not allowed`);
  return new Undefined(`${typeName(of)} object has no element ${str(key)}`);
}

function isInside(index: number, length: number): boolean {
  return index >= -length && index < length;
}

function tupleItems(value: Value): readonly Value[] | undefined {
  return value instanceof Sequence && value.name === "tuple" ? value.items : undefined;
}

/** `of[start:stop:step]` with Python's rules; an absent bound is null. */
export function getSlice(of: Value, start: Value, stop: Value, step: Value): Value {
  if (of instanceof Undefined) throw undefinedError(of);
  const items = typeof of === "string" ? Array.from(of) : (listOf(of) ?? tupleItems(of));
  if (items === undefined) return new Undefined(`'${typeName(of)}' object has no slices`);
  const stride = bound(step) ?? 1;
  if (stride === 0) throw renderError("slice step cannot be zero");
  const size = items.length;
  const first = clamp(bound(start), size, stride, stride > 0 ? 0 : size - 1);
  const last = clamp(bound(stop), size, stride, stride > 0 ? size : -1);
  const picked: Value[] = [];
  let text = "";
  for (let at = first; stride > 0 ? at < last : at > last; at += stride) {
    const item = items[at] ?? null;
    if (typeof of === "string") text += str(item);
    else picked.push(item);
  }
  if (typeof of === "string") return text;
  return of instanceof Sequence ? new Sequence("tuple", picked) : picked;
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (value instanceof Undefined) throw undefinedError(value);
  if (!isInt(value)) throw renderError("slice indices must be integers or None");
  return Number(value);
}

function clamp(index: number | undefined, size: number, stride: number, absent: number): number {
  if (index === undefined) return absent;
  const fromStart = index < 0 ? index + size : index;
  return stride > 0 ? Math.min(Math.max(fromStart, 0), size) : Math.min(Math.max(fromStart, -1), size - 1);
}
