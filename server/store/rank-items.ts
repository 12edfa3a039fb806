import { getTextAtPath } from "@langchain/langgraph-checkpoint";
import MiniSearch from "minisearch";

import type { StoredItem } from "./items.ts";

export interface ItemIndex {
  /** Vectors of an item's texts: of the fields named, of the configured ones, or of the whole value. */
  embedItem(value: Readonly<Record<string, unknown>>, fields?: readonly string[]): Promise<readonly Float32Array[]>;
  embedQuery(query: string): Promise<Float32Array>;
}

export interface ItemIndexOptions {
  /** One vector a text, in order; of any length. */
  readonly embed: (texts: readonly string[]) => Promise<readonly ArrayLike<number>[]>;
  /** Paths such as `title` or `chapters[*]`; `$` is the whole value. */
  readonly fields: readonly string[];
}

export interface RankedItem {
  readonly item: StoredItem;
  /** Cosine similarity of the best vector, or the share of the best score by words (0 to 1). */
  readonly score: number;
}

export function createItemIndex({ embed, fields }: ItemIndexOptions): ItemIndex {
  return {
    embedItem: async (value, named = fields) => {
      const texts = named.flatMap((field) => (field === "$" ? [JSON.stringify(value)] : getTextAtPath(value, field)));
      return texts.length === 0 ? [] : (await embed(texts)).map(toUnit);
    },
    embedQuery: async (query) => toUnit((await embed([query]))[0] ?? []),
  };
}

/**
 * Items by likeness to the query, best first; items that nothing speaks for come last, in their order. With vectors the
 * best vector of an item counts, without them its words.
 */
export async function rankItems(
  items: readonly StoredItem[],
  query: string,
  index: ItemIndex | undefined,
): Promise<readonly RankedItem[]> {
  const scores = index === undefined ? scoreByWords(items, query) : scoreByVector(items, await index.embedQuery(query));
  return items
    .map((item, at) => ({ item, score: scores[at] ?? 0 }))
    .toSorted((left, right) => right.score - left.score);
}

function scoreByVector(items: readonly StoredItem[], query: Float32Array): number[] {
  return items.map(({ vectors }) => Math.max(0, ...vectors.map((vector) => dot(vector, query))));
}

function scoreByWords(items: readonly StoredItem[], query: string): number[] {
  const search = new MiniSearch<{ id: number; text: string }>({ fields: ["text"] });
  search.addAll(items.map(({ value }, id) => ({ id, text: words(value) })));
  const scores = Array.from(items, () => 0);
  const hits = search.search(query, { prefix: true, fuzzy: 0.2 });
  const best = hits[0]?.score ?? 1;
  // The ids are the numbers that were added above.
  for (const { id, score } of hits) scores[id as number] = score / best;
  return scores;
}

function words(value: unknown): string {
  if (typeof value === "object" && value !== null) return Object.values(value).map(words).join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toUnit(vector: ArrayLike<number>): Float32Array {
  const result = Float32Array.from(vector);
  const length = Math.hypot(...result);
  return length === 0 ? result : result.map((part) => part / length);
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < left.length; at += 1) sum += (left[at] ?? 0) * (right[at] ?? 0);
  return sum;
}
