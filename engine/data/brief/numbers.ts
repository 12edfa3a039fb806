/** Numbers as people write them, and how many rows a brief asks for. */
import type { Remainder } from "./words.ts";

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: Readonly<Record<string, number>> = {
  dozen: 12,
  hundred: 100,
  thousand: 1e3,
  k: 1e3,
  m: 1e6,
  mio: 1e6,
  mn: 1e6,
  million: 1e6,
  bn: 1e9,
  b: 1e9,
  billion: 1e9,
};

/** A number in digits with separators, currency and scale: `1,000`, `$2.5k`, `1_000`, `3 million`. */
export const NUMBER = String.raw`[-+]?(?:[$€£¥]\s?)?(?:\d{1,3}(?:[,_']\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?:\s?(?:k|m|mio|mn|bn|thousand|million|billion|hundred|dozen)\b)?(?:\s?[$€£¥])?`;

const WORD = [...ONES.slice(1), ...TENS.filter(Boolean), "hundred", "thousand", "million", "billion", "dozen"].join(
  "|",
);
/** A number in words: `two hundred`, `a million`, `half a million`, `a couple of thousand`. */
export const NUMBER_WORDS = String.raw`(?:half a |a couple(?: of)? |a few |several )?(?:an?\s+(?=hundred|thousand|million|billion|dozen))?(?:${WORD})(?:(?:[\s-]+|\s+and\s+)(?:${WORD}))*`;

export const ANY_NUMBER = `(?:${NUMBER}|\\b${NUMBER_WORDS}\\b)`;

/** The number that a text of `ANY_NUMBER` says, undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  const plain = text.trim().toLowerCase();
  const digits =
    /^(?<sign>[-+]?)\s*(?:[$€£¥]\s?)?(?<digits>\d[\d,_']*(?:\.\d+)?(?:e[+-]?\d+)?)\s?(?<scale>[a-z]+)?(?:\s?[$€£¥])?$/.exec(
      plain,
    );
  if (digits?.groups !== undefined) {
    const { sign, digits: figure = "", scale } = digits.groups;
    const factor = scale === undefined ? 1 : SCALES[scale];
    if (factor === undefined) return undefined;
    const value = Number(figure.replaceAll(/[,_']/g, "")) * factor;
    return Number.isFinite(value) ? (sign === "-" ? -value : clean(value)) : undefined;
  }
  return parseWords(plain);
}

/** 2.3 * 1000 is 2299.9999999999995 in binary. */
function clean(value: number): number {
  return Number(value.toPrecision(15));
}

function parseWords(text: string): number | undefined {
  const words = text
    .replace(/^half a /, "half ")
    .replace(/^a couple(?: of)? /, "two ")
    .replace(/^(?:a few|several) /, "three ")
    .split(/[\s-]+/)
    .filter((word) => word !== "and" && word !== "");
  let total = 0;
  let part: number | undefined;
  for (const word of words) {
    const one = ONES.indexOf(word);
    const ten = TENS.indexOf(word, 2);
    const scale = SCALES[word];
    if (word === "a" || word === "an") part = (part ?? 0) + 1;
    else if (word === "half") part = 0.5;
    else if (one >= 0) part = (part ?? 0) + one;
    else if (ten >= 0) part = (part ?? 0) + ten * 10;
    else if (scale !== undefined && word.length > 2) {
      if (scale <= 100) part = (part ?? 1) * scale;
      else {
        total += (part ?? 1) * scale;
        part = undefined;
      }
    } else return undefined;
  }
  return words.length === 0 ? undefined : total + (part ?? 0);
}

const ROW_WORDS =
  "rows?|records?|entries|samples?|examples?|observations?|instances?|data ?points?|lines?|tuples?|documents?";
const ABOUT = "(?:about|around|roughly|approximately|approx\\.?|some|exactly|only|just|up to|~|≈)?\\s*";
const NOT_ROWS =
  "(?!\\s*(?:%|percent|columns?|fields?|attributes?|features?|days?|weeks?|months?|years?|hours?|minutes?|seconds?|decimals?|digits?|sentences?|words?|paragraphs?|-|\\.\\.|to\\b|usd|eur|dollars?|euros?|kg|gb|mb))";
const VERBS =
  "(?:generate|create|make|need|want|give me|produce|build|get me|give us|i'?d like|would like|synthesi[sz]e|simulate|fabricate|invent|prepare|design|like to have|provide|output|show me|fake|mock|dataset of|data ?set with|table of|list of|data for|data on|records of)";
/** German, French and others write 1.000 for a thousand. */
const DOTTED = String.raw`\d{1,3}(?:\.\d{3})+(?![\d.])`;

const ROWS: readonly RegExp[] = [
  new RegExp(
    `\\b(?:num[_ ]records|num[_ ]rows|row count|number of (?:${ROW_WORDS})|rows|records|count|n)\\s*(?:[:=]|is|should be)\\s*(?<count>${ANY_NUMBER})\\b`,
    "i",
  ),
  new RegExp(
    `${ABOUT}(?<count>${DOTTED}|${ANY_NUMBER})(?:-|\\s+)(?:(?!columns?|fields?)[\\p{L}-]+\\s+){0,2}?(?:${ROW_WORDS})(?:\\s+of\\b)?`,
    "iu",
  ),
  new RegExp(
    `\\b(?<verb>${VERBS})(?:\\s+(?:me|us|a|the|list of|table of|sample of|total of|dataset of|data ?set of|set of))*\\s+${ABOUT}(?<count>${DOTTED}|${ANY_NUMBER})(?<![$€£¥])(?![\\d.,]*\\d)\\b${NOT_ROWS}(?=\\s+\\p{L}|\\s*$)`,
    "iu",
  ),
  new RegExp(
    `^\\s*(?:please\\s+)?${ABOUT}(?<count>${DOTTED}|${ANY_NUMBER})(?![\\d.,]*\\d)(?:\\s*x\\b)?${NOT_ROWS}(?=\\s+\\p{L}|\\s*$)`,
    "iu",
  ),
  new RegExp(
    `\\b(?:of|for|from|x|×)\\s+${ABOUT}(?<count>${DOTTED}|${ANY_NUMBER})(?![\\d.,]*\\d)${NOT_ROWS}\\s+(?=(?:[\\p{L}-]+\\s+){0,3}?[\\p{L}-]+s\\b)`,
    "iu",
  ),
];

/** How many rows the text asks for; takes those words out. Undefined when it does not say. */
export function takeRowCount(text: Remainder): number | undefined {
  for (const pattern of ROWS) {
    const match = pattern.exec(text.text);
    const source = match?.groups?.["count"];
    if (match === null || source === undefined) continue;
    const count = new RegExp(`^${DOTTED}$`).test(source) ? Number(source.replaceAll(".", "")) : parseNumber(source);
    if (count === undefined || !Number.isInteger(count)) continue;
    const at = match.index + match[0].lastIndexOf(source);
    const end = pattern === ROWS[0] || pattern === ROWS[1] ? match.index + match[0].length : at + source.length;
    text.cut(pattern === ROWS[0] ? match.index : at, end);
    return count;
  }
  return undefined;
}
