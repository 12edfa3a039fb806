import { z } from "zod";

import domains from "../../../../seeds/brief/domains.json" with { type: "json" };
import basics from "../../../../seeds/brief/fields/basics.json" with { type: "json" };
import commerce from "../../../../seeds/brief/fields/commerce.json" with { type: "json" };
import datacenter from "../../../../seeds/brief/fields/datacenter.json" with { type: "json" };
import devices from "../../../../seeds/brief/fields/devices.json" with { type: "json" };
import finance from "../../../../seeds/brief/fields/finance.json" with { type: "json" };
import health from "../../../../seeds/brief/fields/health.json" with { type: "json" };
import insuranceLaw from "../../../../seeds/brief/fields/insurance-law.json" with { type: "json" };
import leisure from "../../../../seeds/brief/fields/leisure.json" with { type: "json" };
import marketing from "../../../../seeds/brief/fields/marketing.json" with { type: "json" };
import people from "../../../../seeds/brief/fields/people.json" with { type: "json" };
import places from "../../../../seeds/brief/fields/places.json" with { type: "json" };
import software from "../../../../seeds/brief/fields/software.json" with { type: "json" };
import transport from "../../../../seeds/brief/fields/transport.json" with { type: "json" };
import work from "../../../../seeds/brief/fields/work.json" with { type: "json" };
import { DomainEntry, FieldEntry } from "./types.ts";
import { normaliseWords } from "./words.ts";

const FieldFile = z.object({ origin: z.string(), fields: z.array(FieldEntry) });

/** What is general comes first: of several fields with the same phrase the first one counts. */
const FILES = [
  basics,
  people,
  places,
  commerce,
  finance,
  insuranceLaw,
  health,
  work,
  software,
  marketing,
  devices,
  transport,
  leisure,
  datacenter,
];
interface Lexicon {
  readonly fields: readonly FieldEntry[];
  readonly fieldsById: ReadonlyMap<string, FieldEntry>;
  /** Fields by their phrases; a phrase may mean several fields, of which a domain picks its own. */
  readonly fieldsByPhrase: ReadonlyMap<string, readonly FieldEntry[]>;
  readonly domains: readonly DomainEntry[];
  readonly domainPhrases: readonly { readonly domain: DomainEntry; readonly phrase: readonly string[] }[];
}

let read: Lexicon | undefined;

/** Read when it is first asked for: a service that designs nothing does not pay for it. */
function lexicon(): Lexicon {
  read ??= readLexicon();
  return read;
}

function readLexicon(): Lexicon {
  const all = FILES.flatMap((file) => FieldFile.parse(file).fields);
  const entries = z.array(DomainEntry).parse(domains.domains);
  return {
    fields: all,
    fieldsById: new Map(all.map((field) => [field.id, field])),
    fieldsByPhrase: indexFields(all),
    domains: entries,
    domainPhrases: entries.flatMap((domain) =>
      domain.words.map((words) => ({ domain, phrase: normaliseWords(words) })),
    ),
  };
}

/** Every field that a brief can name. */
export function allFields(): readonly FieldEntry[] {
  return lexicon().fields;
}

/** Every domain; of two that a text fits equally well the first one counts. */
export function allDomains(): readonly DomainEntry[] {
  return lexicon().domains;
}

function indexFields(fields: readonly FieldEntry[]): ReadonlyMap<string, readonly FieldEntry[]> {
  const index = new Map<string, FieldEntry[]>();
  for (const field of fields) {
    const named = phraseKey(normaliseWords(field.id));
    for (const phrase of new Set(field.words.map((words) => phraseKey(normaliseWords(words))))) {
      const known = index.get(phrase) ?? [];
      // A phrase that is a field's very name means that field before all others.
      index.set(phrase, phrase === named ? [field, ...known] : [...known, field]);
    }
  }
  return index;
}

/** Word order does not matter: "date of birth" is "birth date". */
function phraseKey(words: readonly string[]): string {
  return [...words].sort().join(" ");
}

export function fieldById(id: string): FieldEntry | undefined {
  return lexicon().fieldsById.get(id);
}

/** The default fields of a domain, in order. */
export function fieldsOf(domain: DomainEntry): FieldEntry[] {
  return domain.fields.flatMap((id) => lexicon().fieldsById.get(id) ?? []);
}

export interface FieldMatch {
  readonly field: FieldEntry;
  /** The whole phrase means the field; else only its last words do, as "warranty status" is a status. */
  readonly isExact: boolean;
}

/**
 * The field that a phrase means: the whole phrase, else its longest end that means one, since in English the thing
 * itself stands last. Of several, one of the domain, else the first of the list.
 */
export function matchField(phrase: string, options: { readonly domain?: DomainEntry } = {}): FieldMatch | undefined {
  const words = normaliseWords(phrase);
  for (let start = 0; start < words.length; start += 1) {
    const found = lexicon().fieldsByPhrase.get(phraseKey(words.slice(start)));
    if (found === undefined) continue;
    const field = found.find(({ id }) => options.domain?.fields.includes(id)) ?? found[0];
    if (field !== undefined) return { field, isExact: start === 0 };
  }
  return undefined;
}

/** The field of `matchField`. */
export function findField(phrase: string, options: { readonly domain?: DomainEntry } = {}): FieldEntry | undefined {
  return matchField(phrase, options)?.field;
}

/** What follows these words tells the columns; what comes before, the subject. */
const COLUMNS_FOLLOW =
  /\b(?:with|containing|contains?|including|includes?|having|columns?|fields?|where|whose|each has)\b|[:;\n]/i;

/**
 * The domain that a text speaks of: the one with the longest phrase whose words all stand in the text, in any order;
 * of equal ones that whose words stand closest, then the first in the text. What comes before a list of columns
 * counts first: "invoices with customer and credit score" are invoices.
 */
export function findDomain(text: string): DomainEntry | undefined {
  const told = text.replaceAll(/\bin order to\b/gi, " ");
  const [head = ""] = told.split(COLUMNS_FOLLOW, 1);
  return bestDomain(normaliseWords(head)) ?? bestDomain(normaliseWords(told));
}

function bestDomain(words: readonly string[]): DomainEntry | undefined {
  let best: { readonly domain: DomainEntry; readonly score: readonly number[] } | undefined;
  for (const { domain, phrase } of lexicon().domainPhrases) {
    const score = scorePhrase(phrase, words);
    if (score !== undefined && (best === undefined || isHigher(score, best.score))) best = { domain, score };
  }
  return best?.domain;
}

/** Number of words, how close they stand, earliness, letters; undefined when a word is missing. */
function scorePhrase(phrase: readonly string[], words: readonly string[]): number[] | undefined {
  const places = phrase.map((word) => words.indexOf(word));
  if (places.length === 0 || places.includes(-1)) return undefined;
  const first = Math.min(...places);
  const strangers = Math.max(...places) - first + 1 - phrase.length;
  return [phrase.length, -strangers, -first, phrase.join("").length];
}

function isHigher(left: readonly number[], right: readonly number[]): boolean {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
}
