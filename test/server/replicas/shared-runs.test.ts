import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type TestPostgres, hasPostgres, startTestPostgres } from "../../support/postgres.ts";
import {
  LOG,
  type ReplicaOptions,
  type Stage,
  type TestReplica,
  createStage,
  join,
  logOf,
  request,
  startReplica,
  startRun,
  stateLog,
  statusOf,
  untilDone,
} from "./apps.ts";

describe.skipIf(!hasPostgres())("replicas on one Postgres", () => {
  let postgres: TestPostgres;
  let uri: string;
  let stage: Stage;
  const replicas: TestReplica[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    uri = await postgres.createSchema();
    stage = createStage();
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.close()));
    await postgres.dropSchema(uri);
  });

  const start = async (name: string, options: Partial<ReplicaOptions> = {}): Promise<TestReplica> => {
    const replica = await startReplica({ name, uri, stage, ...options });
    replicas.push(replica);
    return replica;
  };
  /** Frames of a run as one replica streams them. */
  const read = async ({ url }: TestReplica, path: string): Promise<string> => {
    const response = await fetch(`${url}${path}/stream`, { headers: { "last-event-id": "-1" } });
    return (await response.text()).replace(/^:.*\n\n/gm, "");
  };
  const executedBy = (op: string): string[] =>
    stage.done.filter((entry) => entry.includes(` ${op}:`)).map((entry) => entry.split(" ")[0] ?? "");

  it("hear of cancels, ends and events also when every message is lost", async () => {
    const [first, second] = [await start("first", { isDeaf: true }), await start("second", { isDeaf: true })];
    const stopped = await startRun(first, "stopped", { hold: "hold" });
    const followed = await startRun(first, "followed", { hold: "hold" });
    await untilDone(stage, "first stopped:b");
    await untilDone(stage, "first followed:b");
    expect((await request(second, "POST", `${stopped.path}/cancel?wait=true`)).status).toBe(204);
    expect(await statusOf(second, stopped)).toBe("interrupted");
    const [reading, joining] = [read(second, followed.path), join(second, followed)];
    stage.open("followed");
    expect(await join(first, followed)).toMatchObject({ log: logOf("followed") });
    // Also by one that follows the run and has not heard of its end.
    for (const { path } of [stopped, followed]) {
      for (const replica of [first, second]) {
        expect((await request(replica, "POST", `${path}/cancel`)).status).toBe(409);
        expect((await request(replica, "POST", `${path}/cancel?wait=true&action=rollback`)).status).toBe(409);
      }
    }
    expect(await joining).toMatchObject({ log: logOf("followed") });
    expect(await reading).toBe(await read(first, followed.path));
  });

  it("go on hearing of each other when their connections for it break", async () => {
    const [first, second] = [await start("first"), await start("second")];
    const run = await startRun(first, "one", { hold: "hold" });
    await untilDone(stage, "first one:b");
    const reading = read(second, run.path);
    const broken = await postgres.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nemops bus'",
    );
    expect(broken.length).toBeGreaterThanOrEqual(2);
    stage.open("one");
    expect(await join(second, run)).toMatchObject({ log: logOf("one") });
    expect(await reading).toContain("event: end");
    const next = await startRun(first, "two", { hold: "hold" });
    await untilDone(stage, "first two:b");
    expect((await request(second, "POST", `${next.path}/cancel?wait=true`)).status).toBe(204);
  });

  it("take what one has no room for, each run once and every thread in its order", async () => {
    const env = { MAX_CONCURRENT_RUNS: "1" };
    const first = await start("first", { env });
    const blocking = await startRun(first, "blocking", { hold: "hold" });
    await untilDone(stage, "first blocking:b");
    const runs = [];
    const threads: string[] = [];
    for (let index = 0; index < 24; index += 1) {
      const threadId = threads[index % 6];
      const run = await startRun(first, `run${index}`, threadId === undefined ? {} : { threadId });
      if (threadId === undefined) threads.push(run.threadId);
      runs.push(run);
    }
    const others = [await start("second", { env }), await start("third", { env })];
    // The first one executes what it took for itself; it is held up, and the others have all the rest.
    stage.open("blocking");
    await Promise.all([blocking, ...runs].map((run) => join(others[0] ?? first, run)));
    for (const [index, threadId] of threads.entries()) {
      const ops = runs.filter((run) => run.threadId === threadId).map(({ op }) => op);
      expect(ops).toHaveLength(4);
      const run = runs[index];
      if (run !== undefined) expect(await stateLog(first, run)).toEqual(ops.flatMap((op) => logOf(op)));
    }
    for (const { op } of runs) {
      expect(executedBy(op), op).toHaveLength(LOG.length);
      expect(new Set(executedBy(op)).size, op).toBe(1);
    }
    expect(new Set(runs.flatMap(({ op }) => executedBy(op))).size).toBeGreaterThan(1);
  });

  it("go on behind the last event that a reader has, also when that has not arrived yet", async () => {
    const [first, second] = [await start("first", { isDeaf: true }), await start("second", { isDeaf: true })];
    const run = await startRun(first, "one", { hold: "hold", stream_resumable: true });
    await untilDone(stage, "first one:b");
    const early = read(second, run.path);
    const ahead = await fetch(`${second.url}${run.path}/stream`, { headers: { "last-event-id": "7" } });
    stage.open("one");
    const ids = [...(await ahead.text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    const all = [...(await early).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(all).toEqual(all.map((_, index) => index));
    expect(ids).toEqual(all.slice(8));
  });
});
