import MiniSearch from "minisearch";
import { stemmer } from "stemmer";

import type { IndexedIncident } from "./seed-incidents.ts";

export interface LexicalHit {
  readonly id: string;
  /** BM25+ with field boosts: positive, without an upper bound. */
  readonly score: number;
}

export interface LexicalIndex {
  add(incident: IndexedIncident): void;
  search(query: string): readonly LexicalHit[];
}

const STOP_WORDS = new Set(
  (
    "a about above after again against all am an and any are as at be because been before being below between both but by " +
    "can could did do does doing down during each few for from further get got had has have having he her here hers him his " +
    "how i if in into is it its just me more most my no nor not now of off on once only or other our out over own same she " +
    "should since so some such than that the their them then there these they this those through to too under until up us " +
    "very was we were what when where which while who why will with would you your"
  ).split(" "),
);

/** Words, numbers and identifiers such as `0x80`, `x16` or `error.802`; a compound also gives its parts. */
function tokenize(text: string): string[] {
  const tokens = text.toLowerCase().match(/[a-z0-9_]+(?:[.-][a-z0-9_]+)*/g) ?? [];
  return tokens.flatMap((token) => (/[.-]/.test(token) ? [token, ...token.split(/[.-]/)] : [token]));
}

/** Codes must stay as they are ("Xid 79", "802"); words are reduced to their Porter stem. */
function processTerm(token: string): string | null {
  if (STOP_WORDS.has(token)) return null;
  return /\d/.test(token) ? token : stemmer(token);
}

export function createLexicalIndex(incidents: readonly IndexedIncident[]): LexicalIndex {
  const index = new MiniSearch({
    fields: ["title", "symptoms", "cause", "terms", "steps"],
    tokenize,
    processTerm,
    searchOptions: {
      boost: { title: 2, terms: 2, symptoms: 1.5, steps: 0.3 },
      prefix: (term) => term.length > 4,
      fuzzy: (term) => (term.length > 6 && !/\d/.test(term) ? 0.15 : false),
    },
  });
  const add = (incident: IndexedIncident): void => {
    index.add({
      id: incident.id,
      title: incident.title,
      symptoms: incident.symptoms,
      cause: incident.root_cause,
      terms: incident.search_terms.join(" ; "),
      steps: incident.remediation.join(". "),
    });
  };
  for (const incident of incidents) add(incident);
  return {
    add,
    // The ids are the strings given to `add`.
    search: (query) => index.search(query).map(({ id, score }) => ({ id: id as string, score })),
  };
}
