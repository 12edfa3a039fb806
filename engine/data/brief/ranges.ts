/** Ranges of numbers: "between 50 and 5000", "18-65", "at least 10", "up to 5", "min 1 max 9". */
import { ANY_NUMBER, NUMBER, parseNumber } from "./numbers.ts";
import type { Remainder } from "./words.ts";

/** An end that is not said is undefined; an open end is not among the values. */
export interface NumberRange {
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
  /** Most decimal places that an end was written with. */
  readonly decimals: number;
}

/** Units behind a number that say nothing else. */
export const UNIT = String.raw`(?:\s?(?:%|percent|°\s?[cf]?|usd|eur|gbp|chf|jpy|dollars?|euros?|pounds?|cents?|years?(?: old)?|yrs?|kg|g|lbs?|km|cm|mm|m|miles?|mph|kmh|km/h|kwh|kw|w|watts?|celsius|c|mb|gb|tb|ms|s|sec(?:ond)?s?|min(?:ute)?s?|hours?|hrs?|h|days?|mmhg|bpm|mg/dl|mg|ml|l|stars?|points?|items?|pieces?|units?|sqm|m2|sq ?ft)(?![\p{L}\p{N}]))?`;

const A = `(?<low>${ANY_NUMBER})${UNIT}`;
const B = `(?<high>${ANY_NUMBER})${UNIT}`;
const TIGHT = `(?<low>${NUMBER})${UNIT}`;

const BOTH: readonly RegExp[] = [
  `(?:\\b(?:between|from|ranging from|range(?: of| from)?|in the range(?: of| from)?|within)\\s*:?\\s*)${A}\\s*(?:and|to|-|\\.{2,3}|,|up to)\\s*${B}`,
  `\\bmin(?:imum)?(?: of)?\\s*[=:]?\\s*${A}\\s*,?\\s*(?:and\\s+)?(?:a\\s+)?max(?:imum)?(?: of)?\\s*[=:]?\\s*${B}`,
  `(?:>=|at least|>)\\s*${A}\\s*(?:,|and)?\\s*(?:<=|at most|<|up to)\\s*${B}`,
  `[[(]\\s*${A}\\s*(?:,|;|to|-|\\.\\.)\\s*${B}\\s*[\\])]`,
  `(?<![\\p{L}\\p{N}._-])${TIGHT}\\s*(?:-|\\bto\\b|\\.{2,3}|<=?\\s*x\\s*<=?)\\s*${B}(?![\\p{L}\\p{N}]|[.-]\\d)`,
].map((source) => new RegExp(source, "iu"));

interface OneSided {
  readonly pattern: RegExp;
  readonly end: "low" | "high";
  readonly isOpen: boolean;
}

const ONE: readonly OneSided[] = [
  {
    pattern: one(
      String.raw`(?:>=|\b(?:at least|no less than|not (?:less|below|under) than?|min(?:imum)?(?: of| is| value)?|starting (?:at|from)))\s*[=:]?\s*`,
    ),
    end: "low",
    isOpen: false,
  },
  {
    pattern: one(
      String.raw`(?:<=|\b(?:at most|no more than|not (?:more|above|over) than?|max(?:imum)?(?: of| is| value)?|up to|capped at|limited to))\s*[=:]?\s*`,
    ),
    end: "high",
    isOpen: false,
  },
  {
    pattern: one(
      String.raw`(?:>|\b(?:over|above|more than|greater than|larger than|higher than|bigger than|exceeding))\s*`,
    ),
    end: "low",
    isOpen: true,
  },
  {
    pattern: one(String.raw`(?:<|\b(?:under|below|less than|lower than|smaller than|fewer than))\s*`),
    end: "high",
    isOpen: true,
  },
];

function one(intro: string): RegExp {
  return new RegExp(`${intro}(?<end>${ANY_NUMBER})${UNIT}`, "iu");
}

/** The range that the text names, cut out of it; ends in the wrong order are exchanged. */
export function takeRange(text: Remainder): NumberRange | undefined {
  for (const pattern of BOTH) {
    const match = pattern.exec(text.text);
    let low = parseNumber(match?.groups?.["low"] ?? "");
    const high = parseNumber(match?.groups?.["high"] ?? "");
    if (match === null || low === undefined || high === undefined) continue;
    // "5-10k" means thousands twice.
    const scale = /(?:k|m|thousand|million)\b/i.exec(match.groups?.["high"] ?? "")?.[0];
    const mantissa = Number.parseFloat(match.groups?.["high"]?.replace(/^\D+/, "") ?? "");
    if (scale !== undefined && !/[a-z]/i.test(match.groups?.["low"] ?? "") && low <= mantissa)
      low *= parseNumber(`1${scale}`) ?? 1;
    text.cut(match.index, match.index + match[0].length);
    const decimals = Math.max(decimalsOf(match.groups?.["low"]), decimalsOf(match.groups?.["high"]));
    const isLowOpen = /^\s*>(?!=)/.test(match[0]);
    const isHighOpen = isLowOpen ? /<(?!=)[^<]*$/.test(match[0]) : /^\s*>=.*<(?!=)[^<]*$/.test(match[0]);
    return { low: Math.min(low, high), high: Math.max(low, high), isLowOpen, isHighOpen, decimals };
  }
  return takeEnds(text);
}

function takeEnds(text: Remainder): NumberRange | undefined {
  const range = {
    low: undefined as number | undefined,
    high: undefined as number | undefined,
    isLowOpen: false,
    isHighOpen: false,
    decimals: 0,
  };
  for (const { pattern, end, isOpen } of ONE) {
    const match = pattern.exec(text.text);
    const value = parseNumber(match?.groups?.["end"] ?? "");
    if (match === null || value === undefined || range[end] !== undefined) continue;
    text.cut(match.index, match.index + match[0].length);
    range[end] = value;
    range[end === "low" ? "isLowOpen" : "isHighOpen"] = isOpen;
    range.decimals = Math.max(range.decimals, decimalsOf(match.groups?.["end"]));
  }
  if (range.low === undefined && range.high === undefined) {
    const sign = text.take(
      /\b(?:strictly )?(?<word>positive|non-?negative)\b(?!\s+(?:review|sentiment|feedback|test|result))/i,
    )?.groups?.["word"];
    if (sign === undefined) return undefined;
    return { ...range, low: 0, isLowOpen: /^positive/i.test(sign) };
  }
  return range.low !== undefined && range.high !== undefined && range.low > range.high ? undefined : range;
}

function decimalsOf(text: string | undefined): number {
  return /\.(\d+)/.exec(text ?? "")?.[1]?.length ?? 0;
}

/** "with 2 decimals", "to 3 decimal places", "rounded to cents"; cut out of the text. */
export function takeDecimals(text: Remainder): number | undefined {
  const match = text.take(
    /,?\s*\b(?:(?:with|to|rounded to|at|using)\s+)?(?<count>\d{1,2}|no|one|two|three|four|zero)\s*(?:decimals?|decimal places?|digits? after the (?:point|comma)|fraction(?:al)? digits?|dp)\b/i,
  );
  if (match !== undefined) {
    const count = match.groups?.["count"]?.toLowerCase() ?? "2";
    return Math.min(15, count === "no" ? 0 : (parseNumber(count) ?? 2));
  }
  if (text.take(/\brounded to (?:the )?(?:nearest )?cents?\b/i)) return 2;
  return text.take(/\brounded(?: to (?:the )?(?:nearest )?(?:integer|whole number|unit))?\b/i) ? 0 : undefined;
}
