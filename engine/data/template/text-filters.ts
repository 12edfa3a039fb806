import { renderError } from "./errors.ts";
import { limit } from "./format.ts";
import type { Arguments } from "./runtime.ts";
import { str } from "./text.ts";
import { capitalize, replaceText, trimText } from "./text-operations.ts";
import { dictPairs, isDict, isInt, isTrue, itemsOf, listOf, Sequence, typeName, type Value } from "./values.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

function escape(value: Value): Value {
  return str(value).replace(/[&<>'"]/g, (char) => ENTITIES[char] ?? char);
}

/** Jinja2's own title case: a word begins after space, a hyphen or an opening bracket, so `it's` keeps its `s`. */
function title(value: Value): Value {
  return str(value)
    .split(/([-\s({[<]+)/)
    .map((word) => {
      const [first = "", ...rest] = word;
      return first.toUpperCase() + rest.join("").toLowerCase();
    })
    .join("");
}

function replace(value: Value, [from = "", to = "", count]: Arguments): Value {
  const most = count === undefined || count === null ? -1 : isInt(count) ? Number(count) : undefined;
  if (most === undefined) throw renderError(`replace: the count must be an integer, not ${typeName(count ?? null)}`);
  return replaceText(str(value), str(from), str(to), most);
}

function toCount(value: Value, name: string): number {
  if (!isInt(value)) throw renderError(`truncate: ${name} must be an integer, not ${typeName(value)}`);
  return Number(value);
}

/** Texts up to `length` plus `leeway` (5) stay whole; others are cut at a word unless `killwords`. */
function truncate(value: Value, [length = 255, killwords = false, ending = "...", leeway]: Arguments): Value {
  const end = str(ending);
  const size = toCount(length, "length");
  const extra = leeway === undefined || leeway === null ? 5 : toCount(leeway, "leeway");
  const endSize = Array.from(end).length;
  if (size < endSize) throw renderError(`truncate: expected length >= ${endSize}, got ${size}`);
  if (extra < 0) throw renderError(`truncate: expected leeway >= 0, got ${extra}`);
  const characters = Array.from(str(value));
  if (characters.length <= size + extra) return characters.join("");
  const cut = characters.slice(0, size - endSize).join("");
  const space = cut.lastIndexOf(" ");
  return (isTrue(killwords) || space < 0 ? cut : cut.slice(0, space)) + end;
}

function quote(value: Value, isQuery: boolean): string {
  // encodeURIComponent refuses half a surrogate pair, which Python would refuse to encode as well.
  const encoded = encodeURIComponent(str(value).toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return isQuery ? encoded.replaceAll("%20", "+") : encoded.replaceAll("%2F", "/");
}

/** A text is quoted and keeps `/`; a dict or list of pairs becomes a query. */
function urlencode(value: Value): Value {
  const pairs = isDict(value)
    ? dictPairs(value)
    : Array.isArray(value) || value instanceof Sequence
      ? itemsOf(value).map(pairOf)
      : undefined;
  if (pairs === undefined) return quote(value, false);
  return pairs.map(([key, item]) => `${quote(key, true)}=${quote(item, true)}`).join("&");
}

function pairOf(item: Value): readonly [Value, Value] {
  const [key, value, ...rest] = listOf(item) ?? (item instanceof Sequence ? item.items : []);
  if (key === undefined || value === undefined || rest.length > 0)
    throw renderError("urlencode: each item of a list must be a pair");
  return [key, value];
}

type TextFilter = (value: Value, args: Arguments) => Value;

/** Filters whose result is a text; whatever they get is turned into text first. */
export const TEXT_FILTERS: Readonly<Record<string, TextFilter>> = {
  capitalize: (value) => capitalize(str(value)),
  escape,
  forceescape: escape,
  lower: (value) => str(value).toLowerCase(),
  replace,
  string: (value) => str(value),
  title,
  trim: (value, [chars]) => trimText(str(value), chars ?? null, "both"),
  truncate,
  upper: (value) => limit(str(value).toUpperCase()),
  urlencode,
};
