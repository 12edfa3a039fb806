import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { Design } from "../../../../engine/data/design/design.ts";
import { columnFromValues, tableRows } from "../../../../engine/data/table-rows.ts";
import type { JsonValue } from "../../../../engine/data/table.ts";
import type { JobEvent } from "../../../../tools/data/dataset-job/events.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../../../../tools/data/dataset-job/export-formats.ts";
import { exportDataset } from "../../../../tools/data/dataset-job/export.ts";
import { runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";
import { decodeParquet, encodeParquet } from "../../../../tools/data/writers/parquet.ts";

const newFolder = (): string => mkdtempSync(path.join(tmpdir(), "nemops-types-"));
const id = { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } } as const;
const note = { column_type: "expression", name: "note", expr: "{{ id }}" } as const;

const COLUMNS: Readonly<Record<string, readonly JsonValue[]>> = {
  mixed: [1, 2, 3, 4, "five", "six"],
  number: [1, 2, 3, 4, 5.5, 6],
  sparse: [null, null, null, null, 5, 6],
  flag: [true, false, true, null, 0, 1],
  object: [{ a: 1 }, [2], null, null, "text", "more"],
  empty: [null, null, null, null, null, null],
  log: ["a b", "", "c\nd", "\n", null, " \u00e9"],
};

/** A dataset whose every row group has the narrowest types of its own rows. */
async function exportInGroups(groupSize: number, format: ExportFormat, textColumn?: string): Promise<Buffer> {
  const at = newFolder();
  const folder = path.join(at, "artifacts");
  const design = Design.parse({ columns: [id] });
  const job = { design, datasetName: "d", folder, numRecords: 6, seed: 1, rowGroupSize: groupSize, workerCount: 1 };
  const { metadata } = await runDatasetJob(job);
  for (const [group, name] of metadata.file_paths["parquet-files"].entries()) {
    const columns = new Map(
      Object.entries(COLUMNS).map(([column, values]) => [
        column,
        columnFromValues(values.slice(group * groupSize, (group + 1) * groupSize)),
      ]),
    );
    writeFileSync(path.join(folder, name), encodeParquet({ rowCount: groupSize, columns }));
  }
  const file = path.join(at, `out.${format}`);
  const form = textColumn === undefined ? { format } : { format: "text" as const, column: textColumn };
  await exportDataset({ folder, metadata, file, ...form });
  return readFileSync(file);
}

describe("a dataset whose row groups have columns of different types", () => {
  it.each(EXPORT_FORMATS)("is exported to %s as if it were one row group", async (format) => {
    const whole = await exportInGroups(6, format);
    expect((await exportInGroups(2, format)).equals(whole)).toBe(true);
  });

  it("gives one column as lines of text, without lines for missing values", async () => {
    const lines = async (column: string): Promise<string> => (await exportInGroups(2, "jsonl", column)).toString();
    expect(await lines("mixed")).toBe("1\n2\n3\n4\nfive\nsix\n");
    expect(await lines("log")).toBe("a b\n\nc\nd\n\n \u00e9\n");
    expect(await lines("empty")).toBe("");
    await expect(lines("lgo")).rejects.toMatchObject({
      code: "invalid_input",
      message: 'there is no column "lgo" in the dataset; columns are mixed, number, sparse, flag, object, empty, log',
    });
  });

  it("keeps every value", async () => {
    const { columns, rowCount } = decodeParquet(await exportInGroups(3, "parquet"));
    const rows = tableRows({ columns, rowCount });
    for (const [name, values] of Object.entries(COLUMNS)) expect(rows.map((row) => row[name])).toEqual(values);
    expect([...columns].map(([name, { type }]) => `${name} ${type}`)).toEqual([
      "mixed json",
      "number float",
      "sparse int",
      "flag json",
      "object json",
      "empty text",
      "log text",
    ]);
  });
});

describe("the second dataset of a schema transform", () => {
  it("has gaps that are counted, told and in the metadata", async () => {
    const folder = path.join(newFolder(), "artifacts");
    const events: JobEvent[] = [];
    const template = { short: "{{ 1 / (id.startswith('a') | int) }}", id: "{{ id }}" };
    const { metadata } = await runDatasetJob({
      design: Design.parse({
        columns: [id, note],
        processors: [{ processor_type: "schema_transform", name: "chat", template }],
      }),
      datasetName: "d",
      folder,
      numRecords: 100,
      seed: 1,
      rowGroupSize: 40,
      workerCount: 1,
      onEvent: (event) => events.push(event),
    });
    const [gap] = metadata.transform_failures ?? [];
    const made = metadata.file_paths["processor-files"]["chat"]?.flatMap((file) =>
      tableRows(decodeParquet(readFileSync(path.join(folder, file)))),
    );
    const missing = (made ?? []).flatMap((row, at) => (row["short"] === null ? [at] : []));
    expect(missing.length).toBeGreaterThan(50);
    expect(gap).toMatchObject({ processor: "chat", column: "short", count: missing.length });
    expect(gap?.examples.map(({ row }) => row)).toEqual(missing.slice(0, 20));
    expect([metadata.actual_num_records, metadata.transform_failures?.length]).toEqual([100, 1]);
    const warning = events.find((event) => event.type === "log");
    expect(warning).toMatchObject({
      level: "warning",
      message: expect.stringContaining(
        `processor "chat": "short" is missing in ${missing.length} rows, for example row ${missing[0]}`,
      ),
    });
    expect(readFileSync(path.join(folder, "README.md"), "utf8")).toContain("| chat | short |");
  });
});
