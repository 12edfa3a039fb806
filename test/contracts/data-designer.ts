import { readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

import { extract } from "tar-stream";
import { afterEach, describe, expect, it } from "vitest";

import { DatasetProfile } from "../../engine/data/profile/profile.ts";
import {
  type DataDesigner,
  type DesignJob,
  type JobEvent,
  type PreviewMessage,
  hasEnded,
} from "../../tools/data/designer/designer.ts";
import { CONFIG } from "./data-designer-config.ts";

export { CONFIG } from "./data-designer-config.ts";

export interface OpenedDesigner {
  readonly designer: DataDesigner;
  cleanUp(): Promise<void>;
}

export interface DesignerContractOptions {
  /** Rows of a job that works for long enough to be cancelled. */
  readonly manyRows: number;
}

const COLUMNS = ["id", "city", "amount", "label"];
/** Long enough for any machine; a job that has not ended by then hangs. */
const WAIT_MS = 20_000;
const never = new AbortController().signal;

export async function waitUntilEnded(designer: DataDesigner, id: string): Promise<DesignJob> {
  const endsAt = Date.now() + WAIT_MS;
  let job = await designer.job(id);
  while (!hasEnded(job.status) && Date.now() < endsAt) {
    const { version } = job.progress;
    job = await designer.waitForChange(id, { version, timeoutMs: 1_000, signal: never });
  }
  return job;
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Names and bytes of a tar.gz. */
export async function unpack(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = extract();
  Readable.from(body).pipe(createGunzip()).pipe(entries);
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}

/** What whatever makes datasets must do, here or behind a network. */
export function describeDataDesigner(
  name: string,
  open: () => Promise<OpenedDesigner>,
  { manyRows }: DesignerContractOptions,
): void {
  describe(`data designer: ${name}`, () => {
    let opened: OpenedDesigner | undefined;
    const start = async (): Promise<DataDesigner> => {
      opened = await open();
      return opened.designer;
    };
    afterEach(async () => {
      await opened?.cleanUp();
      opened = undefined;
    });

    it("previews as many rows as asked for, with their profile", async () => {
      const designer = await start();
      const messages = await collect<PreviewMessage>(designer.preview({ config: CONFIG, numRecords: 4 }));
      const datasets = messages.filter((message) => message.kind === "dataset");
      expect(datasets).toHaveLength(1);
      expect(datasets[0]?.records).toHaveLength(4);
      expect(Object.keys(datasets[0]?.records[0] ?? {})).toEqual(COLUMNS);
      for (const { city, label } of datasets[0]?.records ?? []) expect(label).toBe(city === "Oslo" ? "OSLO" : "BERGEN");
      const analysis = messages.findLast((message) => message.kind === "analysis");
      expect(analysis?.analysis).toMatchObject({ num_records: 4 });
      expect(messages.filter((message) => message.kind === "log" && message.level === "error")).toEqual([]);
    });

    it("names every error of a config, and stores nothing of it", async () => {
      const designer = await start();
      const columns = [
        { column_type: "expression", name: "a", expr: "{{ nowhere }}" },
        { column_type: "expression", name: "b", expr: "{{ nothing }}" },
      ];
      const wrong = (violations: unknown): unknown => {
        expect(violations).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ column: "a", level: "error" }),
            expect.objectContaining({ column: "b", level: "error" }),
          ]),
        );
        return true;
      };
      const failure = await designer.createJob({ config: { columns }, numRecords: 5 }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "invalid_input" });
      wrong((failure as { data: { violations: unknown } }).data.violations);
      const preview = collect(designer.preview({ config: { columns }, numRecords: 5 }));
      await expect(preview).rejects.toMatchObject({ code: "invalid_input" });
      expect((await designer.list({ page: 1, pageSize: 10, sort: "-created_at" })).total).toBe(0);
    });

    it("makes a dataset, tells its progress to the end, and hands it over", async () => {
      const designer = await start();
      const created = await designer.createJob({ config: CONFIG, numRecords: 30, name: "thirty", description: "d" });
      expect(created).toMatchObject({ name: "thirty", description: "d", numRecords: 30, errorDetails: null });
      const job = await waitUntilEnded(designer, created.id);
      expect(job).toMatchObject({ id: created.id, status: "completed", textModel: null, errorDetails: null });
      expect(job.progress).toMatchObject({ rows: 30, target: 30 });
      expect(job.progress.version).toBeGreaterThan(created.progress.version);

      const results = (await designer.results(job.id)).map((result) => result.name);
      expect(results).toEqual(expect.arrayContaining(["dataset", "analysis"]));
      const files = await unpack((await designer.download(job.id, "dataset")).body);
      const parquet = [...files].filter(([file]) => /^dataset\/.*\.parquet$/.test(file));
      expect(parquet.length).toBeGreaterThan(0);
      for (const [, bytes] of parquet) expect(bytes.subarray(0, 4).toString()).toBe("PAR1");
      const analysis = await collect((await designer.download(job.id, "analysis")).body);
      expect(JSON.parse(Buffer.concat(analysis).toString())).toMatchObject({ num_records: 30 });

      const folder = await designer.datasetFolder(job.id);
      expect(JSON.parse(readFileSync(path.join(folder, "metadata.json"), "utf8"))).toMatchObject({
        actual_num_records: 30,
      });
      expect(
        DatasetProfile.parse(JSON.parse(readFileSync(path.join(folder, "analysis.json"), "utf8"))).num_records,
      ).toBe(30);
    });

    it("replays and follows the events of a job without gaps, from any of them on", async () => {
      const designer = await start();
      const { id } = await designer.createJob({ config: CONFIG, numRecords: 20 });
      const all = await collect<JobEvent>(designer.events(id, { after: 0, signal: AbortSignal.timeout(WAIT_MS) }));
      expect(all.length).toBeGreaterThan(1);
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
      expect((await designer.job(id)).status).toBe("completed");
      const last = await collect<JobEvent>(designer.events(id, { after: all.length - 1, signal: never }));
      expect(last).toEqual(all.slice(-1));
      expect(await collect(designer.events(id, { after: all.length, signal: never }))).toEqual([]);
      const stopped = designer.events(id, { after: 0, signal: AbortSignal.abort() });
      expect(await collect(stopped)).toEqual([]);
    });

    it("lists jobs page by page in either order, and by status", async () => {
      const designer = await start();
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        const { id } = await designer.createJob({ config: CONFIG, numRecords: 3, name: `job ${at}` });
        await waitUntilEnded(designer, id);
        ids.push(id);
      }
      const page = (number: number, sort: "created_at" | "-created_at") =>
        designer.list({ page: number, pageSize: 2, sort });
      const first = await page(1, "created_at");
      expect([first.total, first.jobs.map(({ id }) => id)]).toEqual([3, ids.slice(0, 2)]);
      expect((await page(2, "created_at")).jobs.map(({ id }) => id)).toEqual(ids.slice(2));
      expect((await page(1, "-created_at")).jobs[0]?.id).toBe(ids[2]);
      const some = { page: 1, pageSize: 10, sort: "-created_at" } as const;
      expect((await designer.list({ ...some, status: "completed" })).total).toBe(3);
      expect((await designer.list({ ...some, status: "error" })).jobs).toEqual([]);
    });

    it("keeps what a job said, page by page", async () => {
      const designer = await start();
      const { id } = await designer.createJob({ config: CONFIG, numRecords: 3 });
      await waitUntilEnded(designer, id);
      const whole = await designer.logs(id, { limit: 1_000 });
      expect(whole.lines.length).toBeGreaterThan(1);
      expect(whole.nextPage).toBeNull();
      for (const line of whole.lines) {
        expect(Number.isNaN(Date.parse(line.timestamp))).toBe(false);
        expect(line.message).not.toBe("");
      }
      const first = await designer.logs(id, { limit: 1 });
      expect(first.lines).toEqual(whole.lines.slice(0, 1));
      expect(first.nextPage).not.toBeNull();
      const second = await designer.logs(id, { limit: 1, pageCursor: first.nextPage ?? "" });
      expect(second.lines).toEqual(whole.lines.slice(1, 2));
    });

    it("cancels a job that works, and not one that has ended", async () => {
      const designer = await start();
      const { id } = await designer.createJob({ config: CONFIG, numRecords: manyRows });
      expect((await designer.cancel(id)).status).toMatch(/^cancel(?:ling|led)$/);
      const job = await waitUntilEnded(designer, id);
      expect(job.status).toBe("cancelled");
      await expect(designer.cancel(id)).rejects.toMatchObject({ code: "conflict" });
    });

    it("deletes jobs, those that work as well", async () => {
      const designer = await start();
      const done = await designer.createJob({ config: CONFIG, numRecords: 3 });
      await waitUntilEnded(designer, done.id);
      const working = await designer.createJob({ config: CONFIG, numRecords: manyRows });
      await designer.delete(done.id);
      await designer.delete(working.id);
      for (const { id } of [done, working]) {
        await expect(designer.job(id)).rejects.toMatchObject({ code: "not_found" });
        await expect(designer.datasetFolder(id)).rejects.toMatchObject({ code: "not_found" });
      }
      expect((await designer.list({ page: 1, pageSize: 10, sort: "created_at" })).total).toBe(0);
    });

    it("knows no job and no result that is not there", async () => {
      const designer = await start();
      const unknown = "job-00000000-0000-4000-8000-000000000000";
      const calls: (() => Promise<unknown>)[] = [
        () => designer.job(unknown),
        () => designer.logs(unknown, { limit: 10 }),
        () => designer.cancel(unknown),
        () => designer.delete(unknown),
        () => designer.results(unknown),
        () => designer.download(unknown, "dataset"),
        () => designer.datasetFolder(unknown),
        () => designer.waitForChange(unknown, { version: 0, timeoutMs: 10, signal: never }),
        () => collect(designer.events(unknown, { after: 0, signal: never })),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "not_found" });
      const { id } = await designer.createJob({ config: CONFIG, numRecords: 3 });
      await waitUntilEnded(designer, id);
      await expect(designer.download(id, "nothing")).rejects.toMatchObject({ code: "not_found" });
    });

    it("waits for a change, and no longer than asked", async () => {
      const designer = await start();
      const { id } = await designer.createJob({ config: CONFIG, numRecords: 3 });
      const job = await waitUntilEnded(designer, id);
      const { version } = job.progress;
      const ended = await designer.waitForChange(id, { version, timeoutMs: WAIT_MS, signal: never });
      expect(ended).toEqual(job);
      const aborted = designer.waitForChange(id, { version, timeoutMs: WAIT_MS, signal: AbortSignal.abort() });
      await expect(aborted).rejects.toThrow();
    });
  });
}
