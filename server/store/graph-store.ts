import {
  BaseStore,
  type GetOperation,
  type Item,
  type ListNamespacesOperation,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
  validateNamespace,
} from "@langchain/langgraph-checkpoint";

import type { Clock } from "../../lib/clock.ts";
import type { ItemStore, StoredItem } from "./items.ts";
import { type ItemIndex, rankItems } from "./rank-items.ts";

export interface GraphStoreOptions {
  readonly items: ItemStore;
  readonly clock: Clock;
  /** Vectors for queries in words; without it they are ranked by their words. */
  readonly index?: ItemIndex;
  readonly ttl?: StoreTtl;
}

export interface StoreTtl {
  /** Minutes for items that name no other time; null keeps them. */
  readonly defaultMinutes: number | null;
  /** Reading starts the time anew. */
  readonly isRefreshedOnRead: boolean;
}

/** What the HTTP routes can ask for beyond LangGraph's interface. */
export interface PutOptions {
  readonly index?: false | readonly string[];
  /** Minutes; null keeps the item, undefined takes the default. */
  readonly ttlMinutes?: number | null;
}

/** Items that a ranked query looks at; more are left out, those changed last are kept. */
const MAX_RANKED = 20_000;

/** The service's long-term store as graphs see it (`config.store`), and as the HTTP routes use it. */
export class GraphStore extends BaseStore {
  readonly #options: GraphStoreOptions;

  constructor(options: GraphStoreOptions) {
    super();
    this.#options = options;
  }

  /** Several operations, one after the other: a later one sees what an earlier one wrote. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results: unknown[] = [];
    for (const operation of operations) results.push(await this.#run(operation));
    // One result an operation, of the kind that the operation gives.
    return results as OperationResults<Op>;
  }

  #run(operation: Operation): Promise<unknown> {
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("value" in operation) return this.#put(operation);
    if ("key" in operation) return this.#get(operation);
    return this.#listNamespaces(operation);
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    return this.getItem(namespace, key);
  }

  async #put({ namespace, key, value, index }: PutOperation): Promise<void> {
    if (value === null) await this.#options.items.delete(namespace, key);
    else await this.putItem(namespace, key, value, index === undefined ? {} : { index });
  }

  async #search({ namespacePrefix, filter, limit = 10, offset = 0, query }: SearchOperation): Promise<SearchItem[]> {
    return this.searchItems(namespacePrefix, { limit, offset, filter, query });
  }

  async #listNamespaces({ matchConditions = [], maxDepth, limit, offset }: ListNamespacesOperation) {
    const path = (type: "prefix" | "suffix"): readonly string[] =>
      matchConditions.find(({ matchType }) => matchType === type)?.path ?? [];
    const { items, clock } = this.#options;
    return items.namespaces(
      {
        prefix: path("prefix"),
        suffix: path("suffix"),
        limit,
        offset,
        ...(maxDepth === undefined ? {} : { maxDepth }),
      },
      clock.now(),
    );
  }

  async getItem(namespace: readonly string[], key: string, isRefreshed?: boolean): Promise<Item | null> {
    const { items, clock } = this.#options;
    const found = await items.get(namespace, key, clock.now());
    if (found === undefined) return null;
    await this.#refresh([found], isRefreshed);
    return toItem(found);
  }

  async putItem(
    namespace: readonly string[],
    key: string,
    value: Readonly<Record<string, unknown>>,
    { index: fields, ttlMinutes }: PutOptions = {},
  ): Promise<void> {
    validateNamespace([...namespace]);
    const { items, clock, index, ttl } = this.#options;
    const vectors = index === undefined || fields === false ? [] : await index.embedItem(value, fields);
    const minutes = ttlMinutes === undefined ? (ttl?.defaultMinutes ?? null) : ttlMinutes;
    await items.put({ namespace, key, value, ttlMinutes: minutes, vectors }, clock.now());
  }

  async searchItems(
    prefix: readonly string[],
    {
      limit,
      offset,
      filter,
      query,
      isRefreshed,
    }: {
      limit: number;
      offset: number;
      filter?: Readonly<Record<string, unknown>>;
      query?: string;
      isRefreshed?: boolean;
    },
  ): Promise<SearchItem[]> {
    const { items, clock, index } = this.#options;
    const parts = { prefix, ...(filter === undefined ? {} : { filter }) };
    const isRanked = query !== undefined && query.trim() !== "";
    const page = isRanked ? { limit: MAX_RANKED, offset: 0 } : { limit, offset };
    const found = await items.search({ ...parts, ...page }, clock.now());
    if (!isRanked) {
      await this.#refresh(found, isRefreshed);
      return found.map(toItem);
    }
    const ranked = (await rankItems(found, query, index)).slice(offset, offset + limit);
    await this.#refresh(
      ranked.map(({ item }) => item),
      isRefreshed,
    );
    return ranked.map(({ item, score }) => ({ ...toItem(item), score }));
  }

  async #refresh(found: readonly StoredItem[], isRefreshed: boolean | undefined): Promise<void> {
    const { items, clock, ttl } = this.#options;
    if (isRefreshed ?? ttl?.isRefreshedOnRead ?? true) await items.touch(found, clock.now());
  }
}

function toItem({ namespace, key, value, createdAtMs, updatedAtMs }: StoredItem): Item {
  return {
    namespace: [...namespace],
    key,
    value: { ...value },
    createdAt: new Date(createdAtMs),
    updatedAt: new Date(updatedAtMs),
  };
}
