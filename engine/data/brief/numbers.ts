/** Numbers as people write them. */
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
export const NUMBER = String.raw`[-+]?(?:[$€£¥]\s?)?\d+(?:[,_']\d{3}(?!\d))*(?:\.\d+)?(?:e[+-]?\d+)?(?:\s?(?:[km]|mio|[mb]n|thousand|[mb]illion|hundred|dozen)\b)?(?:\s?[$€£¥])?`;

const FIRST_WORDS = new Set([...ONES.slice(1), ...TENS, ...Object.keys(SCALES)].filter((word) => word.length > 2));
/** Count only before a number in words: "half a million", "a few hundred". */
const OPENERS = /(?:\bhalf an? |\ban? couple(?: of)? |\ban? few |\bseveral |\ban? )$/i;

/**
 * The text with numbers in words as figures: "two hundred" is "00000000200". As long as the text, so that places in one
 * are places in the other.
 */
export function withFigures(text: string): string {
  let made = "";
  let at = 0;
  for (const run of wordRuns(text)) {
    const before = text.slice(at, run.start);
    // "one" in "one hundred" needs no article; "a hundred" and "half a million" have one.
    const opener = OPENERS.exec(before)?.[0] ?? "";
    const isScaled = SCALES[text.slice(run.start, run.end).split(/[\s-]/)[0]?.toLowerCase() ?? ""] !== undefined;
    const start = run.start - (opener !== "" && (isScaled || !/^an? $/i.test(opener)) ? opener.length : 0);
    const value = parseWords(text.slice(start, run.end).toLowerCase());
    if (value === undefined) continue;
    const plain = String(value);
    const figures = plain.length <= run.end - start ? plain : value.toExponential().replace("+", "");
    if (figures.length > run.end - start) continue;
    made += text.slice(at, start) + figures.padStart(run.end - start, "0");
    at = run.end;
  }
  return made + text.slice(at);
}

/** Number words that stand together, with "and" or a hyphen between them. */
function wordRuns(text: string): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}_]+/gu)) {
    if (!FIRST_WORDS.has(match[0].toLowerCase())) continue;
    const last = runs.at(-1);
    const end = match.index + match[0].length;
    const isScale = SCALES[match[0].toLowerCase()] !== undefined;
    // "2 million" is a number in figures with its scale.
    if (isScale && /\d\s?$/.test(text.slice(Math.max(0, match.index - 3), match.index))) continue;
    if (last !== undefined && joins(text.slice(last.start, last.end), text.slice(last.end, match.index), match[0]))
      last.end = end;
    else runs.push({ start: match.index, end });
  }
  return runs;
}

/** "two hundred and five" and "twenty-five" are one number, "one and two" and "two three" are two. */
function joins(before: string, between: string, word: string): boolean {
  if (!/^(?:[\s-]{1,3}|\s+and\s+)$/i.test(between)) return false;
  const last =
    before
      .split(/[\s-]+/)
      .at(-1)
      ?.toLowerCase() ?? "";
  const next = word.toLowerCase();
  const isAnd = /and/i.test(between);
  if (SCALES[next] !== undefined) return !isAnd;
  return (SCALES[last] ?? 0) >= 100 || (!isAnd && TENS.includes(last) && ONES.indexOf(next) < 10);
}

/** Units behind a number that say nothing else. */
const UNITS = new Set(
  "usd eur gbp chf jpy inr dollar dollars euro euros pound pounds cent cents percent year years yr yrs kg g lb lbs km cm mm m mile miles mph kmh km/h kwh kw w watt watts celsius c f mb gb tb ms s sec secs second seconds min mins minute minutes hour hours hr hrs h day days mmhg bpm mg/dl mg ml l star stars point points item items piece pieces unit units sqm m2 sqft".split(
    " ",
  ),
);
const UNIT = /\s?(?:%|°\s?[cf]?\b|(?<word>[a-z]+(?:\/[a-z]+)?2?)(?<more> old\b| ft\b)?)(?![\p{L}\p{N}])/iuy;

/** A number of a text, with its place; `end` is behind its unit. */
export interface FoundNumber {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly value: number;
}

const NUMBERS = new RegExp(NUMBER, "gi");

/** Every number of a text, in order. A dash between two numbers is no sign of the second. */
export function findNumbers(text: string): FoundNumber[] {
  if (!/\d/.test(text)) return [];
  const found: FoundNumber[] = [];
  for (const match of text.matchAll(NUMBERS)) {
    const last = found.at(-1);
    const isBeside = last !== undefined && /^\s*$/.test(text.slice(last.end, match.index));
    const isJoint = /^[-+]/.test(match[0]) && (isBeside || /[\p{L}\p{N}%$€£¥)_]$/u.test(text.slice(0, match.index)));
    const start = match.index + (isJoint ? 1 : 0);
    const number = match[0].slice(isJoint ? 1 : 0);
    const value = parseNumber(number);
    if (value === undefined) continue;
    UNIT.lastIndex = match.index + match[0].length;
    const unit = UNIT.exec(text);
    const word = unit?.groups?.["word"]?.toLowerCase();
    const more = unit?.groups?.["more"] ?? "";
    const isUnit = unit !== null && (word === undefined || UNITS.has(word) || (word === "sq" && more === " ft"));
    const width = isUnit ? unit[0].length - (/^years?$|^sq$/.test(word ?? "") ? 0 : more.length) : 0;
    found.push({ start, end: match.index + match[0].length + width, text: number, value });
  }
  return found;
}

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
