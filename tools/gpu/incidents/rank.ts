import type { LexicalHit } from "./lexical.ts";

/**
 * How words, meaning and XIDs become one order. Pure, so that the numbers below can be measured apart from any index.
 *
 * Weighted scores beat reciprocal rank fusion here (tuning set: hit@1 0.93 against 0.80), because a lexical score that
 * stands far above the rest is worth more than its rank says. The weights and thresholds were set on the tuning half
 * of the query set and are reported on the other half.
 */
const DENSE_WEIGHT = 0.7;
/** Added to the best lexical score before scaling, so that a poor best match does not count as a full one. */
const LEXICAL_FLOOR = 5;
/** Lexical score at which words alone are half convincing; used only to decide whether anything matched at all. */
const LEXICAL_HALF = 60;
/** Least mean of the cosine and the saturated lexical score of a match; without dense vectors of the latter alone. */
const CLOSE_MATCH = 0.44;
const CLOSE_LEXICAL_MATCH = 0.36;
/** Once something matched, the runners-up are shown down to this share of the bar. */
const RUNNER_UP_SHARE = 0.6;

export interface RankInput {
  readonly ids: readonly string[];
  readonly lexical: readonly LexicalHit[];
  /** Best cosine similarity per incident; absent when dense vectors are off. */
  readonly dense?: ReadonlyMap<string, number>;
  /** Incidents that name an XID of the query, with how many they name. */
  readonly byXid: ReadonlyMap<string, number>;
}

export interface Ranked {
  readonly id: string;
  /** 0 to 1. */
  readonly similarity: number;
  readonly matchedBy: readonly ("xid" | "dense" | "lexical")[];
}

/** Best first; only incidents with enough evidence. An empty answer means that nothing came close. */
export function rankIncidents({ ids, lexical, dense, byXid }: RankInput): readonly Ranked[] {
  const bestLexical = lexical[0]?.score ?? 0;
  const lexicalById = new Map(lexical.map(({ id, score }) => [id, score]));
  const bar = dense ? CLOSE_MATCH : CLOSE_LEXICAL_MATCH;
  const candidates = ids.map((id) => {
    const words = lexicalById.get(id) ?? 0;
    const cosine = Math.max(0, dense?.get(id) ?? 0);
    const saturated = words / (words + LEXICAL_HALF);
    const named = byXid.get(id) ?? 0;
    const relative = words / (bestLexical + LEXICAL_FLOOR);
    const matchedBy: Ranked["matchedBy"] = [
      ...(named > 0 ? (["xid"] as const) : []),
      ...(dense && cosine >= CLOSE_MATCH ? (["dense"] as const) : []),
      ...(words > 0 ? (["lexical"] as const) : []),
    ];
    return {
      id,
      named,
      // An XID in common outranks everything; among those the words decide.
      order: named + (dense ? DENSE_WEIGHT * cosine + (1 - DENSE_WEIGHT) * relative : relative),
      evidence: dense ? (cosine + saturated) / 2 : saturated,
      similarity: Math.round((dense ? cosine : saturated) * 1_000) / 1_000,
      matchedBy,
    };
  });
  const hasMatch = candidates.some(({ named, evidence }) => named > 0 || evidence >= bar);
  if (!hasMatch) return [];
  return candidates
    .filter(({ named, evidence }) => named > 0 || evidence >= bar * RUNNER_UP_SHARE)
    .sort((left, right) => right.order - left.order || left.id.localeCompare(right.id))
    .map(({ id, similarity, matchedBy }) => ({ id, similarity, matchedBy }));
}

/** XIDs a question names: `xid 79`, `Xid: 48 and 63`, `XIDs 48, 63`, `Xid (PCI:…): 79`. */
export function xidsInQuery(query: string): readonly number[] {
  const found = new Set<number>();
  for (const match of query.matchAll(
    /\bxids?\b(?:\s*\(pci:[0-9a-f:.]+\))?[\s:#=]*((?:\d{1,3}\b(?:\s*(?:(?:,|and|then|\+|&|\/)\s*)+(?:xid\s*)?)?)+)/gi,
  )) {
    for (const number of match[1]?.match(/\d{1,3}/g) ?? []) found.add(Number(number));
  }
  return [...found];
}
