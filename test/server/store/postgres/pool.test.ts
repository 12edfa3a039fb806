import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";

import { createPostgresPool, withClient } from "../../../../server/store/postgres/pool.ts";
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

it.skipIf(!hasPostgres())("fails the work whose connection breaks, and goes on with another one", async () => {
  const pool = createPostgresPool({ uri: await postgres.createSchema(), maxConnections: 1 });
  const work = withClient(pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const ending = postgres.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    return Promise.all([client.query("select pg_sleep(60)"), ending]);
  });
  await expect(work).rejects.toThrow(/terminat/i);
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

it.skipIf(!hasPostgres())("keeps nothing of a transaction whose work fails, nor its lock", async () => {
  const uri = await postgres.createSchema();
  const [pool, other] = [createPostgresPool({ uri, maxConnections: 1 }), createPostgresPool({ uri })];
  await other.query("create table numbers (n integer)");
  const work = withClient(pool, async (client) => {
    await client.query("begin");
    await client.query("select pg_advisory_lock(1)");
    await client.query("insert into numbers values (1)");
    throw new Error("the work failed");
  });
  await expect(work).rejects.toThrow("the work failed");
  await withClient(other, (client) => client.query("select pg_advisory_lock(1)"));
  expect((await pool.query("select n from numbers")).rows).toEqual([]);
  await Promise.all([pool.end(), other.end()]);
});
