import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, it } from "vitest";

import type { Store } from "../../../server/store/store.ts";
import { startTestApp } from "../../support/test-app.ts";
import { openTestStorage } from "../../support/test-storage.ts";

it("forgets a webhook that was delivered before the store is closed", async () => {
  const receiver = createServer((_request, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => {
    receiver.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on TCP has an address object.
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const storage = await openTestStorage(undefined);
  const { checkpointer, guard, bus } = storage;
  const [deleting, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const runWebhooks: Store["runWebhooks"] = {
    ...storage.store.runWebhooks,
    async delete(runId) {
      deleting.resolve();
      await gate.promise;
      await storage.store.runWebhooks.delete(runId);
    },
  };
  const store: Store = { ...storage.store, runWebhooks };
  const env = { OUTBOUND_ALLOW_PRIVATE: "1" };
  const { app } = await startTestApp({ env, options: { store, checkpointer, guard, bus } });
  const payload = { assistant_id: "two_nodes", input: {}, webhook: url };
  await app.inject({ method: "POST", url: "/runs/wait", payload });
  await deleting.promise;
  let isClosed = false;
  const closing = app.close().then(() => (isClosed = true));
  // As far as it gets before the webhook is forgotten.
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  gate.resolve();
  await closing;
  expect(await storage.store.runWebhooks.claim("another", 10, [])).toEqual([]);
  await storage.close();
  receiver.close();
});
