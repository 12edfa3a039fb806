import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Clock } from "../../../../../lib/clock.ts";
import { createLog } from "../../../../../lib/log.ts";
import { createChanges } from "../../../../../tools/data/designer/embedded/changes.ts";
import { openJobDatabase } from "../../../../../tools/data/designer/embedded/job-database.ts";
import { startJobRunner } from "../../../../../tools/data/designer/embedded/job-runner.ts";
import { createJobStore } from "../../../../../tools/data/designer/embedded/job-store.ts";
import { describeNewJob } from "../../../../../tools/data/designer/embedded/new-job.ts";
import { createRunLock } from "../../../../../lib/run-lock.ts";
import { readDesignInput } from "../../../../../tools/data/design-input.ts";
import { CONFIG } from "../../../../contracts/data-designer.ts";
import { designerOptions } from "./designer-options.ts";
import { waitUntil } from "./open-designer.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-runner-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** Every wait is over at once, and as much time has passed. */
function createHastyClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((resolve) => {
        setImmediate(() => {
          nowMs += ms;
          resolve();
        });
      }),
  };
}

describe("the runner of jobs", () => {
  it("asks a store that takes no writes less and less often, and does the job once it takes them", async () => {
    const clock = createHastyClock();
    const failures: number[] = [];
    const log = createLog({ level: "error", destination: { write: () => void failures.push(clock.now()) } });
    const options = designerOptions(home, clock);
    const database = openJobDatabase(path.join(home, "datasets.sqlite"));
    const store = createJobStore(database, clock);
    const input = await readDesignInput({ config: CONFIG, seedFolder: options.seedFolder });
    const request = { config: CONFIG, numRecords: 10, seed: 7 };
    const { row } = store.create(describeNewJob({ ...options, request, input }));
    database.sqlite.pragma("query_only = ON");
    const lock = createRunLock(path.join(home, "datasets.lock"));
    const datasetsFolder = path.join(home, "datasets");
    const runner = startJobRunner({ ...options, store, log, lock, datasetsFolder, changes: createChanges(clock) });
    await waitUntil(() => clock.now() >= 600_000);
    // Every 500 ms it would be 1,200 times.
    expect(failures.length).toBeGreaterThan(5);
    expect(failures.length).toBeLessThan(20);
    database.sqlite.pragma("query_only = OFF");
    await waitUntil(() => store.get(row.id)?.status === "completed");
    await runner.close();
    database.close();
  });
});
