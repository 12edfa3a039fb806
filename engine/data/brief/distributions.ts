/** Wording of distributions: "normally distributed around 200 with sd 30", "Poisson with mean 3", "mostly small". */
import { findNumbers, NUMBER, parseNumber, withFigures } from "./numbers.ts";
import type { Remainder } from "./words.ts";

/** Parameters that were not said are undefined; whoever builds the column chooses them. */
export type DistributionWish =
  | { readonly name: "normal"; readonly mean: number | undefined; readonly stddev: number | undefined }
  | { readonly name: "lognormal"; readonly center: number | undefined; readonly shape: number | undefined }
  | { readonly name: "exponential" | "poisson"; readonly mean: number | undefined }
  | { readonly name: "binomial"; readonly n: number; readonly p: number }
  | { readonly name: "power"; readonly exponent: number }
  | { readonly name: "uniform" };

const NUMBER_AFTER = `\\s*(?:\\bof\\b|\\bis\\b|\\bat\\b|=|:|~)?\\s*(?<value>${NUMBER})`;
const after = (words: string): RegExp =>
  new RegExp(`[,;(]?\\s*(?:(?:and|with|an?|the) )*(?:${words})${NUMBER_AFTER}`, "i");
const MEAN = after(
  "\\b(?:mean|average|avg|lambda|rate|expected value|expectation|mu|median|typical(?:ly)?|centred|centered)(?: value)?(?: around| on| at| about| of)?|λ|μ|\\b(?:around|about|averaging|near|approximately|roughly)",
);
const DEVIATION_WORDS =
  "\\b(?:standard deviations?|std\\.?(?: ?dev(?:iation)?)?|stdev|stddev|s\\.?d\\.?|sigma|deviation|spread)|σ|±|\\+/-";
const DEVIATION = after(DEVIATION_WORDS);
const HAS_DEVIATION = new RegExp(`(?:${DEVIATION_WORDS})[^\\d]{0,12}\\d`, "i");
const VARIANCE = after("\\bvariance");
const PLUS_MINUS = new RegExp(
  `(?:\\b(?:around|about)\\s+)?(?<mean>${NUMBER})[^\\d,;()±+]{0,12}(?:±|\\+/-)\\s*(?<stddev>${NUMBER})`,
  "i",
);
const CALL = new RegExp(`\\(\\s*(?<first>${NUMBER})\\s*(?:[,;]\\s*(?<second>${NUMBER})\\s*)?\\)`, "i");
const SIGMA = after("\\b(?:sigma|shape|s)");
const SCALE = after("\\bscale");
const TRIALS = after("\\b(?:n|trials)");
const PROBABILITY = after("\\b(?:p|probability)");
const EXPONENT = after("\\b(?:alpha|exponent|shape|b|a)");

const WORDS: readonly (readonly [DistributionWish["name"], RegExp])[] = [
  ["lognormal", /\b(?:log-?\s?normal(?:ly)?|lognorm)\b(?:[\s-]*distribut(?:ed|ion))?/i],
  [
    "lognormal",
    /\b(?:(?:mostly|usually|mainly|often) (?:small|low|cheap|short)(?:[\s,]*(?:but |and |with )?(?:sometimes|occasionally|rarely|a few|some) (?:very |much )?(?:large|high|big|expensive|long)(?: ones| values)?)?|(?:right|heavily|positively)[\s-]skewed|skewed|(?:long|heavy|fat)[\s-]tail(?:ed)?|with (?:a few|some) (?:very )?(?:large|high) (?:ones|values|outliers))\b/i,
  ],
  [
    "normal",
    /\b(?:(?:approximately |roughly )?(?:normal(?:ly)?|gaussian)(?:[\s-]*distribut(?:ed|ion))?|bell[\s-](?:shaped|curved?)(?: curve| distribution)?|(?<![\p{L}])n(?=\s*\(\s*-?\d+(?:\.\d+)?\s*,))/iu,
  ],
  ["poisson", /\bpoisson(?:[\s-]*distribut(?:ed|ion))?\b/i],
  ["exponential", /\bexponential(?:ly)?(?:[\s-]*distribut(?:ed|ion))?\b/i],
  ["binomial", /\bbinomial(?:ly)?(?:[\s-]*distribut(?:ed|ion))?\b/i],
  ["power", /\b(?:pareto|power[\s-]law|zipf(?:ian)?)(?:[\s-]*distribut(?:ed|ion))?\b/i],
  ["uniform", /\b(?:uniform(?:ly)?|evenly|equally)(?:[\s-]*(?:distributed|distribution|spread))?\b/i],
];

/** "normal" also describes results and temperatures, so alone it needs a word about numbers beside it. */
const NEEDS_MORE = /^(?:normal|evenly|equally|uniform)$/i;

/** The distribution that the text asks for; its words are cut out. */
export function takeDistribution(text: Remainder): DistributionWish | undefined {
  for (const [name, pattern] of WORDS) {
    const match = pattern.exec(text.text);
    if (match === null) continue;
    const rest = text.text.slice(match.index + match[0].length);
    if (
      NEEDS_MORE.test(match[0].trim()) &&
      !HAS_DEVIATION.test(rest) &&
      !MEAN.test(rest) &&
      !CALL.test(rest) &&
      !/^\s*(?:dist|between|from|around|in |over|,? *\d|$)/i.test(rest)
    )
      continue;
    text.cut(match.index, match.index + match[0].length);
    return withParameters(name, text);
  }
  if (
    !HAS_DEVIATION.test(text.text) &&
    !/\b(?:mean|average|averaging|centered|centred|typically)\b|\baround\s+[$€£]?\d/i.test(text.text)
  )
    return undefined;
  const before = text.text;
  const wish = withParameters("normal", text);
  return text.text === before ? undefined : wish;
}

function withParameters(name: DistributionWish["name"], text: Remainder): DistributionWish {
  const call = name === "uniform" ? undefined : takeFigures(text, CALL)?.groups;
  const [first, second] = [numberOf(call?.["first"]), numberOf(call?.["second"])];
  const take = (pattern: RegExp): number | undefined => numberOf(takeFigures(text, pattern)?.groups?.["value"]);
  switch (name) {
    case "normal": {
      const both = takeFigures(text, PLUS_MINUS)?.groups;
      if (both !== undefined) return { name, mean: numberOf(both["mean"]), stddev: numberOf(both["stddev"]) };
      // The deviation is looked for first: in "around 200 ± 30" only it has a sign of its own.
      const stddev = second ?? take(DEVIATION) ?? sqrt(take(VARIANCE));
      const mean = first ?? take(MEAN);
      return { name, mean, stddev: stddev === undefined ? undefined : Math.abs(stddev) };
    }
    case "lognormal": {
      const shape = second ?? take(SIGMA) ?? take(DEVIATION);
      return { name, center: first ?? take(MEAN), shape };
    }
    case "poisson":
    case "exponential":
      return { name, mean: first ?? take(MEAN) ?? take(SCALE) };
    case "binomial": {
      const n = first ?? take(TRIALS) ?? 10;
      const p = second ?? take(PROBABILITY) ?? 0.5;
      return { name, n: Math.max(0, Math.round(n)), p: Math.min(1, Math.max(0, p > 1 ? p / 100 : p)) };
    }
    case "power":
      return { name, exponent: Math.max(0.1, first ?? take(EXPONENT) ?? 1.5) };
    case "uniform":
      return { name };
  }
}

/** As `take`, with numbers in words read too and the unit behind the last number cut out as well. */
function takeFigures(text: Remainder, pattern: RegExp): RegExpExecArray | undefined {
  const figures = withFigures(text.text);
  const match = /\d/.test(figures) ? pattern.exec(figures) : null;
  if (match === null) return undefined;
  const end = match.index + match[0].length;
  const last = findNumbers(figures).find((number) => number.start < end && number.end > end);
  text.cut(match.index, last?.end ?? end);
  return match;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseNumber(text);
}

function sqrt(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.sqrt(Math.abs(value));
}
