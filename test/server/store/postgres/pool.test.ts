import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";

import { createPostgresPool } from "../../../../server/store/postgres/pool.ts";
import { type TestPostgres, hasPostgres, startTestPostgres } from "../../../support/postgres.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  if (hasPostgres()) postgres = await startTestPostgres();
});
afterAll(() => postgres?.stop());
afterEach(() => {
  vi.useRealTimers();
});

it.skipIf(!hasPostgres())("still answers who waited for a connection while the process was held up", async () => {
  const pool = createPostgresPool({ uri: await postgres.createSchema(), maxConnections: 1 });
  const client = await pool.connect();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const waiting = pool.query("select 1 as one");
  // As long as a lease: after that others have the runs of the process.
  vi.advanceTimersByTime(20_000);
  client.release();
  expect((await waiting).rows).toEqual([{ one: 1 }]);
  vi.useRealTimers();
  await pool.end();
});

it.skipIf(!hasPostgres())("has no statement compiled", async () => {
  const pool = createPostgresPool({ uri: await postgres.createSchema() });
  expect((await pool.query("show jit")).rows).toEqual([{ jit: "off" }]);
  await pool.end();
});
