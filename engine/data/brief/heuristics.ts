/** Columns for names that the lexicon does not know: what the words of a name usually mean. */
import type { DraftColumn } from "../design/draft.ts";
import type { FieldKind } from "./lexicon/types.ts";
import { normaliseWords } from "./lexicon/words.ts";
import { expressionColumn, integerColumn, numberColumn, sampler, textColumn } from "./columns.ts";
import type { Measure } from "./measures.ts";
import { readMeasure } from "./measures.ts";
import { type NameRule, NAME_RULES } from "./name-rules.ts";

export interface Guess {
  readonly kind: FieldKind;
  /** The column; `helpers` stand before it and are dropped. */
  readonly column: DraftColumn;
  readonly helpers: readonly DraftColumn[];
  /** For people: what was assumed. */
  readonly note: string;
}

/** The note of a column whose name means nothing known. */
export const TEXT_NOTE = "short texts of the text model";

/** Something for any name: words with a known meaning decide, and short texts are written for the others. */
export function guessColumn(name: string, phrase: string): Guess {
  const words = normaliseWords(phrase).join(" ") || name.replaceAll("_", " ").toLowerCase();
  const raw = phrase.replaceAll(/[_-]+/g, " ").toLowerCase();
  const counted = /\b(?:number|count|amount|num|nr|no)\b/.test(raw) ? countGuess(name, words) : undefined;
  const person = counted ?? personGuess(name, words);
  if (person !== undefined) return person;
  const measure = readMeasure(phrase);
  if (measure !== undefined) return measureGuess(name, measure);
  const rule = ruleOf(words, raw);
  if (rule === undefined) return { kind: "text", column: textColumn(name, ""), helpers: [], note: TEXT_NOTE };
  return { kind: rule.kind, column: rule.make(name), helpers: [], note: rule.note };
}

function ruleOf(words: string, raw: string): NameRule | undefined {
  return NAME_RULES.find(
    (one) => one.words.test(words) || ((one.kind === "boolean" || one.note === "1 to 30") && one.words.test(raw)),
  );
}

/** Not counted one by one: "miles per gallon". */
const UNITS =
  /^(?:mile|km|kilomet(?:er|re)|met(?:er|re)|gallon|lit(?:er|re)|gram|kg|tonne|ton|calorie|kwh|watt|gb|mb|kb|byte|dollar|euro|point)$/;

/** What is measured decides where its name says a number; else things are counted, and units of time are a few. */
function measureGuess(name: string, { of, unit }: Measure): Guess {
  const words = normaliseWords(of);
  const rule = ruleOf(words.join(" "), of.toLowerCase());
  const isNumber = rule !== undefined && ["integer", "number", "money"].includes(rule.kind);
  const guess = (kind: FieldKind, column: DraftColumn, note: string): Guess => ({ kind, column, helpers: [], note });
  if (unit === "time") return guess("integer", integerColumn(name, 1, 30), "1 to 30");
  if (isNumber) return guess(rule.kind, rule.make(name), rule.note);
  const isCounted = /[^s]s$|^(?:children|people)$/i.test(of.split(/\s+/).at(-1) ?? "");
  if (isCounted && !UNITS.test(words.at(-1) ?? ""))
    return guess("integer", sampler(name, "poisson", { mean: 4 }), "whole numbers around 4");
  return guess("number", numberColumn(name, 0, 100, 1), "0 to 100");
}

/** "dungeon master name", "shipping city": parts of a person of its own. */
const PERSON_PARTS: readonly (readonly [RegExp, (person: string) => string])[] = [
  [/\bfirst name$/, (person) => `{{ ${person}.first_name }}`],
  [/\b(?:last name|surname|family name)$/, (person) => `{{ ${person}.last_name }}`],
  [
    /\b(?:e mail|email|email address|mail address)$/,
    (person) => `{{ ${person}.first_name | lower }}.{{ ${person}.last_name | lower }}@example.com`,
  ],
  [/\b(?:phone|phone number|telephone|mobile|mobile number)$/, (person) => `{{ ${person}.phone_number }}`],
  [/\b(?:city|town|capital|hometown|birthplace)$/, (person) => `{{ ${person}.city }}`],
  [
    /\b(?:address|street)$/,
    (person) => `{{ ${person}.street_number }} {{ ${person}.street_name }}, {{ ${person}.city }}`,
  ],
  [
    /\b(?:full name|person|owner|author|manager|customer|patient|employee|user|client|contact|reviewer|doctor|teacher|student|driver|agent|seller|buyer|wizard|hero|director|actor|actress|singer|artist|composer|chef|coach|pilot|nurse|mother|father|parent|spouse|founder|ceo|winner|speaker|instructor|supervisor|captain|lawyer|judge|editor|translator|photographer|witness|tenant|landlord|(?:customer|patient|employee|user|client|owner|author|manager|contact|person|driver|agent|seller|buyer|doctor|student|teacher|player|member|guest|passenger) name)$|^name$/,
    (person) => `{{ ${person}.first_name }} {{ ${person}.last_name }}`,
  ],
];

/** Many people at a time, not somebody's name. */
function countGuess(name: string, words: string): Guess | undefined {
  if (
    !/\b(?:student|pupil|employee|member|user|customer|patient|teacher|visitor|subscriber|worker|resident|passenger|follower|player|participant|attendee|guest)\b/.test(
      words,
    )
  )
    return undefined;
  const params = { dist_name: "lognorm", dist_params: { s: 0.8, scale: 300 } };
  const column = sampler(name, "scipy", params, "int");
  return { kind: "integer", column, helpers: [], note: "whole numbers, mostly in the hundreds" };
}

function personGuess(name: string, words: string): Guess | undefined {
  const part = PERSON_PARTS.find(([pattern]) => pattern.test(words));
  if (part === undefined) return undefined;
  const helper = `${name}_person`;
  const person = { ...sampler(helper, "person_from_faker", { locale: "en_US" }), drop: true };
  return {
    kind: "person",
    column: expressionColumn(name, part[1](helper), "str"),
    helpers: [person],
    note: "of made-up people",
  };
}
