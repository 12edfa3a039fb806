import type { Store } from "../store/store.ts";
import { currentAccess } from "./access.ts";
import type { AuthResource } from "./custom-auth.ts";
import { type AuthFilter, isVisible, narrowSearch } from "./filters.ts";

type Metadata = Readonly<Record<string, unknown>>;

interface Searchable<
  Found extends { readonly metadata: Metadata },
  Filter extends { readonly metadata?: Metadata },
  Page,
> {
  get(id: string): Promise<Found | undefined>;
  search(filter: Filter, page: Page): Promise<readonly Found[]>;
  count(filter: Filter): Promise<number>;
}

const BATCH_SIZE = 1_000;

/**
 * The store as routes see it: what the access of the request hides is not there, whatever asks for it. Outside a request,
 * and where no handler gave a filter, it is the store itself.
 */
export function guardStore(store: Store): Store {
  return {
    ...store,
    threads: {
      ...store.threads,
      ...guard("threads", store.threads),
      insert: (thread) => {
        const stamp = currentAccess()?.stamp ?? {};
        return store.threads.insert({ ...thread, metadata: { ...thread.metadata, ...stamp } });
      },
    },
    assistants: { ...store.assistants, ...guard("assistants", store.assistants) },
    crons: { ...store.crons, ...guard("crons", store.crons) },
    runs: {
      ...store.runs,
      get: async (runId) => {
        const run = await store.runs.get(runId);
        return run === undefined || (await canSeeRun(store, run)) ? run : undefined;
      },
      unfinished: async () => {
        const found = await store.runs.unfinished();
        const seen = await Promise.all(found.map((run) => canSeeRun(store, run)));
        return found.filter((_, index) => seen[index]);
      },
    },
  };
}

function guard<
  Found extends { readonly metadata: Metadata },
  Filter extends { readonly metadata?: Metadata },
  Page extends { readonly limit: number; readonly offset: number },
>(resource: AuthResource, table: Searchable<Found, Filter, Page>): Searchable<Found, Filter, Page> {
  const filters = (): readonly AuthFilter[] => currentAccess()?.filters[resource] ?? [];

  /** Everything visible, for filters that the store cannot search by. */
  async function* visible(filter: Filter, page: Page, active: readonly AuthFilter[]): AsyncGenerator<Found> {
    for (let offset = 0; ; offset += BATCH_SIZE) {
      const found = await table.search(filter, { ...page, limit: BATCH_SIZE, offset });
      for (const item of found) if (isVisible(item.metadata, active)) yield item;
      if (found.length < BATCH_SIZE) return;
    }
  }

  return {
    async get(id) {
      const found = await table.get(id);
      return found === undefined || isVisible(found.metadata, filters()) ? found : undefined;
    },
    async search(filter, page) {
      const active = filters();
      const narrowed = narrowSearch(filter.metadata, active);
      if (narrowed === undefined) return [];
      const { metadata, hasLists } = narrowed;
      if (!hasLists) return table.search({ ...filter, metadata }, page);
      const wanted: Found[] = [];
      let skipped = 0;
      for await (const item of visible({ ...filter, metadata }, page, active)) {
        if (skipped < page.offset) skipped += 1;
        else wanted.push(item);
        if (wanted.length >= page.limit) break;
      }
      return wanted;
    },
    async count(filter) {
      const active = filters();
      const narrowed = narrowSearch(filter.metadata, active);
      if (narrowed === undefined) return 0;
      const { metadata, hasLists } = narrowed;
      if (!hasLists) return table.count({ ...filter, metadata });
      let total = 0;
      // Any order will do for counting, but batches need one; every table can be ordered by the time of creation.
      const page = { limit: 0, offset: 0, sortBy: "created_at", sortOrder: "asc" } as unknown as Page;
      for await (const _ of visible({ ...filter, metadata }, page, active)) total += 1;
      return total;
    },
  };
}

/** A run is its thread's; one without a stored thread shows by its own metadata. */
async function canSeeRun(
  store: Store,
  run: { readonly threadId: string; readonly metadata: Metadata },
): Promise<boolean> {
  const { threads = [] } = currentAccess()?.filters ?? {};
  if (threads.length === 0) return true;
  return isVisible(((await store.threads.get(run.threadId)) ?? run).metadata, threads);
}
