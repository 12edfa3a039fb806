/** Values that follow a name without a sign between them. */
import { isDateLike } from "./dates.ts";
import { matchField } from "./lexicon/lexicon.ts";
import { readValueList } from "./values.ts";
import type { ValueList } from "./values.ts";
import { trimPhrase } from "./words.ts";

interface InlineValues {
  /** The words in front, which name the column. */
  readonly phrase: string;
  readonly values: ValueList;
}

/** "severity low, medium or high", "plan free/pro/enterprise", "status active 80 %, closed 20 %". */
export function readInlineValues(text: string): InlineValues | undefined {
  const numbers = readNumbers(text);
  if (numbers !== undefined) return numbers;
  const isSlashed =
    /\s[^\s/]+(?:\/[^\s/]+)+(?:\s*[,(]?\s*[\d.]+%?(?:[/:][\d.]+%?)+\)?)?$/.test(text) &&
    !/\d\/\d{1,2}\/\d|\d{4}\/\d|(?<!\p{L})(?:km|mg|m)\/\p{L}/u.test(text);
  const isListed = /\bor\b/i.test(text) || (text.match(/\d\s*%/g)?.length ?? 0) > 1;
  if ((!isSlashed && !isListed) || /\b(?:true or false|yes or no|0 or 1)\b/i.test(text)) return undefined;
  const first = (isSlashed ? text : (text.split(/,|\bor\b|\band\b/i)[0] ?? ""))
    .trim()
    .replace(/[\s:=(]*[\d.]+\s*%$/, "");
  const words = first.split(" ");
  const sizes = Array.from({ length: words.length - 1 }, (_, at) => words.length - 1 - at);
  const known = sizes.find((count) => matchField(trimPhrase(words.slice(0, count).join(" ")))?.isExact === true);
  const size = known ?? (isSlashed ? words.findIndex((word) => word.includes("/")) : words.length - 1);
  if (size < 1) return undefined;
  const phrase = words.slice(0, size).join(" ");
  const values = readValueList(
    text
      .trim()
      .slice(phrase.length)
      .replace(/^\s*(?:is|are|being|as|either|:)\s+/i, ""),
  );
  return values === undefined || values.values.length < 2 ? undefined : { phrase, values };
}

const NUMBERS = /^(?<phrase>[^/]*\p{L})\s+(?<list>\d+(?:\.\d+)?(?:\/\d+(?:\.\d+)?)+)(?<unit>\s*(?:\p{L}{1,12}|%))?$/u;

/** "term 12/24/36 months", "doors 2/4/5". Two numbers without a unit, or what may be a day, are for others to read. */
function readNumbers(text: string): InlineValues | undefined {
  const { phrase = "", list = "", unit } = NUMBERS.exec(text)?.groups ?? {};
  const parts = list.split("/");
  if (parts.length < (unit === undefined ? 3 : 2)) return undefined;
  if (unit === undefined && parts.length === 3 && (isDateLike(phrase, undefined) || mayBeDay(parts))) return undefined;
  const values = readValueList(list);
  return values === undefined ? undefined : { phrase, values };
}

/** "01/02/24", "24/12/2025": sizes to choose from rise, and have no zero in front. */
function mayBeDay(parts: readonly string[]): boolean {
  const numbers = parts.map(Number);
  const isRising = numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0));
  const hasYear = parts.some((part) => part.length === 4) && parts.some((part) => part.length < 3);
  return hasYear || parts.some((part) => /^0\d/.test(part)) || (!isRising && parts.every((part) => part.length === 2));
}
