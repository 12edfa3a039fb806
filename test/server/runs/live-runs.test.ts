import { describe, expect, it } from "vitest";

import { SILENT_BUS } from "../../../server/replicas/bus.ts";
import { createLiveRuns, type LiveRuns } from "../../../server/runs/live-runs.ts";
import { openRun } from "../../../server/runs/open-run.ts";
import { systemClock } from "../../../lib/clock.ts";
import { createLog } from "../../../lib/log.ts";
import { createStore } from "../../../server/store/store.ts";
import { createTestRun } from "../../support/test-run.ts";

const store = await createStore({ path: ":memory:" });
const text = JSON.stringify("x".repeat(1_000));

function openLog(runs: LiveRuns, runId: string) {
  const run = createTestRun({ runId });
  const log = createLog({ level: "silent" });
  const parts = { runs, events: store.runEvents, bus: SILENT_BUS, clock: systemClock, log };
  return openRun({ run, graphId: "graph", owner: "me", ...parts });
}

describe("the logs of all runs together", () => {
  it("stay within their bound: ended runs go first, the oldest of them at once", () => {
    const runs = createLiveRuns({ maxChars: 12_000 });
    for (const runId of ["old", "new"]) {
      const live = openLog(runs, runId);
      for (let index = 0; index < 4; index += 1) live.writer.append("custom", text);
      live.log.end();
      runs.retire(live, { isReachable: true });
    }
    const running = openLog(runs, "running");
    for (let index = 0; index < 4; index += 1) running.writer.append("custom", text);
    expect(runs.get("old")).toBeUndefined();
    expect(runs.get("new")?.log.lastId).toBe(4);
    expect(running.log.firstId).toBe(0);
    expect(runs.size).toBeLessThanOrEqual(12_000);
    runs.close();
  });

  it("take the oldest events of the longest log when nothing has ended", () => {
    const runs = createLiveRuns({ maxChars: 20_000 });
    const short = openLog(runs, "short");
    short.writer.append("custom", text);
    const long = openLog(runs, "long");
    for (let index = 0; index < 30; index += 1) long.writer.append("custom", text);
    expect(short.log.firstId).toBe(0);
    expect(long.log.firstId).toBeGreaterThan(0);
    expect(long.log.lastId).toBe(30);
    expect(runs.size).toBe(short.log.size + long.log.size);
    expect(runs.size).toBeLessThanOrEqual(20_000);
    runs.close();
  });
});
