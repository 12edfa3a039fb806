/** Statements that tie a column to another one: "due date after the invoice date", "total = price * quantity". */
import { readCondition } from "./conditions.ts";
import { parseNumber, withFigures } from "./numbers.ts";

export type Operator = "lt" | "le" | "gt" | "ge";
export type DeltaUnit = "D" | "h" | "m" | "s";

/** The other column is a phrase as the brief has it. */
export type Relation =
  /** `min` to `max` units (both inclusive) after the reference; undefined ones are free, but never before it. */
  | {
      readonly kind: "after";
      readonly other: string;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      readonly unit?: DeltaUnit | undefined;
      readonly isLoose: boolean;
    }
  | {
      readonly kind: "before";
      readonly other: string;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      readonly unit?: DeltaUnit | undefined;
      readonly isLoose: boolean;
    }
  | { readonly kind: "compare"; readonly other: string; readonly operator: Operator }
  | { readonly kind: "formula"; readonly formula: string }
  /** Inverse: smaller where the other one is larger. */
  | {
      readonly kind: "depends";
      readonly other: string;
      readonly lists: ReadonlyMap<string, readonly string[]>;
      readonly isInverse: boolean;
    }
  /** A number that is `low` to `high` times the other one. */
  | { readonly kind: "margin"; readonly other: string; readonly low: number; readonly high: number }
  /** There only where the other column has the value, or only where it has not; empty elsewhere. */
  | { readonly kind: "present"; readonly other: string; readonly value: string; readonly isWhenEqual: boolean }
  /** Numbers are larger (factor above 1) or smaller where another column has the value that `group` names. */
  | { readonly kind: "factor"; readonly group: string; readonly factor: number };

export interface RelatedPhrase {
  readonly phrase: string;
  readonly relation: Relation;
}

const MAX_TARGET_CHARACTERS = 80;
const OTHER =
  /^\s*(?:(?:the|its|their|an?|column)\s+|that\s+of\s+(?:the\s+)?)*(?<other>[\p{L}_"'`][^,;:]{0,79}?)\s*[.!]?\s*$/iu;
/** What may stand between a column and what is said about it. */
const MODALS = new Set(
  "must should can will shall be come lie fall happen occur is are being comes lies falls happens occurs always strictly set shortly sometime not never no".split(
    " ",
  ),
);

interface Target {
  readonly phrase: string;
  readonly isNegated: boolean;
  /** The same day or value is allowed: "on or after". */
  readonly isLoose: boolean;
}

/** The column before "must always be", "has to be on or", "is not"; undefined when nothing is left or it is too long. */
function readTarget(before: string): Target | undefined {
  let isNegated = false;
  let isLoose = false;
  const words = before
    .trim()
    .replace(/[\s,:(]+$/, "")
    .split(/\s+/);
  const endsWith = (...ending: readonly string[]): boolean =>
    ending.every((word, at) => words.at(at - ending.length)?.toLowerCase() === word);
  for (let hasModal = false; words.length > 1;) {
    const last = words.at(-1)?.toLowerCase() ?? "";
    if (endsWith("on", "or") || endsWith("day", "or")) {
      isLoose = true;
      words.splice(words[words.length - 3]?.toLowerCase() === "same" ? -3 : -2);
    } else if (endsWith("some", "time")) words.splice(-2);
    else if (last === "to" && /^(?:ha(?:s|ve)|needs?)$/i.test(words.at(-2) ?? "")) words.splice(-2);
    else if (MODALS.has(last)) {
      isNegated ||= last === "not" || last === "never" || last === "no";
      hasModal = true;
      words.pop();
    } else if (hasModal && (last === "which" || last === "that")) words.pop();
    else break;
  }
  const phrase = words.join(" ").replace(/[\s,:(]+$/, "");
  return phrase === "" || phrase.length > MAX_TARGET_CHARACTERS ? undefined : { phrase, isNegated, isLoose };
}

/** What is compared with: a phrase to the end of the text, neither a number nor a date. */
function readOther(after: string): string | undefined {
  const other = OTHER.exec(after)?.groups?.["other"];
  return other === undefined || isDateOrNumber(other) ? undefined : other;
}

const UNITS: Readonly<Record<string, readonly [unit: DeltaUnit, factor: number]>> = {
  second: ["s", 1],
  sec: ["s", 1],
  minute: ["m", 1],
  min: ["m", 1],
  hour: ["h", 1],
  hr: ["h", 1],
  day: ["D", 1],
  week: ["D", 7],
  month: ["D", 30],
  quarter: ["D", 91],
  year: ["D", 365],
};
const FORMULA_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:times|multiplied (?:by|with))\b/gi, "*"],
  [/(?<=[\p{L}\p{N})])\s+x\s+(?=[\p{L}\p{N}(])/gu, " * "],
  [/\bdivided by\b/gi, "/"],
  [/\bplus\b/gi, "+"],
  [/\bminus\b/gi, "-"],
  [/\^/g, "**"],
];
const FORMULA =
  /^(?<target>[^=<>!]{1,80}?)\s*(?:(?<![<>!=])==?(?!=)|\b(?:is )?(?:equals?(?: to)?|(?:calculated|computed|derived) (?:as|from|by)|(?:is|being|as)(?= ))(?:\s+the)?)\s*(?<formula>.+?)\s*[.!]?$/iu;

const FACTOR =
  /\s(?:(?<much>much|slightly|significantly|a bit)\s+)?(?<way>higher|larger|greater|bigger|longer|more|lower|smaller|less|shorter|cheaper)\s+(?:for|in|when|where|among|if|with|at|on)\s+(?:the\s+)?(?<group>[\p{L}\p{N}][^,;]{0,60}?)(?:\s+by\s+(?<share>\d+(?:\.\d+)?)\s*%)?\s*[.!]?$/iu;
const DEPENDS =
  /\s(?:(?:depend(?:s|ent|ing)?|based|condition(?:al|ed)|correlat(?:ed|es?|ing)|(?:inversely |directly )?proportional|related|tied|linked|driven|var(?:ies|ying)|consistent|match(?:es|ing)?|belongs?|belonging|fit(?:s|ting)?|derived|according|determined)\s*(?:on|upon|with|by|to|from|in)?|(?:increas(?:es?|ing)|grow(?:s|ing)?|ris(?:es?|ing)|scal(?:es?|ing)|go(?:es|ing)? (?:up|down)|decreas(?:es?|ing)|fall(?:s|ing)?|drop(?:s|ping)?|declin(?:es?|ing)|shrink(?:s|ing)?) with|per|within|by|in that|in the same|of that|of the)\s+(?:the\s+|its\s+|that\s+|each\s+)?(?<other>[\p{L}_][\p{L}\p{N}_ -]{0,60}?)\s*(?:(?:[:(]|\bwith\b)\s*(?<lists>[^()]*:[^()]*)\)?)?\s*[.!]?$/iu;
const DEGREE =
  /(?:\s+(?:negatively|inversely|positively|strongly|closely|highly|weakly|loosely|roughly|mostly|directly|somewhat|that|which|is|are))+\s*$/i;
const INVERSELY = /\b(?:negatively|inversely|go(?:es|ing)? down|decreas\w+|fall\w*|drop\w*|declin\w+|shrink\w*) /i;
const SIGNS: readonly (readonly [Operator, RegExp])[] = [
  [
    "le",
    /(?:<=|\b(?:(?:less|lower|smaller)\s+than\s+or\s+equals?(?:\s+to)?|at\s+most|no\s+(?:more|higher|greater|larger)\s+than|not\s+(?:more|higher|greater|larger|above|over|exceed(?:ing)?)(?:\s+than)?|(?:never|not)\s+exceed(?:s|ing)?|up\s+to|capped\s+(?:at|by)|limited\s+(?:to|by)))(?![\p{L}\p{N}])/giu,
  ],
  [
    "ge",
    /(?:>=|\b(?:(?:more|greater|higher|larger)\s+than\s+or\s+equals?(?:\s+to)?|at\s+least|no\s+(?:less|lower|smaller)\s+than|not\s+(?:less|lower|smaller|below|under)(?:\s+than)?))(?![\p{L}\p{N}])/giu,
  ],
  ["lt", /(?:<(?!=)|\b(?:(?:less|lower|smaller|cheaper|shorter|fewer|younger)\s+than|below|under)(?![\p{L}\p{N}]))/giu],
  [
    "gt",
    /(?:>(?!=)|\b(?:(?:more|greater|higher|larger|bigger|longer|older)\s+than|above|over|exceed(?:s|ing)?)(?![\p{L}\p{N}]))/giu,
  ],
];

/** The relation that a whole item states, with the phrase of the column it is about. */
export function readRelation(source: string): RelatedPhrase | undefined {
  const text = source.trim();
  return (
    readCondition(text) ??
    readFormula(text) ??
    readTimes(text) ??
    readFactor(text) ??
    readCompare(text) ??
    readDepends(text)
  );
}

function readFormula(text: string): RelatedPhrase | undefined {
  let plain = text;
  for (const [pattern, sign] of FORMULA_WORDS) plain = plain.replaceAll(pattern, sign);
  const match = FORMULA.exec(plain);
  const { target = "", formula = "" } = match?.groups ?? {};
  // A sign between two operands makes a formula: "status = open" has none, "e-mail" is a word.
  const isFormula = /[\p{L}\p{N}_)]\s*(?:\*\*?|\/|\+|\s-\s)\s*[\p{L}\p{N}_(]/u.test(formula);
  if (match === null || !isFormula || formula.length > 300 || /[%]\s*\p{L}|[:;?]/u.test(formula)) return undefined;
  const isSlashList = !/[=]/.test(plain) && /^[^*+]*\/[^*+]*$/.test(formula) && !/divided/i.test(text);
  return isSlashList ? undefined : { phrase: target, relation: { kind: "formula", formula } };
}

const WAY = /\s(?<way>after|later than|following|from|past|since|of|before|prior to|earlier than|ahead of)\s+/giu;
const UNIT_BEFORE =
  /(?:business |working |calendar )?(?<unit>days?|secs?|seconds?|mins?|minutes?|hrs?|hours?|weeks?|months?|quarters?|years?)\)?$/i;
const QUANTITY =
  /(?:^|[\s,:(])(?:(?<least>at least|min(?:imum)?|more than|no less than)\s+|(?<most>at most|up to|within|max(?:imum)?|no more than|less than)\s+|(?:(?:between|from|by|about|around|exactly|roughly)\s+)*)(?:(?<from>\d[\d.,]*|an?)(?:\s*(?:-|to|and|or)\s*(?<to>\d[\d.,]*))?|(?<few>a few|some|several|a couple of))\s*$/i;
const PLAIN_WAYS = /^(?:after|later than|following|before|prior to|earlier than)$/i;

/** "due date 14 to 60 days after the invoice date", "end must not be before start". */
function readTimes(text: string): RelatedPhrase | undefined {
  for (const match of text.matchAll(WAY)) {
    const other = readOther(text.slice(match.index + match[0].length));
    if (other === undefined) continue;
    const before = text.slice(0, match.index);
    const way = match.groups?.["way"] ?? "";
    const gap = readGap(before);
    if (gap === undefined && !PLAIN_WAYS.test(way)) continue;
    const target = readTarget(gap === undefined ? before : before.slice(0, gap.at));
    if (target === undefined) continue;
    const { isNegated } = target;
    const kind = /before|prior|earlier|ahead/i.test(way) === isNegated ? "after" : "before";
    const { at: _at, ...said } = gap ?? { at: 0 };
    const isLoose = target.isLoose || isNegated;
    return { phrase: target.phrase, relation: { kind, other, ...said, isLoose } };
  }
  return undefined;
}

interface Gap {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly unit: DeltaUnit;
  /** Where its words begin. */
  readonly at: number;
}

/** The time that the end of a text names: "… 14 to 60 days". */
function readGap(before: string): Gap | undefined {
  const named = UNIT_BEFORE.exec(before);
  const quantity = named === null ? null : QUANTITY.exec(withFigures(before.slice(0, named.index)));
  const groups = quantity?.groups;
  if (quantity === null || groups === undefined) return undefined;
  const word = (named?.groups?.["unit"] ?? "day").toLowerCase().replace(/s$/, "");
  const [unit, factor] = UNITS[word] ?? (["D", 1] as const);
  const scaled = (value: string | undefined): number | undefined => {
    const number = value === undefined ? undefined : /^an?$/i.test(value) ? 1 : parseNumber(value);
    return number === undefined ? undefined : Math.max(0, Math.round(number * factor));
  };
  const [from, to] = [scaled(groups["from"]), scaled(groups["to"])];
  const at = quantity.index;
  if (from === undefined) return { min: factor, max: 7 * factor, unit, at };
  if (groups["least"] !== undefined) return { min: from, max: to, unit, at };
  if (groups["most"] !== undefined) return { min: undefined, max: to ?? from, unit, at };
  return { min: Math.min(from, to ?? from), max: Math.max(from, to ?? from), unit, at };
}

function readFactor(text: string): RelatedPhrase | undefined {
  const match = FACTOR.exec(text);
  const target = match === null ? undefined : readTarget(text.slice(0, match.index));
  if (match?.groups === undefined || target === undefined) return undefined;
  const { group = "", way = "", share, much } = match.groups;
  const isUp = /higher|larger|greater|bigger|longer|more/i.test(way);
  const change =
    share === undefined
      ? /slightly|bit/i.test(much ?? "")
        ? 0.15
        : much === undefined
          ? 0.5
          : 1
      : Number(share) / 100;
  return { phrase: target.phrase, relation: { kind: "factor", group, factor: isUp ? 1 + change : 1 / (1 + change) } };
}

function readCompare(text: string): RelatedPhrase | undefined {
  for (const [operator, words] of SIGNS) {
    for (const match of text.matchAll(words)) {
      const other = readOther(text.slice(match.index + match[0].length));
      const target = other === undefined ? undefined : readTarget(text.slice(0, match.index));
      if (other === undefined || target === undefined) continue;
      return { phrase: target.phrase, relation: { kind: "compare", other, operator } };
    }
  }
  return undefined;
}

function readDepends(text: string): RelatedPhrase | undefined {
  const match = DEPENDS.exec(text);
  const before = text.slice(0, match?.index ?? 0).replace(DEGREE, "");
  const target = match === null ? undefined : readTarget(before);
  const { other = "", lists } = match?.groups ?? {};
  const said = text.slice(before.length, text.length - other.length);
  if (target === undefined || isDateOrNumber(other) || target.phrase.split(" ").length > 5) return undefined;
  // "price per night" and "visits per month" are names.
  if (lists === undefined && /^\sper\s/i.test(match?.[0] ?? "")) return undefined;
  const isInverse = INVERSELY.test(said);
  return { phrase: target.phrase, relation: { kind: "depends", other, lists: readLists(lists ?? ""), isInverse } };
}

/** `Germany: Berlin, Munich; France: Paris` */
function readLists(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split(/;|,(?=[^,;:]+:)/).flatMap((part) => {
    const [key = "", values = ""] = part.split(/:(.*)/s);
    const list = values
      .split(/[,/|]|\bor\b|\band\b/i)
      .map((value) => value.trim())
      .filter(Boolean);
    return key.trim() === "" || list.length === 0 ? [] : [[key.trim(), [...new Set(list)]] as const];
  });
  return new Map(parts);
}

function isDateOrNumber(text: string): boolean {
  return (
    /^(?:the )?(?:(?:year )?\d|[$€£]|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*\d|q[1-4]\b|today|now)/i.test(
      text,
    ) || /^\s*[-+]?[$€£¥]?\s?\d/.test(withFigures(text))
  );
}
