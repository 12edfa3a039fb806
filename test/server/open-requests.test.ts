import { type FastifyPluginCallback } from "fastify";
import { expect, it } from "vitest";

import { createManualClock } from "../support/manual-clock.ts";
import { startTestApp } from "../support/test-app.ts";
import { openTestStorage } from "../support/test-storage.ts";

it("closes when the requests that it has taken are answered, whose handlers find the store open until then", async () => {
  const storage = await openTestStorage(undefined);
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.get("/slow", async () => {
      reached.resolve();
      await gate.promise;
      return { threads: await storage.store.threads.count({}) };
    });
    done();
  };
  const { checkpointer, guard, bus, store } = storage;
  const options = { store, checkpointer, guard, bus, plugins: [plugin] };
  const { app } = await startTestApp({ clock: createManualClock(), options });
  const get = async (url: string) => app.inject(url);
  const slow = get("/slow");
  await reached.promise;
  let isClosed = false;
  const closing = app.close().then(async () => {
    isClosed = true;
    await storage.close();
  });
  // As far as it gets without the answer.
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  gate.resolve();
  expect((await slow).json()).toEqual({ threads: 0 });
  await closing;
});
