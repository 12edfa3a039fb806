/** Statements that tie a column to another one: "due date after the invoice date", "total = price * quantity". */
import { ANY_NUMBER, parseNumber } from "./numbers.ts";

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
  | { readonly kind: "depends"; readonly other: string; readonly lists: ReadonlyMap<string, readonly string[]> }
  /** Numbers are larger (factor above 1) or smaller where another column has the value that `group` names. */
  | { readonly kind: "factor"; readonly group: string; readonly factor: number };

export interface RelatedPhrase {
  readonly phrase: string;
  readonly relation: Relation;
}

const MODAL = String.raw`(?:\s+(?:(?:which|that)\s+)?(?:must|should|has to|have to|needs? to|can|will|shall)(?:\s+(?:always|never))?(?:\s+(?:be|come|lie|fall|happen|occur))?|\s+(?:is|are|being|comes?|lies|falls|happens|occurs|always|strictly|set))*`;
const TARGET = String.raw`^(?<target>\S.{0,79}?)${MODAL}`;
const OTHER = String.raw`(?:the\s+|its\s+|their\s+|an?\s+|that\s+of\s+(?:the\s+)?|column\s+)*(?<other>[\p{L}_"'\u0060][^,;:]{0,79}?)\s*[.!]?\s*$`;
const UNITS: Readonly<Record<string, readonly [unit: DeltaUnit, factor: number]>> = {
  second: ["s", 1],
  sec: ["s", 1],
  minute: ["m", 1],
  min: ["m", 1],
  hour: ["h", 1],
  hr: ["h", 1],
  day: ["D", 1],
  "business day": ["D", 1],
  "working day": ["D", 1],
  week: ["D", 7],
  month: ["D", 30],
  quarter: ["D", 91],
  year: ["D", 365],
};
const UNIT_WORDS = String.raw`(?<unit>(?:business |working |calendar )?days?|secs?|seconds?|mins?|minutes?|hrs?|hours?|weeks?|months?|quarters?|years?)`;
const NUMBERS = String.raw`(?:(?:between|from|by|about|around|exactly|roughly)\s+)*(?<from>${ANY_NUMBER}|an?)(?:\s*(?:-|to|and|or)\s*(?<to>${ANY_NUMBER}))?`;
const LATER = String.raw`(?:after|later than|following|from|past|since|of)`;

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

const FACTOR = new RegExp(
  String.raw`${TARGET}\s+(?:(?<much>much|slightly|significantly|a bit)\s+)?(?<way>higher|larger|greater|bigger|longer|more|lower|smaller|less|shorter|cheaper)\s+(?:for|in|when|where|among|if|with|at|on)\s+(?:the\s+)?(?<group>[\p{L}\p{N}][^,;]{0,60}?)(?:\s+by\s+(?<share>\d+(?:\.\d+)?)\s*%)?\s*[.!]?$`,
  "iu",
);
const DEPENDS = new RegExp(
  String.raw`${TARGET}\s+(?:(?:depend(?:s|ent|ing)?|based|condition(?:al|ed)|correlat(?:ed|es|ing)|var(?:ies|ying)|consistent|match(?:es|ing)?|belongs?|belonging|fit(?:s|ting)?|derived|according|determined)\s*(?:on|upon|with|by|to|from|in)?|per|within|by|in that|in the same|of that|of the)\s+(?:the\s+|its\s+|that\s+|each\s+)?(?<other>[\p{L}_][\p{L}\p{N}_ -]{0,60}?)\s*(?:(?:[:(]|\bwith\b)\s*(?<lists>[^()]*:[^()]*)\)?)?\s*[.!]?$`,
  "iu",
);
const SIGNS: readonly (readonly [Operator, string])[] = [
  [
    "le",
    String.raw`<=|(?:less|lower|smaller)\s+than\s+or\s+equal(?:s)?(?:\s+to)?|at\s+most|no\s+(?:more|higher|greater|larger)\s+than|not\s+(?:more|higher|greater|larger|above|over|exceed(?:ing)?)(?:\s+than)?|(?:never|not)\s+exceed(?:s|ing)?|up\s+to|capped\s+(?:at|by)|limited\s+(?:to|by)`,
  ],
  [
    "ge",
    String.raw`>=|(?:more|greater|higher|larger)\s+than\s+or\s+equal(?:s)?(?:\s+to)?|at\s+least|no\s+(?:less|lower|smaller)\s+than|not\s+(?:less|lower|smaller|below|under)(?:\s+than)?`,
  ],
  ["lt", String.raw`<|(?:strictly\s+)?(?:less|lower|smaller|cheaper|shorter|fewer|younger)\s+than|below|under`],
  [
    "gt",
    String.raw`>|(?:strictly\s+)?(?:more|greater|higher|larger|bigger|longer|older)\s+than|above|over|exceed(?:s|ing)?`,
  ],
];

/** The relation that a whole item states, with the phrase of the column it is about. */
export function readRelation(source: string): RelatedPhrase | undefined {
  const text = source.trim();
  return readFormula(text) ?? readTimes(text) ?? readFactor(text) ?? readCompare(text) ?? readDepends(text);
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

const DURATION = new RegExp(
  String.raw`${TARGET}\s*[,:(]?\s*(?:${NUMBERS}|(?<least>at least|min(?:imum)?|more than|no less than)\s+(?<min>${ANY_NUMBER})|(?<most>at most|up to|within|max(?:imum)?|no more than|less than)\s+(?<max>${ANY_NUMBER})|(?<few>a few|some|several|a couple of))\s*${UNIT_WORDS}\)?\s+(?<way>${LATER}|before|prior to|earlier than|ahead of)\s+${OTHER}`,
  "iu",
);
const PLAIN_TIME = new RegExp(
  String.raw`${TARGET}\s+(?<loose>(?:on or|same day or|not|never|no)\s+)?(?:shortly\s+|some time\s+|sometime\s+|strictly\s+)?(?<way>after|later than|following|before|prior to|earlier than)\s+${OTHER}`,
  "iu",
);

function readTimes(text: string): RelatedPhrase | undefined {
  const match = DURATION.exec(text);
  const groups = match?.groups;
  if (groups !== undefined) {
    const [unit, factor] =
      UNITS[
        (groups["unit"] ?? "day")
          .toLowerCase()
          .replace(/s$/, "")
          .replace(/^calendar /, "")
      ] ?? (["D", 1] as const);
    const scaled = (value: string | undefined): number | undefined => {
      const number = value === undefined ? undefined : /^an?$/i.test(value) ? 1 : parseNumber(value);
      return number === undefined ? undefined : Math.max(0, Math.round(number * factor));
    };
    const from = scaled(groups["from"]);
    const to = scaled(groups["to"]);
    const few = groups["few"] === undefined ? undefined : factor;
    const min = from === undefined ? (scaled(groups["min"]) ?? few) : Math.min(from, to ?? from);
    const max =
      from === undefined
        ? (scaled(groups["max"]) ?? (few === undefined ? undefined : 7 * factor))
        : Math.max(from, to ?? from);
    return timeRelation(groups, { min, max, unit });
  }
  const plain = PLAIN_TIME.exec(text)?.groups;
  if (plain === undefined || isDateOrNumber(plain["other"] ?? "")) return undefined;
  return timeRelation(plain, {});
}

function timeRelation(
  groups: Readonly<Record<string, string | undefined>>,
  gap: { readonly min?: number | undefined; readonly max?: number | undefined; readonly unit?: DeltaUnit },
): RelatedPhrase | undefined {
  const { target = "", other = "", way = "", loose } = groups;
  if (isDateOrNumber(other)) return undefined;
  const isNegated = loose !== undefined && /not|never|no/i.test(loose);
  const isBefore = /before|prior|earlier|ahead/i.test(way) !== isNegated;
  const isLoose = loose !== undefined;
  return { phrase: target, relation: { kind: isBefore ? "before" : "after", other, ...gap, isLoose } };
}

function readFactor(text: string): RelatedPhrase | undefined {
  const groups = FACTOR.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { target = "", group = "", way = "", share, much } = groups;
  const isUp = /higher|larger|greater|bigger|longer|more/i.test(way);
  const change =
    share === undefined
      ? /slightly|bit/i.test(much ?? "")
        ? 0.15
        : much === undefined
          ? 0.5
          : 1
      : Number(share) / 100;
  return { phrase: target, relation: { kind: "factor", group, factor: isUp ? 1 + change : 1 / (1 + change) } };
}

function readCompare(text: string): RelatedPhrase | undefined {
  for (const [operator, words] of SIGNS) {
    const match = new RegExp(String.raw`${TARGET}\s*(?:\b|(?=[<>]))(?:${words})\s*${OTHER}`, "iu").exec(text);
    const { target = "", other = "" } = match?.groups ?? {};
    if (match === null || isDateOrNumber(other)) continue;
    return { phrase: target, relation: { kind: "compare", other, operator } };
  }
  return undefined;
}

function readDepends(text: string): RelatedPhrase | undefined {
  const match = DEPENDS.exec(text);
  const { target = "", other = "", lists } = match?.groups ?? {};
  if (match === null || isDateOrNumber(other) || target.split(" ").length > 5) return undefined;
  return { phrase: target, relation: { kind: "depends", other, lists: readLists(lists ?? "") } };
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
    ) || new RegExp(`^(?:${ANY_NUMBER})(?!\\p{L})`, "iu").test(text)
  );
}
