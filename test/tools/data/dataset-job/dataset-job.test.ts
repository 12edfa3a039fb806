import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { type Design, type DesignInput, Design as DesignSchema } from "../../../../engine/data/design/design.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { systemClock } from "../../../../lib/clock.ts";
import type { JobEvent } from "../../../../tools/data/dataset-job/events.ts";
import type { ExportFormat } from "../../../../tools/data/dataset-job/export-formats.ts";
import { exportDataset } from "../../../../tools/data/dataset-job/export.ts";
import { readMetadata } from "../../../../tools/data/dataset-job/metadata.ts";
import {
  type DatasetJobOptions,
  type DatasetJobResult,
  runDatasetJob,
} from "../../../../tools/data/dataset-job/run-job.ts";
import { decodeParquet } from "../../../../tools/data/writers/parquet.ts";

const folder = (): string => path.join(mkdtempSync(path.join(tmpdir(), "nemops-job-")), "artifacts");
const design = (input: DesignInput): Design => DesignSchema.parse(input);

/** One row in five has no number in `keep`, and its cast to a number drops the row. */
const DROPPING = design({
  columns: [
    { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } },
    {
      column_type: "sampler",
      name: "keep",
      sampler_type: "category",
      params: { sampler_type: "category", values: ["1", "2", "3", "4", "no"] },
    },
    {
      column_type: "sampler",
      name: "hidden",
      sampler_type: "uniform",
      params: { sampler_type: "uniform", low: 0, high: 1 },
      drop: true,
    },
    { column_type: "expression", name: "number", expr: "{{ keep }}", dtype: "int" },
    { column_type: "llm-text", name: "note", prompt: "A short note about {{ number }}.", model_alias: "m" },
  ],
  model_configs: [{ alias: "m", model: "x", provider: "y" }],
  processors: [
    { processor_type: "schema_transform", name: "chat", template: { text: "{{ id }}!", all: { n: ["{{ number }}"] } } },
  ],
});

const BASE = { design: DROPPING, datasetName: "d", seed: "7", workerCount: 1, numRecords: 60 };

async function exported(result: DatasetJobResult, from: string, format: ExportFormat): Promise<Buffer> {
  const file = path.join(path.dirname(from), `out.${format}`);
  await exportDataset({ folder: from, metadata: result.metadata, format, file });
  return readFileSync(file);
}

async function jobBytes(options: Partial<DatasetJobOptions>, format: ExportFormat): Promise<Buffer> {
  const at = folder();
  return exported(await runDatasetJob({ ...BASE, ...options, folder: at }), at, format);
}

describe("runDatasetJob", () => {
  it("makes exactly as many rows as asked for, in the folders that are documented", async () => {
    const at = folder();
    const events: JobEvent[] = [];
    const { metadata, profile } = await runDatasetJob({
      ...BASE,
      folder: at,
      rowGroupSize: 25,
      onEvent: (event) => events.push(event),
    });
    expect(metadata).toMatchObject({
      target_num_records: 60,
      actual_num_records: 60,
      buffer_size: 25,
      post_generation_state: "completed",
      text_model: "offline text model",
    });
    expect(metadata.failures).toEqual([expect.objectContaining({ column: "number", kind: "TypeCastError" })]);
    expect(JSON.parse(readFileSync(path.join(at, "metadata.json"), "utf8"))).toEqual(metadata);
    expect(JSON.parse(readFileSync(path.join(at, "analysis.json"), "utf8"))).toEqual(profile);
    expect(readdirSync(at).sort()).toEqual([
      "README.md",
      "analysis.json",
      "builder_config.json",
      "dropped-columns-parquet-files",
      "metadata.json",
      "parquet-files",
      "processors-files",
    ]);
    const first = decodeParquet(readFileSync(path.join(at, "parquet-files", "batch_00000.parquet")));
    expect([...first.columns.keys()]).toEqual(["id", "keep", "number", "note"]);
    const side = decodeParquet(readFileSync(path.join(at, "dropped-columns-parquet-files", "batch_00000.parquet")));
    expect([[...side.columns.keys()], side.rowCount]).toEqual([["hidden"], first.rowCount]);
    const chat = decodeParquet(readFileSync(path.join(at, "processors-files", "chat", "batch_00000.parquet")));
    const [row] = tableRows(first);
    expect({ ...tableRows(chat)[0] }).toEqual({
      text: `${row?.["id"] as string}!`,
      all: { n: [JSON.stringify(row?.["number"])] },
    });
    const failed = events.filter((event) => event.type === "row_failed");
    expect(failed).toHaveLength(metadata.failures[0]?.count ?? -1);
    expect([events[0]?.type, events.at(-1)]).toEqual([
      "run_started",
      { type: "run_finished", status: "completed", target: 60, actual: 60 },
    ]);
  });

  it.each<ExportFormat>(["jsonl", "csv", "parquet"])(
    "gives the same %s for any row-group size and number of workers",
    async (format) => {
      const expected = await jobBytes({ rowGroupSize: 10_000 }, format);
      expect(expected.length).toBeGreaterThan(1_000);
      expect((await jobBytes({ rowGroupSize: 7 }, format)).equals(expected)).toBe(true);
      // Threads take a while to start, and they make the row groups whatever the format.
      const workerCount = format === "parquet" ? 2 : 1;
      expect((await jobBytes({ rowGroupSize: 13, workerCount }, format)).equals(expected)).toBe(true);
      expect((await jobBytes({ seed: "8" }, format)).equals(expected)).toBe(false);
    },
  );

  it("leaves gaps when rows are not to be refilled, and says so", async () => {
    const events: JobEvent[] = [];
    const { metadata } = await runDatasetJob({
      ...BASE,
      folder: folder(),
      refill: false,
      onEvent: (event) => events.push(event),
    });
    expect(metadata.actual_num_records).toBe(60 - (metadata.failures[0]?.count ?? 0));
    expect(metadata.actual_num_records).toBeLessThan(60);
    const [warning] = events.filter((event) => event.type === "log");
    expect(warning?.message).toContain(`generated ${metadata.actual_num_records} of 60 rows`);
  });

  it("goes on after an abort with the row groups that are finished, to the same bytes", async () => {
    const at = folder();
    const controller = new AbortController();
    const reason = new Error("enough");
    const finished: number[] = [];
    const run = runDatasetJob({
      ...BASE,
      folder: at,
      rowGroupSize: 10,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "row_group_finished" && finished.push(event.id) === 3) controller.abort(reason);
        if (event.type === "run_finished") expect(event.status).toBe("cancelled");
      },
    });
    await expect(run).rejects.toBe(reason);
    const made: number[] = [];
    const resumed = await runDatasetJob({
      ...BASE,
      folder: at,
      rowGroupSize: 10,
      resume: true,
      onEvent: (event) => event.type === "row_group_started" && made.push(event.id),
    });
    expect(finished).toEqual([0, 1, 2]);
    expect(made[0]).toBe(3);
    expect((await exported(resumed, at, "jsonl")).equals(await jobBytes({}, "jsonl"))).toBe(true);
    expect(resumed.profile.column_statistics[0]?.num_records).toBe(60);
  });

  it("knows every finished row group after an abort, also when there are too many to write down each", async () => {
    const at = folder();
    const controller = new AbortController();
    const finished: number[] = [];
    const run = runDatasetJob({
      ...BASE,
      folder: at,
      numRecords: 1_100,
      rowGroupSize: 1,
      signal: controller.signal,
      // A second never passes, so that the job itself writes nothing.
      clock: { ...systemClock, now: () => 0 },
      onEvent: (event) => {
        if (event.type === "row_group_finished" && finished.push(event.id) === 5) controller.abort(new Error("enough"));
      },
    });
    await expect(run).rejects.toThrow("enough");
    const { row_groups: groups } = (await readMetadata(at)) ?? { row_groups: [] };
    expect(groups.map(({ id }) => id)).toEqual(finished);
    expect(finished).toHaveLength(5);
  });

  it("extends a finished dataset to the same rows that a longer job makes", async () => {
    const at = folder();
    await runDatasetJob({ ...BASE, folder: at, rowGroupSize: 25 });
    const longer = await runDatasetJob({ ...BASE, folder: at, rowGroupSize: 25, numRecords: 90, resume: true });
    expect(longer.metadata).toMatchObject({ original_target_num_records: 60, actual_num_records: 90 });
    expect((await exported(longer, at, "csv")).equals(await jobBytes({ numRecords: 90 }, "csv"))).toBe(true);
  });

  it("refuses a folder with another job, and to go on with other settings", async () => {
    const at = folder();
    await runDatasetJob({ ...BASE, folder: at, rowGroupSize: 25 });
    const again = (options: Partial<DatasetJobOptions>): Promise<unknown> =>
      runDatasetJob({ ...BASE, folder: at, rowGroupSize: 25, ...options });
    await expect(again({})).rejects.toMatchObject({ code: "conflict" });
    await expect(again({ resume: true, seed: "8" })).rejects.toThrow("another seed 7, now 8");
    await expect(again({ resume: true, rowGroupSize: 5 })).rejects.toThrow("row-group size 25, now 5");
    await expect(again({ resume: true, numRecords: 10 })).rejects.toThrow("cannot make a dataset smaller");
    await expect(again({ resume: true })).resolves.toBeDefined();
  });

  it("says that the disk is full, keeps what is finished, and goes on when there is room", async () => {
    const at = folder();
    mkdirSync(path.join(at, "tmp-partial-parquet-files"), { recursive: true });
    const blocked = path.join(at, "tmp-partial-parquet-files", "parquet-files-batch_00002.parquet.tmp");
    // The device that answers every write with "no space left".
    symlinkSync("/dev/full", blocked);
    await expect(runDatasetJob({ ...BASE, folder: at, rowGroupSize: 10 })).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining("the disk is full") as string,
    });
    expect(readdirSync(path.join(at, "parquet-files"))).toEqual(["batch_00000.parquet", "batch_00001.parquet"]);
    rmSync(blocked, { force: true });
    const resumed = await runDatasetJob({ ...BASE, folder: at, rowGroupSize: 10, resume: true });
    expect((await exported(resumed, at, "jsonl")).equals(await jobBytes({}, "jsonl"))).toBe(true);
  });

  it("ends at once when no row can be made, with the reason", async () => {
    const never = design({
      columns: [
        { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } },
        { column_type: "expression", name: "n", expr: "{{ id }}x", dtype: "float" },
      ],
    });
    const run = runDatasetJob({ ...BASE, design: never, folder: folder(), rowGroupSize: 30 });
    await expect(run).rejects.toThrow(/none of the first 30 rows could be made; column "n": TypeCastError/);
  });

  it.each([0, -1, 1.5, 1e9])("refuses %s rows before it touches the disk", async (numRecords) => {
    const at = folder();
    await expect(runDatasetJob({ ...BASE, folder: at, numRecords })).rejects.toMatchObject({ code: "invalid_input" });
    expect(existsSync(at)).toBe(false);
  });

  it("passes on from a worker thread what the engine cannot make", async () => {
    const embedding = design({
      columns: [...DROPPING.columns, { column_type: "embedding", name: "e", target_column: "note", model_alias: "m" }],
    });
    const run = runDatasetJob({ ...BASE, design: embedding, folder: folder(), rowGroupSize: 10, workerCount: 2 });
    await expect(run).rejects.toMatchObject({
      code: "not_supported",
      message: expect.stringContaining('"e"') as string,
    });
  });
});
