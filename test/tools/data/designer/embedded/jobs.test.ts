import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createLog } from "../../../../../lib/log.ts";
import type { DataDesigner, JobRequest, JobStatus } from "../../../../../tools/data/designer/designer.ts";
import { createRunLock, type RunLock } from "../../../../../lib/run-lock.ts";
import { CONFIG, collect, unpack, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type EmbeddedHome, datasetRows, openHome, waitUntil } from "./open-designer.ts";

const SMALL: JobRequest = { config: CONFIG, numRecords: 40, seed: 7, rowGroupSize: 10 };
/** Rows in many small groups: long enough for something to happen in between. */
const LONG: JobRequest = { config: CONFIG, numRecords: 1_000, seed: 7, rowGroupSize: 10 };
const ALL = { page: 1, pageSize: 100, sort: "created_at" } as const;

let home: EmbeddedHome;
beforeEach(() => {
  home = openHome();
});
afterEach(() => home.cleanUp());

/** Keeps all jobs waiting until it is released. */
function holdJobs(): RunLock {
  const lock = createRunLock(path.join(home.home, "datasets.lock"));
  expect(lock.tryAcquire()).toBe(true);
  return lock;
}

const folderOf = (id: string): string => path.join(home.home, "datasets", id);

/** The bytes of each finished row group, as hexadecimal text. */
function partsOf(id: string): Map<string, string> {
  const folder = path.join(folderOf(id), "parquet-files");
  return new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file, readFileSync(path.join(folder, file), "hex")]),
  );
}

async function statusesOf(designer: DataDesigner, id: string): Promise<JobStatus[]> {
  const events = await collect(designer.events(id, { after: 0, signal: AbortSignal.timeout(10_000) }));
  return events.filter(({ type }) => type === "status").map(({ data }) => data["status"] as JobStatus);
}

describe("a request", () => {
  it.each<[string, Partial<JobRequest>, RegExp]>([
    ["no rows", { numRecords: 0 }, /0 rows: must be 1 to 1000000/],
    ["10^9 rows", { numRecords: 1e9 }, /1000000000 rows: must be 1 to 1000000/],
    ["half a row", { numRecords: 1.5 }, /1.5 rows/],
    ["a seed that is no whole number", { seed: 0.5 }, /seed 0.5: must be a whole number/],
    ["a seed without end", { seed: "x".repeat(201) }, /at most 200 characters/],
    ["row groups without rows", { rowGroupSize: 0 }, /row groups of 0 rows: must be 1 to/],
    ["too many row groups", { numRecords: 1_000_000, rowGroupSize: 9 }, /must be 10 to 1000000 for 1000000 rows/],
    ["a name without end", { name: "n".repeat(201) }, /name has 201 characters, at most 200/],
    ["a config that is too deep", { config: { columns: nested(100_000) } }, /nested too deeply/],
  ])("with %s is refused and leaves nothing", async (_, part, message) => {
    const designer = home.open();
    const created = designer.createJob({ ...SMALL, ...part });
    await expect(created).rejects.toMatchObject({ code: "invalid_input", message: expect.stringMatching(message) });
    expect((await designer.list(ALL)).total).toBe(0);
  });

  it("with a config of many megabytes is refused", async () => {
    const created = home.open().createJob({ ...SMALL, config: { columns: ["x".repeat(9_000_000)] } });
    await expect(created).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it("with a key that is known answers the job of the first one, and only for the same request", async () => {
    const designer = home.open();
    const keyed = { ...SMALL, idempotencyKey: "k-1" };
    const [first, second] = await Promise.all([designer.createJob(keyed), designer.createJob(keyed)]);
    expect(second.id).toBe(first.id);
    await waitUntilEnded(designer, first.id);
    expect((await designer.createJob(keyed)).id).toBe(first.id);
    await expect(designer.createJob({ ...keyed, numRecords: 41 })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`"k-1" belongs to job ${first.id}`) as string,
    });
    expect((await designer.list(ALL)).total).toBe(1);
    expect((await statusesOf(designer, first.id)).filter((status) => status === "active")).toHaveLength(1);
  });

  it("without a seed gets one that is told and gives the same rows again", async () => {
    const designer = home.open();
    const { seed: _, ...unseeded } = SMALL;
    const drawn = await designer.createJob(unseeded);
    expect(Number.isSafeInteger(drawn.seed)).toBe(true);
    const again = await designer.createJob({ ...unseeded, seed: drawn.seed ?? "" });
    const other = await designer.createJob(unseeded);
    expect(other.seed).not.toBe(drawn.seed);
    for (const { id } of [drawn, again, other]) await waitUntilEnded(designer, id);
    const rows = await datasetRows(designer, drawn.id);
    expect(rows).toHaveLength(40);
    expect(await datasetRows(designer, again.id)).toEqual(rows);
    expect(await datasetRows(designer, other.id)).not.toEqual(rows);
  });
});

describe("jobs", () => {
  it("run in the order in which they came, as many at once as allowed", async () => {
    const lines: { msg: string; job_id: string }[] = [];
    const destination = {
      write: (line: string) => void lines.push(JSON.parse(line) as { msg: string; job_id: string }),
    };
    const designer = home.open({ maxJobs: 2, log: createLog({ level: "info", destination }) });
    const ids: string[] = [];
    for (let at = 0; at < 20; at += 1) ids.push((await designer.createJob(SMALL)).id);
    for (const id of ids) expect((await waitUntilEnded(designer, id)).status).toBe("completed");
    expect(lines.filter(({ msg }) => msg === "dataset job started").map(({ job_id: id }) => id)).toEqual(ids);
    let running = 0;
    const most = lines.map(({ msg }) => {
      if (msg === "dataset job started") running += 1;
      if (msg === "dataset job completed") running -= 1;
      return running;
    });
    expect(Math.max(...most)).toBe(2);
    expect(await statusesOf(designer, ids[0] ?? "")).toEqual(["created", "pending", "active", "completed"]);
  });

  it("keep what is finished when they are cancelled in the middle", async () => {
    const designer = home.open();
    const { id } = await designer.createJob(LONG);
    await waitUntil(async () => ((await designer.job(id)).progress.rows ?? 0) > 0);
    expect((await designer.cancel(id)).status).toBe("cancelling");
    const job = await waitUntilEnded(designer, id);
    expect(job.status).toBe("cancelled");
    expect(await statusesOf(designer, id)).toEqual(["created", "pending", "active", "cancelling", "cancelled"]);
    const rows = await datasetRows(designer, id);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(LONG.numRecords);
    expect((await designer.results(id)).map(({ name }) => name)).toEqual(["dataset"]);
    await expect(designer.download(id, "analysis")).rejects.toMatchObject({ code: "not_found" });
  });

  it("that wait are cancelled at once and never begin", async () => {
    const lock = holdJobs();
    const designer = home.open();
    const { id } = await designer.createJob(SMALL);
    expect((await designer.cancel(id)).status).toBe("cancelled");
    lock.release();
    const next = await designer.createJob(SMALL);
    await waitUntilEnded(designer, next.id);
    expect(await statusesOf(designer, id)).toEqual(["created", "pending", "cancelled"]);
  });

  it("stop when the service does, and go on with the next one to the same rows", async () => {
    const first = home.open();
    const { id } = await first.createJob(LONG);
    await waitUntil(async () => ((await first.job(id)).progress.rows ?? 0) > 0);
    await first.close();
    const second = home.open();
    expect((await second.job(id)).status).toBe("pending");
    const job = await waitUntilEnded(second, id);
    expect(job).toMatchObject({ status: "completed", progress: { rows: LONG.numRecords } });
    const events = await collect(second.events(id, { after: 0, signal: AbortSignal.timeout(10_000) }));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    const starts = events.filter(({ type }) => type === "run_started").map(({ data }) => data["resumed_rows"]);
    expect([starts.length, starts[0]]).toEqual([2, 0]);
    expect(starts[1]).toBeGreaterThan(0);
    const whole = await second.createJob(LONG);
    await waitUntilEnded(second, whole.id);
    expect(await datasetRows(second, id)).toEqual(await datasetRows(second, whole.id));
  });

  const byResume = (designer: DataDesigner, id: string) => designer.resume?.(id);
  const byKey = (designer: DataDesigner) => designer.createJob({ ...SMALL, idempotencyKey: "k" });

  it.each([
    ["resume", 1, byResume],
    ["resume, with threads,", 2, byResume],
    ["the same request again", 1, byKey],
  ])(
    "say that the disk is full, keep what is finished, and after %s end with the same bytes",
    async (_, workerCount, goOn) => {
      const lock = holdJobs();
      const designer = home.open({ workerCount });
      const { id } = await designer.createJob({ ...SMALL, idempotencyKey: "k" });
      const partial = path.join(folderOf(id), "tmp-partial-parquet-files");
      mkdirSync(partial, { recursive: true });
      // The device that answers every write with "no space left".
      const blocked = path.join(partial, "parquet-files-batch_00002.parquet.tmp");
      symlinkSync("/dev/full", blocked);
      lock.release();
      const failed = await waitUntilEnded(designer, id);
      expect(failed.status).toBe("error");
      expect(failed.errorDetails).toEqual({
        code: "storage_failed",
        message: expect.stringMatching(/the disk is full.*what is finished is kept, resume the job to go on/) as string,
      });
      const kept = partsOf(id);
      expect([...kept.keys()]).toEqual(expect.arrayContaining(["batch_00000.parquet", "batch_00001.parquet"]));
      expect(kept.has("batch_00002.parquet")).toBe(false);
      expect(await datasetRows(designer, id)).toHaveLength(kept.size * 10);

      rmSync(blocked, { force: true });
      expect(await goOn(designer, id)).toMatchObject({ id, status: "pending" });
      expect(await waitUntilEnded(designer, id)).toMatchObject({ status: "completed", errorDetails: null });
      await expect(designer.resume?.(id)).rejects.toMatchObject({ code: "conflict" });
      const undisturbed = await designer.createJob(SMALL);
      await waitUntilEnded(designer, undisturbed.id);
      const parts = partsOf(id);
      expect(parts.size).toBe(4);
      expect(parts).toEqual(partsOf(undisturbed.id));
      for (const [file, bytes] of kept) expect(bytes).toBe(parts.get(file));
    },
  );

  it("whose metadata is damaged end with that, and can be deleted", async () => {
    const lock = holdJobs();
    const designer = home.open();
    const { id } = await designer.createJob(SMALL);
    mkdirSync(folderOf(id), { recursive: true });
    writeFileSync(path.join(folderOf(id), "metadata.json"), '{"row_groups": [');
    lock.release();
    const job = await waitUntilEnded(designer, id);
    expect(job.errorDetails).toMatchObject({ code: "unreadable_input" });
    await expect(designer.download(id, "dataset")).rejects.toMatchObject({ code: "unreadable_input" });
    await designer.delete(id);
    expect(readdirSync(path.join(home.home, "datasets"))).toEqual([]);
  });

  it("whose folder is gone have no results, and can be deleted", async () => {
    const designer = home.open();
    const { id } = await designer.createJob(SMALL);
    await waitUntilEnded(designer, id);
    rmSync(folderOf(id), { recursive: true });
    expect(await designer.results(id)).toEqual([]);
    await expect(designer.download(id, "dataset")).rejects.toMatchObject({ code: "not_found" });
    await expect(designer.datasetFolder(id)).rejects.toMatchObject({ code: "not_found" });
    await designer.delete(id);
    await expect(designer.job(id)).rejects.toMatchObject({ code: "not_found" });
  });

  it("of which a row group is gone are not handed over in part", async () => {
    const designer = home.open();
    const { id } = await designer.createJob(SMALL);
    await waitUntilEnded(designer, id);
    rmSync(path.join(folderOf(id), "parquet-files", "batch_00001.parquet"));
    await expect(designer.download(id, "dataset")).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("files of job") as string,
    });
  });
});

describe("a closed service", () => {
  it("says so", async () => {
    const designer = home.open();
    await designer.close();
    await designer.close();
    await expect(designer.list(ALL)).rejects.toMatchObject({ code: "unavailable" });
  });
});

it("refuses pages that are none, of jobs and of their logs", async () => {
  const designer = home.open();
  await expect(designer.list({ ...ALL, page: 0 })).rejects.toMatchObject({ code: "invalid_input" });
  await expect(designer.list({ ...ALL, pageSize: -1 })).rejects.toThrow("-1 jobs on a page: must be 1 to 1000");
  const { id } = await designer.createJob(SMALL);
  await expect(designer.logs(id, { limit: 0 })).rejects.toMatchObject({ code: "invalid_input" });
  await expect(designer.logs(id, { limit: 5, pageCursor: "x" })).rejects.toThrow('page cursor "x" is none of this log');
});

describe("what is handed over", () => {
  it("is the dataset with what tells about it, the same bytes each time, and the output of each processor", async () => {
    const designer = home.open();
    const processors = [
      { processor_type: "schema_transform", name: "chat", template: { text: "{{ city }}" } },
      { processor_type: "drop_columns", name: "drop", column_names: ["label"] },
    ];
    const { id } = await designer.createJob({ ...SMALL, config: { ...CONFIG, processors } });
    await waitUntilEnded(designer, id);
    expect((await designer.results(id)).map(({ name }) => name)).toEqual(["dataset", "analysis", "chat"]);
    writeFileSync(path.join(folderOf(id), "README.md"), "# card");
    const download = await designer.download(id, "dataset");
    expect(download).toMatchObject({ fileName: `${id}-dataset.tar.gz`, contentType: "application/gzip" });
    const bytes = Buffer.concat(await collect(download.body));
    const files = await unpack([bytes]);
    const parts = [0, 1, 2, 3].map((part) => `dataset/batch_0000${part}.parquet`);
    expect([...files.keys()]).toEqual(["metadata.json", "builder_config.json", "README.md", ...parts]);
    expect(files.get("metadata.json")).toEqual(readFileSync(path.join(folderOf(id), "metadata.json")));
    const again = Buffer.concat(await collect((await designer.download(id, "dataset")).body));
    expect(again.equals(bytes)).toBe(true);
    const chat = await unpack((await designer.download(id, "chat")).body);
    expect([...chat.keys()]).toEqual(parts.map((name) => name.replace("dataset", "chat")));
  });

  it("can be left unread", async () => {
    const designer = home.open();
    const { id } = await designer.createJob(SMALL);
    await waitUntilEnded(designer, id);
    for await (const chunk of (await designer.download(id, "dataset")).body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = [value];
  return value;
}
