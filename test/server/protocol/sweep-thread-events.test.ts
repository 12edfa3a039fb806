import { expect, it, vi } from "vitest";

import { createLog } from "../../../lib/log.ts";
import { startThreadEventSweeper } from "../../../server/protocol/sweep-thread-events.ts";
import { createStore } from "../../../server/store/store.ts";
import { createTestRun } from "../../support/test-run.ts";

it("frees the events of threads that nothing has happened on for two minutes, unless a run has not ended", async () => {
  const store = await createStore({ path: ":memory:" });
  const { threadEvents } = store;
  const add = async (threadId: string, ...timesMs: number[]): Promise<void> => {
    for (const [index, nowMs] of timesMs.entries()) {
      const batch = { afterSeq: index, lastSeq: index + 1, events: "" };
      expect(await threadEvents.append(threadId, batch, nowMs)).toBe(true);
    }
  };
  const nowMs = 1_000_000;
  const old = nowMs - 120_001;
  // More than one statement frees.
  const idle = Array.from({ length: 45 }, (_, index) => `idle ${index}`);
  for (const threadId of idle) await add(threadId, old - 1, old);
  await add("recent", old, nowMs - 119_000);
  await add("running", old);
  await add("ended", old);
  await store.runs.insert(createTestRun({ runId: "1", threadId: "running", status: "running" }));
  await store.runs.insert(createTestRun({ runId: "2", threadId: "ended", status: "success" }));

  const turn = Promise.withResolvers<void>();
  const turns = [turn.promise];
  const never = new Promise<void>(() => undefined);
  const clock = { now: () => nowMs, sleep: async (ms: number) => (ms > 0 ? (turns.pop() ?? never) : undefined) };
  const sweeper = startThreadEventSweeper({ events: threadEvents, clock, log: createLog({ level: "silent" }) });
  const all = [...idle, "recent", "running", "ended"];
  expect((await threadEvents.newest(all)).size).toBe(48);
  turn.resolve();
  await vi.waitFor(async () => {
    expect([...(await threadEvents.newest(all)).keys()].sort()).toEqual(["recent", "running"]);
  });
  expect(await threadEvents.read("recent", 0)).toHaveLength(2);
  sweeper.stop();
  await store.close();
});
