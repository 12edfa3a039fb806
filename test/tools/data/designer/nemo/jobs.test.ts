import { afterEach, describe, expect, it } from "vitest";

import { type JobEvent, JOB_STATUSES } from "../../../../../tools/data/designer/designer.ts";
import { readStatus, toIso } from "../../../../../tools/data/designer/nemo/job-fields.ts";
import { CONFIG, collect } from "../../../../contracts/data-designer.ts";
import { type NemoFixture, openNemo } from "../../../../support/nemo-service-designer.ts";
import type { ServiceJob } from "../../../../support/nemo-service-answers.ts";

let fixture: NemoFixture | undefined;
const start = async (options: Parameters<typeof openNemo>[0] = {}): Promise<NemoFixture> =>
  (fixture = await openNemo({ hasSettings: true, ...options }));
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

const never = new AbortController().signal;
const JOB = "GET /v1/data-designer/jobs/job-1";

async function startJob(options: Parameters<typeof openNemo>[0] = {}): Promise<NemoFixture & { made: ServiceJob }> {
  const opened = await start(options);
  await opened.designer.createJob({ config: CONFIG, numRecords: 10 });
  const [made] = opened.service.jobs;
  if (made === undefined) throw new Error("no job");
  return { ...opened, made };
}

describe("statuses of services", () => {
  it("are ours, those of older versions, or work that goes on", () => {
    for (const status of JOB_STATUSES) expect(readStatus(status)).toBe(status);
    expect(["running", "failed", "ready", "COMPLETED", "canceled"].map(readStatus)).toEqual([
      "active",
      "error",
      "completed",
      "completed",
      "cancelled",
    ]);
    expect(["unknown", "compacting", "constructor"].map(readStatus)).toEqual(["active", "active", "active"]);
    expect(readStatus(undefined)).toBe("created");
  });

  it("come with times with and without a zone", () => {
    expect(toIso("2026-01-02T03:04:05.123456")).toBe("2026-01-02T03:04:05.123Z");
    expect(toIso("2026-01-02 03:04:05")).toBe("2026-01-02T03:04:05.000Z");
    expect(toIso("2026-01-02T03:04:05+01:00")).toBe("2026-01-02T02:04:05.000Z");
    expect(toIso("yesterday")).toBe("1970-01-01T00:00:00.000Z");
  });
});

describe("a job of a service", () => {
  it("tells the figures that the service tells, and no others", async () => {
    const { designer, service, made } = await startJob();
    const none = {
      rows: null,
      rowsPerSecond: null,
      etaSeconds: null,
      failedRows: null,
      inputTokens: null,
      outputTokens: null,
    };
    expect((await designer.job("job-1")).progress).toMatchObject({ ...none, target: 10 });
    const statusDetails = {
      progress: { rows: 4, rows_per_second: 2.5, eta_seconds: 3, failed_rows: 1 },
      input_tokens: 7,
      phase: "x",
    };
    service.change(made, { status: "active", statusDetails });
    const job = await designer.job("job-1");
    expect(job.progress).toMatchObject({
      rows: 4,
      rowsPerSecond: 2.5,
      etaSeconds: 3,
      failedRows: 1,
      inputTokens: 7,
      outputTokens: null,
    });
    expect(job.statusDetails).toEqual(statusDetails);
  });

  it("says why it failed, from the job or from its tasks", async () => {
    const { designer, service, made } = await startJob();
    service.change(made, { status: "error" });
    expect((await designer.job("job-1")).errorDetails).toEqual({ message: "ValueError: model said no" });
    service.change(made, { errorDetails: { code: "E1", message: "quota" } });
    expect((await designer.job("job-1")).errorDetails).toEqual({ code: "E1", message: "quota" });
    service.change(made, { errorDetails: {} });
    service.fault({ on: `${JOB}/status`, how: { kind: "status", status: 500 } });
    expect((await designer.job("job-1")).errorDetails).toEqual({
      message: expect.stringContaining("does not say why"),
    });
  });

  it("is listed from bare arrays as from pages", async () => {
    const { designer, service } = await start({ hasBareLists: true });
    for (let at = 0; at < 3; at += 1) await designer.createJob({ config: CONFIG, numRecords: 1 });
    const [, second] = service.jobs;
    if (second !== undefined) service.change(second, { status: "paused" });
    const page = (number: number, more: object = {}) =>
      designer.list({ page: number, pageSize: 2, sort: "-created_at", ...more });
    expect((await page(1)).jobs.map(({ id }) => id)).toEqual(["job-3", "job-2"]);
    expect(await page(2)).toMatchObject({ total: 3, jobs: [{ id: "job-1" }] });
    expect((await page(1, { sort: "-updated_at" })).jobs[0]?.id).toBe("job-2");
    expect(await page(1, { status: "paused" })).toMatchObject({ total: 1, jobs: [{ id: "job-2" }] });
  });

  it("has logs, wrapped or plain, and from the jobs service where its own has none", async () => {
    const { designer, service, made } = await startJob();
    made.logs.push("second");
    const { lines } = await designer.logs("job-1", { limit: 10 });
    expect(lines).toMatchObject([
      { level: "warning", message: "job was made", step: "generate", task: "task-0" },
      { level: "info", message: "second" },
    ]);
    service.fault({ on: `${JOB}/logs`, how: { kind: "status", status: 404 } });
    expect(await designer.logs("job-1", { limit: 10 })).toEqual({
      lines: [],
      total: 0,
      nextPage: null,
      previousPage: null,
    });
    expect(service.requests.at(-2)?.path).toBe("/v1/jobs/job-1/logs?limit=10");
  });

  it("that another client cancelled first is cancelled all the same", async () => {
    const { designer, service, made } = await startJob();
    service.fault({ on: "POST /v1/data-designer/jobs/job-1/cancel", how: { kind: "tear_after" } });
    expect((await designer.cancel("job-1")).status).toBe("cancelling");
    service.advance(made);
    await expect(designer.cancel("job-1")).rejects.toMatchObject({ code: "conflict" });
  });

  it("of the oldest API cannot be cancelled, which is said", async () => {
    const { designer } = await start({ dialect: "v1beta1" });
    await designer.createJob({ config: { columns: CONFIG.columns.slice(0, 2) }, numRecords: 10 });
    await expect(designer.cancel("job-1")).rejects.toMatchObject({ code: "not_supported" });
  });
});

describe("following a job", () => {
  it("tells logs, statuses and progress in order, and the end", async () => {
    const { designer } = await startJob({ isAutomatic: true });
    const events = await collect<JobEvent>(designer.events("job-1", { after: 0, signal: never }));
    expect(events.map(({ type }) => type).filter((type) => type !== "progress")).toEqual([
      "log",
      "log",
      "log",
      "status",
      "log",
      "status",
      "run_finished",
    ]);
    expect(events.at(-1)?.data).toMatchObject({ status: "completed", target: 10, actual: 10 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  });

  it("asks once a second, and for two readers no more often than for one", async () => {
    const { designer, service, sleeps } = await startJob({ isAutomatic: true });
    const before = service.requests.length;
    const read = () => collect<JobEvent>(designer.events("job-1", { after: 0, signal: never }));
    const [one, two] = await Promise.all([read(), read()]);
    expect(two).toEqual(one);
    expect(new Set(sleeps)).toEqual(new Set([1_000]));
    expect(service.requests.slice(before).filter(({ path }) => path.endsWith("/job-1")).length).toBeLessThanOrEqual(3);
  });

  it.each([4, 5])("puts up with 4 failures in a row, here %i", async (times) => {
    const { designer, service } = await startJob({ isAutomatic: true });
    service.fault({ on: JOB, times, how: { kind: "status", status: 500 } });
    const following = collect<JobEvent>(designer.events("job-1", { after: 0, signal: never }));
    if (times > 4) await expect(following).rejects.toMatchObject({ code: "unavailable" });
    else expect((await following).at(-1)?.type).toBe("run_finished");
    service.fault({ on: JOB, times, how: { kind: "status", status: 500 } });
    const waiting = designer.waitForChange("job-1", { version: 0, timeoutMs: 60_000, signal: never });
    if (times > 4) await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
    else expect((await waiting).progress.version).toBeGreaterThan(0);
  });

  it("waits until something changes, or the time is up", async () => {
    const { designer, service, made, sleeps } = await startJob();
    const { version } = (await designer.job("job-1")).progress;
    const same = await designer.waitForChange("job-1", { version, timeoutMs: 2_500, signal: never });
    expect(same.progress.version).toBe(version);
    expect(sleeps).toEqual([1_000, 1_000, 500]);
    service.change(made, { statusDetails: { rows: 1 } });
    const changed = await designer.waitForChange("job-1", { version, timeoutMs: 2_500, signal: never });
    expect(changed.progress.version).toBeGreaterThan(version);
    expect(sleeps).toHaveLength(3);
  });

  it("numbers states higher in the next process", async () => {
    const { designer, open, service, made } = await startJob();
    const first = (await designer.job("job-1")).progress.version;
    service.change(made, { status: "active" });
    expect((await open().job("job-1")).progress.version).toBeGreaterThan(first);
  });

  it("ends quietly with its reader's signal", async () => {
    const { designer } = await startJob();
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { type } of designer.events("job-1", { after: 0, signal: controller.signal })) {
      seen.push(type);
      controller.abort();
    }
    expect(seen).toEqual(["log"]);
  });

  it("knows no job that was deleted meanwhile", async () => {
    const { designer, service, made } = await startJob();
    made.deleted = true;
    const following = collect<JobEvent>(designer.events("job-1", { after: 0, signal: never }));
    await expect(following).rejects.toMatchObject({ code: "not_found" });
    expect(service.requests.filter(({ path }) => path.endsWith("/job-1")).length).toBeLessThanOrEqual(2);
  });
});
