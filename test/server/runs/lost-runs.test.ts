import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { ServiceError } from "../../../lib/errors.ts";
import { openStorage } from "../../../server/store/open-storage.ts";
import type { Store } from "../../../server/store/store.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import { type TestApp, startTestApp } from "../../support/test-app.ts";
import type { TEST_GRAPHS } from "../../support/test-graphs.ts";

const WAIT = { timeout: 12_000, interval: 10 };

/** A run whose first execution stops in the middle until `release`; every later one goes through. */
function createHeldOnce() {
  const held = Promise.withResolvers<void>();
  const executions: string[] = [];
  const graph = new StateGraph(Annotation.Root({ value: Annotation<string> }))
    .addNode("hold", async (_state, config: LangGraphRunnableConfig) => {
      executions.push("hold");
      config.writer?.({ execution: executions.length });
      if (executions.length === 1) await held.promise;
      return { value: "done" };
    })
    .addEdge(START, "hold")
    .compile();
  // The apps of this file serve this one.
  return { graphs: { held_once: graph } as unknown as typeof TEST_GRAPHS, executions, release: held.resolve };
}

interface StartedRun {
  readonly runId: string;
  readonly path: string;
}

/** What a process shows of a run that it has lost, or that it could not follow for a while. */
describe.skipIf(!hasPostgres())("a run that goes on elsewhere", () => {
  let postgres: TestPostgres;
  let uri: string;
  let held: ReturnType<typeof createHeldOnce>;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    uri = await postgres.createSchema();
    held = createHeldOnce();
  });
  afterEach(async () => {
    held.release();
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** `around` changes what the app is told by its store. */
  const start = async (around: (store: Store) => Store = (store) => store): Promise<TestApp> => {
    const storage = await openStorage({ home: "", databaseUri: uri });
    await storage.guard.tryAcquire();
    const { checkpointer, guard, bus } = storage;
    const { graphs } = held;
    // While it executes a run it has no room for another, so it does not take back what it has lost.
    const env = { MAX_CONCURRENT_RUNS: "1" };
    const options = { store: around(storage.store), checkpointer, guard, bus };
    const server = await startTestApp({ graphs, env, options });
    closers.push(() => server.close().then(() => storage.close()));
    return { ...server, store: storage.store, checkpointer };
  };
  const begin = async ({ app }: TestApp, options: object = {}): Promise<StartedRun> => {
    const threadId = crypto.randomUUID();
    const payload = {
      assistant_id: "held_once",
      input: { value: "" },
      if_not_exists: "create",
      stream_mode: ["values", "custom"],
      ...options,
    };
    const answer = await app.inject({ method: "POST", url: `/threads/${threadId}/runs`, payload });
    const { run_id: runId } = answer.json<{ run_id: string }>();
    return { runId, path: `/threads/${threadId}/runs/${runId}` };
  };
  const untilBegun = (count: number): Promise<void> =>
    vi.waitFor(() => expect(held.executions).toHaveLength(count), WAIT);
  const untilEnded = ({ store }: TestApp, { runId }: StartedRun): Promise<void> =>
    vi.waitFor(async () => expect(await store.runs.get(runId)).toMatchObject({ status: "success" }), WAIT);
  const untilStored = (eventId: number): Promise<void> =>
    vi.waitFor(async () => {
      const stored = await postgres.query(`select max(last_seq)::int as last from ${schemaOf(uri)}.run_events`);
      expect(stored).toEqual([{ last: eventId }]);
    }, WAIT);
  const read = async ({ app }: TestApp, { path }: StartedRun, lastEventId = -1): Promise<string> => {
    const answer = await app.inject({ url: `${path}/stream`, headers: { "last-event-id": String(lastEventId) } });
    return answer.body.replace(/^:.*\n\n/gm, "");
  };
  const join = async ({ app }: TestApp, { path }: StartedRun): Promise<unknown> =>
    (await app.inject(`${path}/join`)).json();
  const rollBack = async ({ app }: TestApp, { path }: StartedRun): Promise<void> => {
    await app.inject({ method: "POST", url: `${path}/cancel?wait=true&action=rollback` });
  };
  const namesIn = (stream: string): readonly string[] => stream.match(/(?<=^event: ).*$/gm) ?? [];
  /** Takes the run away from the process that executes it, which hears of it when it writes the next time. */
  const takeAway = async (): Promise<void> => {
    await postgres.query(`insert into ${schemaOf(uri)}.replicas values ('other', $1)`, [Date.now() + 3_600_000]);
    await postgres.query(`update ${schemaOf(uri)}.runs set owner = 'other'`);
  };
  const leave = async (): Promise<void> => {
    await postgres.query(`update ${schemaOf(uri)}.runs set owner = null`);
  };

  it("is shown with all of its events although some could not be read when it ended", async () => {
    let isBroken = false;
    let ends = 0;
    const first = await start();
    const run = await begin(first, { stream_resumable: true });
    await untilBegun(1);
    const second = await start((store) => ({
      ...store,
      runs: {
        ...store.runs,
        async progressOf(runIds) {
          const progress = await store.runs.progressOf(runIds);
          if (isBroken && progress.some(({ status }) => status === "success")) ends += 1;
          return progress;
        },
      },
      runEvents: {
        ...store.runEvents,
        read: (...args) =>
          isBroken
            ? Promise.reject(new ServiceError("storage_failed", "connection lost"))
            : store.runEvents.read(...args),
      },
    }));
    const reading = read(second, run);
    await vi.waitFor(async () => expect((await first.store.runs.get(run.runId))?.followedBy).not.toBeNull(), WAIT);
    isBroken = true;
    held.release();
    // It has looked once with no success when it looks again.
    await Promise.race([vi.waitFor(() => expect(ends).toBeGreaterThan(1), WAIT), reading]);
    isBroken = false;
    const whole = await read(first, run);
    expect(namesIn(whole)).toEqual(["metadata", "values", "custom", "values", "end"]);
    expect(await reading).toBe(whole);
  });

  it("is not shown as whole when its events were deleted before they could be read", async () => {
    const first = await start();
    const run = await begin(first, { stream_resumable: true });
    await untilStored(2);
    const reading = read(first, run);
    await takeAway();
    const second = await start();
    await leave();
    await untilEnded(second, run);
    await postgres.query(`delete from ${schemaOf(uri)}.run_events`);
    held.release();
    const stream = await reading;
    expect(namesIn(stream)).toEqual(["metadata", "values", "custom", "error"]);
    expect(stream).toContain('"error":"EventsDropped"');
    expect(await join(first, run)).toEqual({ value: "done" });
  });

  it("is not shown as whole to those who have read another execution of it that was not stored", async () => {
    const first = await start();
    const run = await begin(first);
    await untilBegun(1);
    const reading = read(first, run);
    await takeAway();
    const second = await start();
    await leave();
    await untilEnded(second, run);
    const joined = join(first, run);
    held.release();
    const stream = await reading;
    expect(namesIn(stream)).not.toContain("end");
    expect(stream).toMatch(/event: error\ndata: {"error":"RunTakenOver".*\n\n$/);
    expect(await joined).toEqual({ value: "done" });
    // There is nothing left to read, whatever a reader has seen before.
    for (const lastEventId of [-1, 2, 9]) expect(namesIn(await read(first, run, lastEventId))).toEqual(["end"]);
  });

  it("is shown where it is followed while it is executed, also after events could not be stored", async () => {
    let isBroken = true;
    const first = await start((store) => ({
      ...store,
      runEvents: {
        ...store.runEvents,
        append: (...args) => {
          if (!isBroken) return store.runEvents.append(...args);
          isBroken = false;
          return Promise.reject(new ServiceError("storage_failed", "connection lost"));
        },
      },
    }));
    const run = await begin(first);
    await untilBegun(1);
    const second = await start();
    const reading = read(second, run);
    // Before the end, which would bring them too.
    await untilStored(2);
    held.release();
    const whole = await read(first, run);
    expect(namesIn(whole)).toEqual(["metadata", "values", "custom", "values", "end"]);
    expect(await reading).toBe(whole);
  });

  it("is stored whole although one event could not be stored at first", async () => {
    let failures = 0;
    const first = await start((store) => ({
      ...store,
      runEvents: {
        ...store.runEvents,
        append: (...args) => {
          failures += 1;
          return failures === 2
            ? Promise.reject(new ServiceError("storage_failed", "connection lost"))
            : store.runEvents.append(...args);
        },
      },
    }));
    const run = await begin(first, { stream_resumable: true });
    await untilBegun(1);
    held.release();
    await untilEnded(first, run);
    const second = await start();
    const whole = await read(first, run);
    expect(namesIn(whole)).toEqual(["metadata", "values", "custom", "values", "end"]);
    expect(await read(second, run)).toBe(whole);
  });

  it("keeps its checkpoints when who has lost it is to roll it back, and could tell nobody", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const first = await start((store) => ({
      ...store,
      runs: {
        ...store.runs,
        async requestStop() {
          asked.resolve();
          await answer.promise;
          throw new ServiceError("storage_failed", "connection lost");
        },
      },
    }));
    const run = await begin(first);
    await untilBegun(1);
    await takeAway();
    const cancelling = rollBack(first, run);
    await asked.promise;
    const second = await start();
    await leave();
    await untilEnded(second, run);
    answer.resolve();
    await cancelling;
    const { body } = await second.app.inject(`${run.path.split("/runs/")[0]}/state`);
    expect(JSON.parse(body)).toMatchObject({ values: { value: "done" } });
    expect(await join(first, run)).toEqual({ value: "done" });
  });

  it("is not mixed with events that were shown but never stored", async () => {
    let isBroken = false;
    const first = await start((store) => ({
      ...store,
      runEvents: {
        ...store.runEvents,
        append: (...args) =>
          isBroken
            ? Promise.reject(new ServiceError("storage_failed", "connection lost"))
            : store.runEvents.append(...args),
      },
    }));
    isBroken = true;
    const run = await begin(first, { stream_resumable: true });
    await untilBegun(1);
    const reading = read(first, run);
    await takeAway();
    const second = await start();
    await leave();
    await untilEnded(second, run);
    held.release();
    const stream = await reading;
    expect(namesIn(stream)).not.toContain("end");
    expect(stream).toMatch(/event: error\ndata: {"error":"RunTakenOver".*\n\n$/);
    expect(await read(first, run)).toBe(await read(second, run));
  });
});
