/** Ranges of numbers: "between 50 and 5000", "18-65", "at least 10", "up to 5", "min 1 max 9". */
import { findNumbers, parseNumber, withFigures } from "./numbers.ts";
import type { FoundNumber } from "./numbers.ts";
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

interface TwoSided {
  /** What stands before the first number, between both and after the second. */
  readonly before: RegExp;
  readonly between: RegExp;
  readonly after?: RegExp;
}

/** The first form that any two numbers beside each other have counts. */
const BOTH: readonly TwoSided[] = [
  {
    before: /\b(?:(?:aged|between|from|ranging from|range(?: of| from)?|in the range(?: of| from)?|within)\s*:?\s*)+$/i,
    between: /^\s*(?:and|to|-|\.{2,3}|,|up to)\s*$/i,
  },
  {
    before: /\bmin(?:imum)?(?: of)?\s*[=:]?\s*$/i,
    between: /^\s*,?\s*(?:and\s+)?(?:a\s+)?max(?:imum)?(?: of)?\s*[=:]?\s*$/i,
  },
  { before: /(?:>=|at least|>)\s*$/i, between: /^\s*(?:,|and)?\s*(?:<=|at most|<|up to)\s*$/i },
  { before: /[[(]\s*$/, between: /^\s*(?:,|;|to|-|\.\.)\s*$/i, after: /^\s*[\])]/ },
  {
    before: /(?<![\p{L}\p{N}._-])$/u,
    between: /^\s*(?:-|to|\.{2,3}|<=?\s*x\s*<=?)\s*$/i,
    after: /^(?![\p{L}\p{N}]|[.-]\d)/u,
  },
];

interface OneSided {
  /** What stands before the number. */
  readonly intro: RegExp;
  /** What stands after it instead. */
  readonly outro?: RegExp;
  readonly end: "low" | "high";
  readonly isOpen: boolean;
}

const ONE: readonly OneSided[] = [
  {
    intro:
      /(?:>=|\b(?:at least|no less than|not (?:less|below|under) than?|min(?:imum)?(?: of| is| value)?|starting (?:at|from)))\s*[=:]?\s*$/i,
    outro: /^\s*(?:\+(?!\d)|(?:or|and)\s+(?:more|over|above|older|higher|up(?:wards)?)\b)/i,
    end: "low",
    isOpen: false,
  },
  {
    intro:
      /(?:<=|\b(?:at most|no more than|not (?:more|above|over) than?|max(?:imum)?(?: of| is| value)?|up to|capped at|limited to))\s*[=:]?\s*$/i,
    outro: /^\s*(?:or|and)\s+(?:less|under|below|younger|lower|fewer)\b/i,
    end: "high",
    isOpen: false,
  },
  {
    intro:
      /(?:>|\b(?:over|above|more than|greater than|larger than|higher than|bigger than|older than|exceeding))\s*$/i,
    end: "low",
    isOpen: true,
  },
  {
    intro: /(?:<|\b(?:under|below|less than|lower than|smaller than|fewer than|younger than))\s*$/i,
    end: "high",
    isOpen: true,
  },
];

/** No introduction of a number is longer. */
const MAX_INTRO_CHARACTERS = 40;

/** The range that the text names, cut out of it; ends in the wrong order are exchanged. */
export function takeRange(text: Remainder): NumberRange | undefined {
  const figures = withFigures(text.text);
  const numbers = findNumbers(figures);
  for (const form of BOTH) {
    for (const [at, first] of numbers.entries()) {
      const second = numbers[at + 1];
      if (second === undefined || !form.between.test(figures.slice(first.end, second.start))) continue;
      const intro = form.before.exec(introOf(figures, first));
      if (intro === null || form.after?.test(figures.slice(second.end)) === false) continue;
      const start = first.start - intro[0].length;
      const closing = form.after === undefined ? "" : (form.after.exec(figures.slice(second.end))?.[0] ?? "");
      const range = bothEnds(first, second, figures.slice(start, second.end));
      text.cut(start, second.end + closing.length);
      return range;
    }
  }
  return takeEnds(text);
}

function introOf(text: string, number: FoundNumber): string {
  return text.slice(Math.max(0, number.start - MAX_INTRO_CHARACTERS), number.start);
}

function bothEnds(first: FoundNumber, second: FoundNumber, source: string): NumberRange {
  let low = first.value;
  const high = second.value;
  // "5-10k" means thousands twice.
  const scale = /(?:k|m|thousand|million)\b/i.exec(second.text)?.[0];
  const mantissa = Number.parseFloat(second.text.replace(/^\D+/, ""));
  if (scale !== undefined && !/[a-z]/i.test(first.text) && low <= mantissa) low *= parseNumber(`1${scale}`) ?? 1;
  const isLowOpen = /^\s*>(?!=)/.test(source);
  const isHighOpen = isLowOpen ? /<(?!=)[^<]*$/.test(source) : /^\s*>=.*<(?!=)[^<]*$/.test(source);
  const decimals = Math.max(decimalsOf(first.text), decimalsOf(second.text));
  return { low: Math.min(low, high), high: Math.max(low, high), isLowOpen, isHighOpen, decimals };
}

function takeEnds(text: Remainder): NumberRange | undefined {
  const range = {
    low: undefined as number | undefined,
    high: undefined as number | undefined,
    isLowOpen: false,
    isHighOpen: false,
    decimals: 0,
  };
  for (const { intro, outro, end, isOpen } of ONE) {
    const figures = withFigures(text.text);
    for (const number of findNumbers(figures)) {
      const before = intro.exec(introOf(figures, number));
      const after = outro?.exec(figures.slice(number.end)) ?? null;
      if ((before === null && after === null) || range[end] !== undefined) continue;
      text.cut(number.start - (before?.[0].length ?? 0), number.end + (before === null ? (after?.[0].length ?? 0) : 0));
      range[end] = number.value;
      range[end === "low" ? "isLowOpen" : "isHighOpen"] = isOpen;
      range.decimals = Math.max(range.decimals, decimalsOf(number.text));
      break;
    }
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
