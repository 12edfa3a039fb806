import { afterAll, beforeAll, describe } from "vitest";

import type { Storage } from "../../server/store/open-storage.ts";
import { describeAssistants } from "./store/assistants.ts";
import { describeCrons } from "./store/crons.ts";
import { describeItems } from "./store/items.ts";
import { describeRunOwnership } from "./store/run-ownership.ts";
import { describeRuns } from "./store/runs.ts";
import { describeThreadEvents } from "./store/thread-events.ts";
import { describeThreads } from "./store/threads.ts";
import { describeTransactions } from "./store/transactions.ts";

/** What the service expects of its store, on every engine. */
export function describeStore(name: string, open: () => Promise<Storage>): void {
  describe(`the store on ${name}`, () => {
    let storage: Storage;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());

    const store = () => storage.store;
    describeAssistants(store);
    describeThreads(store);
    describeThreadEvents(store);
    describeRuns(store);
    describeRunOwnership(store);
    describeItems(store);
    describeCrons(store);
    describeTransactions(store);
  });
}
