import { renderError } from "./errors.ts";
import { limit } from "./format.ts";
import type { Arguments } from "./runtime.ts";
import { MAX_OUTPUT } from "./text.ts";
import { capitalize, replaceText, trimText } from "./text-operations.ts";
import { isInt, isTrue, itemsOf, Sequence, typeName, type Value } from "./values.ts";

type TextMethod = (text: string, args: Arguments) => Value;

function textArgument(value: Value | undefined, method: string): string {
  if (typeof value === "string") return value;
  throw renderError(`${method}: the argument must be a text, not ${typeName(value ?? null)}`);
}

function intArgument(value: Value | undefined, fallback: number, method: string): number {
  if (value === undefined || value === null) return fallback;
  if (!isInt(value)) throw renderError(`${method}: the argument must be an integer, not ${typeName(value)}`);
  return Number(value);
}

/** Python's `split`: at runs of white space without a separator, else at each separator. */
function split(text: string, [sep, maxsplit]: Arguments): Value {
  const most = intArgument(maxsplit, -1, "split");
  if (sep === undefined || sep === null) {
    const words = text.trim().split(/\s+/);
    if (words[0] === "") return [];
    if (most < 0 || words.length <= most + 1) return words;
    const rest = text.trimStart().match(new RegExp(`^(?:\\S+\\s+){${Math.min(most, 1000)}}`))?.[0].length ?? 0;
    return [...words.slice(0, most), text.trimStart().slice(rest).trimEnd()];
  }
  const parts = text.split(separator(sep, "split"));
  if (most < 0 || parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), parts.slice(most).join(textArgument(sep, "split"))];
}

function rsplit(text: string, args: Arguments): Value {
  const most = intArgument(args[1], -1, "rsplit");
  const parts = itemsOf(split(text, [args[0]])).map((part) => textArgument(part, "rsplit"));
  if (most < 0 || parts.length <= most + 1) return parts;
  const sep = args[0];
  if (sep === undefined || sep === null) {
    const kept = parts.slice(parts.length - most);
    const end = kept.reduceRight((rest, word) => rest.slice(0, rest.lastIndexOf(word)).trimEnd(), text.trimEnd());
    return [end.trimStart(), ...kept];
  }
  const cut = parts.length - most;
  return [parts.slice(0, cut).join(textArgument(sep, "rsplit")), ...parts.slice(cut)];
}

function separator(value: Value, method: string): string {
  const text = textArgument(value, method);
  if (text === "") throw renderError(`${method}: the separator is empty`);
  return text;
}

function partition(text: string, [sep = null]: Arguments): Value {
  const mark = separator(sep, "partition");
  const at = text.indexOf(mark);
  return new Sequence("tuple", at < 0 ? [text, "", ""] : [text.slice(0, at), mark, text.slice(at + mark.length)]);
}

function rpartition(text: string, [sep = null]: Arguments): Value {
  const mark = separator(sep, "rpartition");
  const at = text.lastIndexOf(mark);
  return new Sequence("tuple", at < 0 ? ["", "", text] : [text.slice(0, at), mark, text.slice(at + mark.length)]);
}

/** The place of `sub` in characters between the bounds, -1 when it is not there. */
function find(isLast: boolean) {
  return (text: string, [sub, start, end]: Arguments): number => {
    const characters = Array.from(text);
    const size = characters.length;
    const from = clamp(intArgument(start, 0, "find"), size);
    const to = clamp(intArgument(end, size, "find"), size);
    const wanted = textArgument(sub, "find");
    const part = characters.slice(from, to).join("");
    if (from > to) return -1;
    const at = isLast ? part.lastIndexOf(wanted) : part.indexOf(wanted);
    return at < 0 ? -1 : from + Array.from(part.slice(0, at)).length;
  };
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(index < 0 ? index + size : index, 0), size);
}

function index(text: string, args: Arguments): Value {
  const at = find(false)(text, args);
  if (at < 0) throw renderError("index: substring not found");
  return at;
}

function count(text: string, [sub]: Arguments): Value {
  const wanted = textArgument(sub, "count");
  return wanted === "" ? Array.from(text).length + 1 : text.split(wanted).length - 1;
}

/** `startswith` and `endswith` take one text or a tuple of texts. */
function edge(has: (text: string, part: string) => boolean, method: string): TextMethod {
  return (text, [wanted = null]) => {
    const parts = wanted instanceof Sequence ? wanted.items : [wanted];
    return parts.some((part) => has(text, textArgument(part, method)));
  };
}

function padded(method: "ljust" | "rjust" | "center"): TextMethod {
  return (text, [width, fill = " "]) => {
    const filler = textArgument(fill, method);
    if (Array.from(filler).length !== 1)
      throw renderError(`${method}: the fill character must be exactly one character long`);
    const size = checkedWidth(intArgument(width, 0, method));
    const missing = Math.max(0, size - Array.from(text).length);
    // CPython gives the odd character of `center` to the left when the width is odd.
    const left = method === "ljust" ? 0 : method === "rjust" ? missing : (missing >> 1) + (missing & size & 1);
    return filler.repeat(left) + text + filler.repeat(missing - left);
  };
}

function checkedWidth(width: number): number {
  if (width > MAX_OUTPUT) throw renderError(`a width of ${width} is more than ${MAX_OUTPUT}`);
  return width;
}

function zfill(text: string, [width]: Arguments): Value {
  const missing = Math.max(0, checkedWidth(intArgument(width, 0, "zfill")) - Array.from(text).length);
  const sign = /^[-+]/.test(text) ? text.charAt(0) : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function joinItems(text: string, [items = null]: Arguments): Value {
  let size = 0;
  const parts = itemsOf(items).map((item, at) => {
    if (typeof item !== "string") throw renderError(`join: item ${at} is not a text but ${typeName(item)}`);
    size += item.length + text.length;
    if (size > MAX_OUTPUT * 2) throw renderError(`join: the text is longer than ${MAX_OUTPUT}`);
    return item;
  });
  return limit(parts.join(text));
}

/** Python's title case: every run of letters is a word, so `it's` becomes `It'S`. */
function title(text: string): string {
  return text.replace(/[\p{L}\p{M}]+/gu, capitalize);
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}

function swapcase(text: string): string {
  return Array.from(text)
    .map((char) => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()))
    .join("");
}

function splitlines(text: string, [keepends = false]: Arguments): Value {
  const lines =
    text.match(
      /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+$/g,
    ) ?? [];
  return isTrue(keepends) ? lines : lines.map((line) => line.replace(/[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+$/, ""));
}

/** Methods of text that only compute, under the names of `METHOD_SIGNATURES`. */
export const TEXT_METHODS: Readonly<Record<string, TextMethod>> = {
  capitalize,
  casefold: (text) => text.toLowerCase().replaceAll("ß", "ss"),
  center: padded("center"),
  count,
  endswith: edge((text, part) => text.endsWith(part), "endswith"),
  find: find(false),
  index,
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isdigit: (text) => /^[\p{Nd}²³¹⁰⁴-⁹₀-₉]+$/u.test(text),
  islower: (text) => hasCase(text) && text === text.toLowerCase(),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isspace: (text) => /^\s+$/.test(text),
  istitle: (text) => hasCase(text) && text === title(text),
  isupper: (text) => hasCase(text) && text === text.toUpperCase(),
  join: joinItems,
  ljust: padded("ljust"),
  lower: (text) => text.toLowerCase(),
  lstrip: (text, [chars]) => trimText(text, chars ?? null, "left"),
  partition,
  removeprefix: (text, [prefix]) => {
    const part = textArgument(prefix, "removeprefix");
    return text.startsWith(part) ? text.slice(part.length) : text;
  },
  removesuffix: (text, [suffix]) => {
    const part = textArgument(suffix, "removesuffix");
    return part !== "" && text.endsWith(part) ? text.slice(0, -part.length) : text;
  },
  replace: (text, [from, to, most]) =>
    replaceText(text, textArgument(from, "replace"), textArgument(to, "replace"), intArgument(most, -1, "replace")),
  rfind: find(true),
  rjust: padded("rjust"),
  rpartition,
  rsplit,
  rstrip: (text, [chars]) => trimText(text, chars ?? null, "right"),
  split,
  splitlines,
  startswith: edge((text, part) => text.startsWith(part), "startswith"),
  strip: (text, [chars]) => trimText(text, chars ?? null, "both"),
  swapcase,
  title,
  upper: (text) => limit(text.toUpperCase()),
  zfill,
};
