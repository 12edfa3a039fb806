import { afterEach, expect, it } from "vitest";

import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { startTestApp } from "../../support/test-app.ts";
import { openTestStorage } from "../../support/test-storage.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it("ends a run as its graph did although the database did not answer at first", async () => {
  const storage = await openTestStorage(undefined);
  closers.push(() => storage.close());
  const threadId = newUuid();
  let count = 0;
  const store: Store = {
    ...storage.store,
    transaction: async (work, options) => {
      if (options?.lock === threadId) count += 1;
      // The first one accepts the run, the second one is to end it.
      if (count === 2) throw new ServiceError("storage_failed", "no answer");
      return storage.store.transaction(work, options);
    },
  };
  const { checkpointer, guard, bus } = storage;
  const server = await startTestApp({ options: { store, checkpointer, guard, bus } });
  closers.push(() => server.close());
  const payload = { assistant_id: "two_nodes", input: { log: ["a"] }, if_not_exists: "create" };
  const { body } = await server.app.inject({ method: "POST", url: `/threads/${threadId}/runs/wait`, payload });
  expect(JSON.parse(body)).toEqual({ log: ["a", "first", "second"] });
  expect(count).toBe(3);
  expect(await storage.store.threads.get(threadId)).toMatchObject({ status: "idle", error: null });
});

it("leaves a run as it ended when only the answer to its last commit was lost", async () => {
  const storage = await openTestStorage(undefined);
  closers.push(() => storage.close());
  const threadId = newUuid();
  let count = 0;
  const store: Store = {
    ...storage.store,
    transaction: async (work, options) => {
      const result = await storage.store.transaction(work, options);
      if (options?.lock === threadId) count += 1;
      // The first one accepts the run, the second one ends it.
      if (options?.lock === threadId && count === 2)
        throw new ServiceError("storage_failed", "connection lost after the commit");
      return result;
    },
  };
  const { checkpointer, guard, bus } = storage;
  const server = await startTestApp({ options: { store, checkpointer, guard, bus } });
  closers.push(() => server.close());
  const payload = { assistant_id: "two_nodes", input: { log: ["a"] }, if_not_exists: "create" };
  const url = `/threads/${threadId}/runs/stream`;
  const { body } = await server.app.inject({ method: "POST", url, payload });
  expect(count).toBe(2);
  expect(body.match(/^event: .*$/gm)?.at(-1)).toBe("event: end");
  expect(await storage.store.threads.get(threadId)).toMatchObject({
    status: "idle",
    values: { log: ["a", "first", "second"] },
  });
});
