/** A list of columns, divided into one wish for each. */
import { matchField } from "./lexicon/lexicon.ts";

const JOIN = /^(?:\s+(?:and|plus|as well as|along with|together with)\s+|\s+&\s+|\s*;\s*|\s*\n\s*)/i;

/** The wishes of a list, divided where a new column begins. */
export function splitItems(text: string): string[] {
  return segments(text)
    .flatMap((segment) => {
      const parts = divide(segment);
      const colons = parts.filter((part) => isNamed(part.text)).length;
      const isValues = text.includes(";") && colons === 1 && isNamed(parts[0]?.text ?? "");
      return isValues ? [segment] : mergeParts(parts);
    })
    .map((item) =>
      item
        .trim()
        .replace(/^(?:(?:and|or|with|plus|also|where|whereby|so that|such that)\s+)+/i, "")
        .replace(/[\s,.;]+$/, ""),
    )
    .filter((item) => /[\p{L}\p{N}]/u.test(item));
}

/** Parts between semicolons and line ends that stand in no bracket. */
function segments(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if ("([{".includes(sign)) depth += 1;
    if (")]}".includes(sign)) depth = Math.max(0, depth - 1);
    if (sign !== "\n" && (sign !== ";" || depth > 0)) continue;
    found.push(text.slice(start, at));
    start = at + 1;
  }
  return [...found, text.slice(start)];
}

interface Part {
  readonly text: string;
  /** The sign between this part and the one before it. */
  readonly joint: string;
}

function divide(text: string): Part[] {
  const parts: Part[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  let joint = "";
  const push = (end: number, width: number): void => {
    parts.push({ text: text.slice(start, end), joint });
    joint = text.slice(end, end + width);
    start = end + width;
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote !== "") {
      if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "`") {
      if (text.includes(sign, at + 1)) quote = sign;
    } else if ("([{".includes(sign)) depth += 1;
    else if (")]}".includes(sign)) depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (sign === ",") {
      const isInNumber = /\d/.test(text.charAt(at - 1)) && /^\d{3}(?!\d)/.test(text.slice(at + 1, at + 5));
      if (!isInNumber) push(at, 1);
    } else if (sign === " " || sign === "&") {
      const match = JOIN.exec(text.slice(at, at + 20));
      if (match !== null && sign === " ") {
        push(at, match[0].length);
        at = start - 1;
      }
    }
  }
  push(text.length, 0);
  return parts.filter((part) => part.text.trim() !== "");
}

function isNamed(part: string): boolean {
  return /^[^:(]{1,60}:(?!\d\d)\s*\S/.test(part.trim());
}

const CONTINUES =
  /^\s*(?:(?:from|between|in|at|with|ranging|normally|uniformly|poisson|exponentially|log-?normally|rounded|around|about|mean|sd|std|min|max|up to|mostly|sometimes|usually|rarely|or|weighted|distributed|but|each|no more|not|e\.g\.|such as|like|both|all)\b(?!\s+(?:id|name|date|time|temperature|price)\b)|[<>]=?|\d+(?:\.\d+)?\s*%(?!\s*(?:missing|null|empty|blank|of)\b)|(?:at (?:least|most))\b)/i;

/** Puts back together what is one wish: lists with "or", values behind a colon, shares, details behind a comma. */
function mergeParts(parts: readonly Part[]): string[] {
  const items: string[] = [];
  for (const { text, joint } of parts) {
    const last = items.at(-1);
    if (last !== undefined && joinsPrevious(text, last, joint))
      items[items.length - 1] = `${last}${joint.trim() === "," ? "," : ` ${joint.trim()}`} ${text.trim()}`;
    else if (last !== undefined && hasOr(text))
      items.splice(orStart(items, text), items.length, [...items.slice(orStart(items, text)), text].join(","));
    else items.push(text.trim());
  }
  return items;
}

function joinsPrevious(text: string, last: string, joint: string): boolean {
  const part = text.trim();
  // "latency, 10 % errors": a share of its own, since nothing before has one.
  if (/^\d+(?:\.\d+)?\s*%\s+\p{L}+s?$/u.test(part) && !last.includes("%")) return false;
  if (CONTINUES.test(part) && !/^\d+(?:\.\d+)?\s*%\s+of\b/i.test(part)) return true;
  const isShare = /\d\s*%\s*$/.test(part) && /\d\s*%\s*$/.test(last);
  if (isShare)
    return (
      !part.includes("_") &&
      !/^(?:is|has|was)\b/i.test(part) &&
      matchField(part.replace(/[\d.]+\s*%\s*$/, ""))?.isExact !== true
    );
  // Values go on behind a colon until a word comes that is a column of its own.
  const isOpenList = isNamed(last) && !isNamed(part) && !/[([]/.test(part) && part.split(" ").length <= 3;
  if (!isOpenList) return false;
  const values = last.slice(last.indexOf(":") + 1);
  const isListed = /[,]|^\s*\S+\s*$/.test(values) && !/\d\s*(?:-|to)\s*\d|\//.test(values);
  return (
    isListed &&
    !TYPE_ONLY.test(values) &&
    matchField(part)?.isExact !== true &&
    !/_/.test(part) &&
    (joint.trim() === "," || values.includes(","))
  );
}

const TYPE_ONLY =
  /^\s*(?:int(?:eger)?|float|number|str(?:ing)?|text|date|datetime|bool(?:ean)?|uuid|category|timestamp|double|decimal|json|email|money)\s*$/i;

function hasOr(text: string): boolean {
  return (
    /\bor\b(?!\s+(?:equal|more|less|fewer|not|null|before|after|later|so)\b)/i.test(text) &&
    !/[:([].*\bor\b/i.test(text)
  );
}

/** Where the list of values begins whose last part has the "or": at the part that also holds the column's name. */
function orStart(items: readonly string[], text: string): number {
  const beforeOr = text.split(/\bor\b/i)[0]?.trim() ?? "";
  // "medium or high" and "or high" go on; "severity low or high" begins by itself.
  if (beforeOr.split(" ").length > 1 && matchField(beforeOr.split(" ").slice(0, -1).join(" ")) !== undefined)
    return items.length;
  // "user id, variant A or B": what comes before is a column, no value.
  if (beforeOr.split(" ").length > 1 && matchField(items.at(-1) ?? "")?.isExact === true) return items.length;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at] ?? "";
    if (
      isNamed(item) ||
      /\b(?:one of|either|any of|is|can be|as|like)\b/i.test(item) ||
      item.trim().split(" ").length > 1
    )
      return at;
    if (matchField(item)?.isExact === true) return at + 1;
  }
  return items.length;
}
