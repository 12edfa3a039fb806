import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import {
  type Stage,
  type TestReplica,
  createStage,
  endLease,
  join,
  logOf,
  request,
  startReplica,
  startRun,
  stateLog,
  statusOf,
  untilDone,
} from "./apps.ts";

const WAIT = { timeout: 10_000, interval: 10 };

describe.skipIf(!hasPostgres())("a replica that is taken for dead", () => {
  let postgres: TestPostgres;
  let uri: string;
  let stage: Stage;
  let first: TestReplica;
  let second: TestReplica;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    uri = await postgres.createSchema();
    stage = createStage();
    first = await startReplica({ name: "first", uri, stage });
    second = await startReplica({ name: "second", uri, stage });
  });
  afterEach(async () => {
    await Promise.all([first.close(), second.close()]);
    await postgres.dropSchema(uri);
  });

  /** It does nothing on its own any more, and its lease ends. */
  const lose = async (replica: TestReplica): Promise<void> => {
    replica.clock.stop();
    await endLease(postgres, uri, replica.owner);
  };

  const untilGone = async (owner: string): Promise<void> => {
    const table = `"${schemaOf(uri)}".replicas`;
    await vi.waitFor(async () => {
      expect(await postgres.query(`select replica_id from ${table} where replica_id = $1`, [owner])).toEqual([]);
    }, WAIT);
  };

  it("loses its runs to another, from their last checkpoint, and what it still writes is refused", async () => {
    const run = await startRun(first, "one", { hold: "deaf" });
    await untilDone(stage, "first one:b");
    const joining = [join(first, run), join(second, run)];
    await lose(first);
    await untilDone(stage, "second one:b");
    // Both go on with the same step now; the one that lost it is the first to write.
    stage.open("one");
    for (const body of await Promise.all(joining)) expect(body).toMatchObject({ log: logOf("one") });
    first.clock.go();
    expect(stage.done.filter((entry) => entry.startsWith("second"))).toEqual(["second one:b", "second one:c"]);
    expect(stage.done.filter((entry) => entry.startsWith("first"))).toEqual(["first one:a", "first one:b"]);
    for (const replica of [first, second]) {
      expect(await stateLog(replica, run)).toEqual(logOf("one"));
      expect(await statusOf(replica, run)).toBe("success");
    }
    const { body } = await request(second, "POST", `/threads/${run.threadId}/history`, { limit: 100 });
    const steps = (body as { metadata: { step: number } }[]).map(({ metadata }) => metadata.step);
    expect(steps).toEqual([3, 2, 1, 0, -1]);
  });

  it("works on as a new one", async () => {
    const former = first.owner;
    await lose(first);
    await untilGone(former);
    first.clock.go();
    await vi.waitFor(() => expect(first.owner).not.toBe(former), WAIT);
    const run = await startRun(first, "again");
    expect(await join(second, run)).toMatchObject({ log: logOf("again") });
    expect(stage.done).toEqual(["first again:a", "first again:b", "first again:c"]);
  });

  it("leaves also the runs that it accepts before it learns of it", async () => {
    const former = first.owner;
    await lose(first);
    await untilGone(former);
    const run = await startRun(first, "late", { hold: "hold" });
    await untilDone(stage, "first late:b");
    first.clock.go();
    await vi.waitFor(() => expect(first.owner).not.toBe(former), WAIT);
    stage.open("late");
    expect(await join(second, run)).toMatchObject({ log: logOf("late") });
    expect(await statusOf(first, run)).toBe("success");
    expect(await stateLog(first, run)).toEqual(logOf("late"));
  });

  it("says so to whoever waits for a stateless run that others have executed", async () => {
    const waiting = request(first, "POST", "/runs/wait", {
      assistant_id: "steps",
      input: { op: "bare", hold: "deaf" },
    });
    await untilDone(stage, "first bare:b");
    await lose(first);
    await untilDone(stage, "second bare:b");
    stage.open("second bare");
    await vi.waitFor(async () => {
      expect(await postgres.query(`select run_id from "${schemaOf(uri)}".runs`)).toEqual([]);
    }, WAIT);
    stage.open("bare");
    first.clock.go();
    expect((await waiting).body).toMatchObject({ __error__: { error: "RunTakenOver" } });
  });

  it("leaves the webhooks that it has not delivered", async () => {
    const { createServer } = await import("node:http");
    const taken: string[] = [];
    let isOpen = false;
    const receiver = createServer((incoming, response) => {
      incoming.resume();
      if (isOpen) taken.push(incoming.url ?? "");
      response.writeHead(isOpen ? 200 : 500).end();
    });
    await new Promise<void>((resolve) => {
      receiver.listen(0, "127.0.0.1", resolve);
    });
    try {
      const address = receiver.address();
      const port = typeof address === "object" ? address?.port : 0;
      first.clock.stop();
      const run = await startRun(first, "hook", { webhook: `http://127.0.0.1:${port}/hook` });
      await join(first, run);
      isOpen = true;
      await endLease(postgres, uri, first.owner);
      await vi.waitFor(() => expect(taken).toEqual(["/hook"]), WAIT);
    } finally {
      receiver.close();
    }
  });
});
