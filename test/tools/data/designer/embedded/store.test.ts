import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { JOB_STATUSES, type JobStatus } from "../../../../../tools/data/designer/designer.ts";
import { createEventRecorder } from "../../../../../tools/data/designer/embedded/event-recorder.ts";
import { MAX_EVENTS, MAX_LOG_LINES } from "../../../../../tools/data/designer/embedded/event-store.ts";
import { type JobDatabase, openJobDatabase } from "../../../../../tools/data/designer/embedded/job-database.ts";
import { canBecome } from "../../../../../tools/data/designer/embedded/job-states.ts";
import { type JobStore, type NewJob, createJobStore } from "../../../../../tools/data/designer/embedded/job-store.ts";
import { createManualClock, type ManualClock } from "../../../../support/manual-clock.ts";
import { openHome, waitUntil } from "./open-designer.ts";

let folder: string;
let clock: ManualClock;
let database: JobDatabase;
let store: JobStore;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "nemops-jobs-"));
  clock = createManualClock();
  database = openJobDatabase(path.join(folder, "datasets.sqlite"));
  store = createJobStore(database, clock);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const job = (id: string): NewJob => ({
  id,
  name: "n",
  description: null,
  project: null,
  namespace: null,
  ownership: null,
  custom_fields: null,
  config: "{}",
  num_records: 5,
  seed: "1",
  row_group_size: 10,
  seed_rows_hash: null,
  idempotency_key: null,
  request_hash: "h",
  text_model: null,
});

describe("the status of a job", () => {
  it("goes only where the table says, and a refused step changes nothing", () => {
    const steps: [JobStatus, JobStatus][] = [
      ["created", "pending"],
      ["created", "cancelled"],
      ["pending", "active"],
      ["pending", "cancelled"],
      ["active", "completed"],
      ["active", "error"],
      ["active", "cancelling"],
      ["active", "pending"],
      ["cancelling", "cancelled"],
      ["error", "pending"],
    ];
    const found = JOB_STATUSES.flatMap((from) =>
      JOB_STATUSES.filter((to) => canBecome(from, to)).map((to): [JobStatus, JobStatus] => [from, to]),
    );
    expect(new Set(found.map(String))).toEqual(new Set(steps.map(String)));

    const { row } = store.create(job("job-1"));
    expect(() => store.move("job-1", "completed")).toThrow("job job-1 is pending, it cannot become completed");
    expect(store.get("job-1")).toEqual(row);
    expect(store.begin("job-1")?.status).toBe("active");
    expect(store.begin("job-1")).toBeUndefined();
    expect(() => store.remove("job-1")).toThrow(/cancel it before it is deleted/);
  });
});

describe("what a job tells", () => {
  it("stays within bounds and keeps how it ends", () => {
    const { row } = store.create(job("job-1"));
    store.begin("job-1");
    const before = { failedRows: 0, inputTokens: 0, outputTokens: 0 };
    const recorder = createEventRecorder({ store, row, clock, onStored: () => undefined, ...before });
    const failure = { type: "row_failed", row: 1, column: "c", kind: "k", message: "m" } as const;
    database.sqlite.exec("BEGIN");
    for (let at = 0; at < MAX_EVENTS + 100; at += 1) recorder.record(failure);
    database.sqlite.exec("COMMIT");
    store.move("job-1", "completed");
    const events = store.eventsAfter(row.number, 0, MAX_EVENTS + 100);
    expect(events.length).toBeLessThanOrEqual(MAX_EVENTS);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    expect(events.at(-1)).toMatchObject({ type: "status", data: { status: "completed" } });
    const { lines, total } = store.logLines(row.number, MAX_LOG_LINES, 10);
    expect(total).toBe(MAX_LOG_LINES + 2);
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringContaining("the next ones are not kept"),
      "the job is completed",
    ]);
  });

  it("leaves out progress that comes faster than four times a second, and never the newest for good", () => {
    const { row } = store.create(job("job-1"));
    const before = { failedRows: 2, inputTokens: 0, outputTokens: 0 };
    const recorder = createEventRecorder({ store, row, clock, onStored: () => undefined, ...before });
    const finish = (id: number): void =>
      recorder.record({
        type: "row_group_finished",
        id,
        rows: 9,
        dropped: 1,
        done: 9 * (id + 1),
        target: 900,
        rowsPerSecond: 5,
      });
    for (let id = 0; id < 50; id += 1) finish(id);
    const ids = (): unknown[] =>
      store
        .eventsAfter(row.number, 0, 100)
        .flatMap(({ type, data }) => (type === "row_group_finished" ? [data["id"]] : []));
    expect(ids()).toEqual([0]);
    clock.jump(250);
    recorder.tick();
    expect(ids()).toEqual([0, 49]);
    expect(store.get("job-1")).toMatchObject({ done_rows: 450, failed_rows: 52, rows_per_second: 5 });
    finish(50);
    recorder.record({ type: "run_finished", status: "completed", target: 900, actual: 459 });
    expect(ids()).toEqual([0, 49, 50]);
  });

  it("sums the tokens of all models over all runs of the job", () => {
    const { row } = store.create(job("job-1"));
    const before = { failedRows: 0, inputTokens: 100, outputTokens: 10 };
    const recorder = createEventRecorder({ store, row, clock, onStored: () => undefined, ...before });
    const usage = { type: "model_usage", requests: 1, reasoningTokens: 0, outputTokens: 1 } as const;
    recorder.record({ ...usage, alias: "a", inputTokens: 5 });
    recorder.record({ ...usage, alias: "b", inputTokens: 7 });
    recorder.record({ ...usage, alias: "a", inputTokens: 6 });
    recorder.record({ type: "run_finished", status: "completed", target: 5, actual: 5 });
    expect(store.get("job-1")).toMatchObject({ input_tokens: 113, output_tokens: 12 });
    expect(store.eventsAfter(row.number, 0, 10).map(({ type }) => type)).toEqual([
      "status",
      "status",
      "model_usage",
      "model_usage",
      "model_usage",
      "run_finished",
    ]);
  });
});

describe("the file of the jobs", () => {
  it("of a newer version is left alone", () => {
    database.sqlite.pragma("user_version = 99");
    const again = (): unknown => openJobDatabase(path.join(folder, "datasets.sqlite"));
    expect(again).toThrow(/written by a newer version of NemOps \(schema 99/);
  });

  it("that is none is refused with the remedy", () => {
    const file = path.join(folder, "other.sqlite");
    writeFileSync(file, "this is no database, but long enough to be looked at as one");
    expect(() => openJobDatabase(file)).toThrow(/damaged or not a database; move it away/);
    expect(() => openJobDatabase("/proc/nemops/datasets.sqlite")).toThrow(/job list .*NEMOPS_HOME/);
  });

  it("remembers which files of deleted jobs are still there, for the next one to remove", async () => {
    const home = openHome();
    const file = path.join(home.home, "datasets.sqlite");
    const left = path.join(home.home, "datasets", "job-1");
    const other = openJobDatabase(file);
    const jobs = createJobStore(other, clock);
    jobs.create(job("job-1"));
    jobs.remove("job-1");
    other.close();
    mkdirSync(left, { recursive: true });
    home.open();
    await waitUntil(() => !existsSync(left));
    expect(existsSync(path.dirname(left))).toBe(true);
    await home.cleanUp();
  });
});
