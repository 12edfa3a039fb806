import { z } from "zod";

import domains from "../../../../seeds/brief/domains.json" with { type: "json" };
import basics from "../../../../seeds/brief/fields/basics.json" with { type: "json" };
import { DomainEntry, FieldEntry } from "./types.ts";
import { normaliseWords } from "./words.ts";

const FieldFile = z.object({ origin: z.string(), fields: z.array(FieldEntry) });

/** Every field that a brief can name, in the order of the files. */
export const FIELDS: readonly FieldEntry[] = [basics].flatMap((file) => FieldFile.parse(file).fields);
const FIELDS_BY_ID: ReadonlyMap<string, FieldEntry> = new Map(FIELDS.map((field) => [field.id, field]));

/** Every domain; of two that a text fits equally well the first one counts. */
export const DOMAINS: readonly DomainEntry[] = z.array(DomainEntry).parse(domains.domains);

/** Fields by their phrases; a phrase may mean several fields, of which a domain picks its own. */
const FIELDS_BY_PHRASE = indexFields();

function indexFields(): ReadonlyMap<string, readonly FieldEntry[]> {
  const index = new Map<string, FieldEntry[]>();
  for (const field of FIELDS) {
    for (const phrase of new Set(field.words.map((words) => phraseKey(normaliseWords(words))))) {
      index.set(phrase, [...(index.get(phrase) ?? []), field]);
    }
  }
  return index;
}

/** Word order does not matter: "date of birth" is "birth date". */
function phraseKey(words: readonly string[]): string {
  return [...words].sort().join(" ");
}

export function fieldById(id: string): FieldEntry | undefined {
  return FIELDS_BY_ID.get(id);
}

/** The default fields of a domain, in order. */
export function fieldsOf(domain: DomainEntry): FieldEntry[] {
  return domain.fields.flatMap((id) => FIELDS_BY_ID.get(id) ?? []);
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
    const found = FIELDS_BY_PHRASE.get(phraseKey(words.slice(start)));
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

/**
 * The domain that a text speaks of: the one with the longest phrase whose words all stand in the text, in any order;
 * of equal ones that whose words stand together, then the first in the text.
 */
export function findDomain(text: string): DomainEntry | undefined {
  const words = normaliseWords(text.replaceAll(/\bin order to\b/gi, " "));
  let best: { readonly domain: DomainEntry; readonly score: readonly number[] } | undefined;
  for (const domain of DOMAINS) {
    for (const phrase of domain.words) {
      const score = scorePhrase(normaliseWords(phrase), words);
      if (score !== undefined && (best === undefined || isHigher(score, best.score))) best = { domain, score };
    }
  }
  return best?.domain;
}

/** Number of words, whether they stand together, letters, earliness; undefined when a word is missing. */
function scorePhrase(phrase: readonly string[], words: readonly string[]): number[] | undefined {
  const places = phrase.map((word) => words.indexOf(word));
  if (places.length === 0 || places.includes(-1)) return undefined;
  const isTogether = Math.max(...places) - Math.min(...places) === phrase.length - 1;
  return [phrase.length, isTogether ? 1 : 0, phrase.join("").length, -Math.min(...places)];
}

function isHigher(left: readonly number[], right: readonly number[]): boolean {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
}
