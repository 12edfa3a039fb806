import { renderError } from "./errors.ts";
import { limit } from "./format.ts";
import { MAX_OUTPUT } from "./text.ts";
import { typeName, type Value } from "./values.ts";

export function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Python's `replace`: the first `most` places, all when it is negative; an empty text stands between all characters. */
export function replaceText(text: string, from: string, to: string, most: number): string {
  const parts = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
  const count = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  if (text.length + count * to.length > MAX_OUTPUT * 2) limit("x".repeat(MAX_OUTPUT + 1));
  if (count === parts.length - 1) return limit(parts.join(to));
  const head = parts.slice(0, count + 1).join(to);
  return limit([head, ...parts.slice(count + 1)].join(from));
}

/** Strips white space, or each character of `chars`. */
export function trimText(text: string, chars: Value, side: "both" | "left" | "right"): string {
  if (chars === null) return side === "both" ? text.trim() : side === "left" ? text.trimStart() : text.trimEnd();
  if (typeof chars !== "string") throw renderError(`strip needs a text of characters, not ${typeName(chars)}`);
  const unwanted = new Set(chars);
  const characters = Array.from(text);
  let start = 0;
  let end = characters.length;
  if (side !== "right") while (start < end && unwanted.has(characters[start] ?? "")) start++;
  if (side !== "left") while (end > start && unwanted.has(characters[end - 1] ?? "")) end--;
  return characters.slice(start, end).join("");
}
