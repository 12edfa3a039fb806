/** Wording of distributions: "normally distributed around 200 with sd 30", "Poisson with mean 3", "mostly small". */
import { ANY_NUMBER, parseNumber } from "./numbers.ts";
import { UNIT } from "./ranges.ts";
import type { Remainder } from "./words.ts";

/** Parameters that were not said are undefined; whoever builds the column chooses them. */
export type DistributionWish =
  | { readonly name: "normal"; readonly mean: number | undefined; readonly stddev: number | undefined }
  | { readonly name: "lognormal"; readonly center: number | undefined; readonly shape: number | undefined }
  | { readonly name: "exponential" | "poisson"; readonly mean: number | undefined }
  | { readonly name: "binomial"; readonly n: number; readonly p: number }
  | { readonly name: "power"; readonly exponent: number }
  | { readonly name: "uniform" };

const NUMBER_AFTER = `\\s*(?:\\bof\\b|\\bis\\b|\\bat\\b|=|:|~)?\\s*(?<value>${ANY_NUMBER})${UNIT}`;
const MEAN = new RegExp(
  `[,;(]?\\s*(?:and |with )?(?:an? |the )?(?:\\b(?:mean|average|avg|lambda|rate|expected value|expectation|mu|median|typical(?:ly)?|centred|centered)(?: value)?(?: around| on| at| about| of)?|λ|μ|\\b(?:around|about|averaging|near|approximately|roughly))${NUMBER_AFTER}`,
  "iu",
);
const DEVIATION = new RegExp(
  `[,;(]?\\s*(?:and |with )?(?:an? |the )?(?:\\b(?:standard deviations?|std\\.?(?: ?dev(?:iation)?)?|stdev|stddev|s\\.?d\\.?|sigma|deviation|spread)|σ|±|\\+/-)${NUMBER_AFTER}`,
  "iu",
);
const VARIANCE = new RegExp(`[,;(]?\\s*(?:and |with )?(?:a )?\\bvariance${NUMBER_AFTER}`, "iu");
const PLUS_MINUS = new RegExp(
  `(?:\\b(?:around|about)\\s+)?(?<mean>${ANY_NUMBER})${UNIT}\\s*(?:±|\\+/-)\\s*(?<stddev>${ANY_NUMBER})${UNIT}`,
  "iu",
);
const CALL = new RegExp(`\\(\\s*(?<first>${ANY_NUMBER})\\s*(?:[,;]\\s*(?<second>${ANY_NUMBER})\\s*)?\\)`, "iu");
const GIVEN = (names: string): RegExp =>
  new RegExp(`[,;(]?\\s*(?:and |with )?\\b(?:${names})${NUMBER_AFTER}\\)?`, "iu");

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
      !MEAN.test(rest) &&
      !DEVIATION.test(rest) &&
      !CALL.test(rest) &&
      !/^\s*(?:dist|between|from|around|in |over|,? *\d|$)/i.test(rest)
    )
      continue;
    text.cut(match.index, match.index + match[0].length);
    return withParameters(name, text);
  }
  if (
    !DEVIATION.test(text.text) &&
    !/\b(?:mean|average|averaging|centered|centred|typically)\b|\baround\s+[$€£]?\d/i.test(text.text)
  )
    return undefined;
  const before = text.text;
  const wish = withParameters("normal", text);
  return text.text === before ? undefined : wish;
}

function withParameters(name: DistributionWish["name"], text: Remainder): DistributionWish {
  const call = name === "uniform" ? undefined : text.take(CALL)?.groups;
  const [first, second] = [numberOf(call?.["first"]), numberOf(call?.["second"])];
  const take = (pattern: RegExp): number | undefined => numberOf(text.take(pattern)?.groups?.["value"]);
  switch (name) {
    case "normal": {
      const both = text.take(PLUS_MINUS)?.groups;
      if (both !== undefined) return { name, mean: numberOf(both["mean"]), stddev: numberOf(both["stddev"]) };
      // The deviation is looked for first: in "around 200 ± 30" only it has a sign of its own.
      const stddev = second ?? take(DEVIATION) ?? sqrt(take(VARIANCE));
      const mean = first ?? take(MEAN);
      return { name, mean, stddev: stddev === undefined ? undefined : Math.abs(stddev) };
    }
    case "lognormal": {
      const shape = second ?? take(GIVEN("sigma|shape|s")) ?? take(DEVIATION);
      return { name, center: first ?? take(MEAN), shape };
    }
    case "poisson":
    case "exponential":
      return { name, mean: first ?? take(MEAN) ?? take(GIVEN("scale")) };
    case "binomial": {
      const n = first ?? take(GIVEN("n|trials")) ?? 10;
      const p = second ?? take(GIVEN("p|probability")) ?? 0.5;
      return { name, n: Math.max(0, Math.round(n)), p: Math.min(1, Math.max(0, p > 1 ? p / 100 : p)) };
    }
    case "power":
      return { name, exponent: Math.max(0.1, first ?? take(GIVEN("alpha|exponent|shape|b|a")) ?? 1.5) };
    case "uniform":
      return { name };
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseNumber(text);
}

function sqrt(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.sqrt(Math.abs(value));
}
