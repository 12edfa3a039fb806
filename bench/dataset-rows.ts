import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { parseDesign } from "../engine/data/design/parse-design.ts";
import { systemClock } from "../lib/clock.ts";
import { runDatasetJob } from "../tools/data/dataset-job/run-job.ts";
import { type DatasetReader, createDatasetReader } from "../tools/data/datasets/reader.ts";
import { type BenchRow, median } from "./row.ts";

const ROWS = 1_000_000;
const REPETITIONS = 15;
const SEED = 7;
const ID = "orders";

/** Pages and SQL over one million rows of the 13 columns of `seeds/designs/orders.json`, in row groups of 10,000. */
export async function benchDatasetRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "nemops-bench-"));
  const design = await readOrders();
  const reader = createDatasetReader({
    designer: { datasetFolder: () => Promise.resolve(folder) },
    sqlTimeoutMs: 60_000,
    clock: systemClock,
  });
  try {
    await runDatasetJob({ design, datasetName: ID, folder, numRecords: ROWS, seed: SEED });
    return [
      await measurePages(reader),
      await measure("page of 50 rows at offset 500,000, sorted by total", () =>
        reader.rows(ID, { offset: 500_000, limit: 50, sort: "-total" }),
      ),
      await measure("first page of 50 rows, filtered and sorted", () =>
        reader.rows(ID, {
          offset: 0,
          limit: 50,
          sort: "-total",
          filter: [{ column: "category", op: "eq", value: "Books" }],
        }),
      ),
      await measure("SQL: count and mean by category", () =>
        reader.sql(ID, "SELECT category, count(*), avg(total) FROM dataset GROUP BY 1", { limit: 100 }),
      ),
    ];
  } finally {
    await reader.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function readOrders() {
  const text = await readFile(new URL("../seeds/designs/orders.json", import.meta.url), "utf8");
  const { design } = parseDesign(text);
  if (design === undefined) throw new Error("seeds/designs/orders.json is no valid design");
  return design;
}

/** Every page lies in another row group, so that none is decoded already. */
async function measurePages(reader: DatasetReader): Promise<BenchRow> {
  let offset = 500_000;
  await reader.rows(ID, { offset: 0, limit: 50 });
  const row = await measure("page of 50 rows at offset 500,000", () => {
    const page = reader.rows(ID, { offset, limit: 50 });
    offset += 10_000;
    return page;
  });
  return { ...row, budget: "<= 60 ms" };
}

async function measure(what: string, read: () => Promise<{ readonly rows: readonly unknown[] }>): Promise<BenchRow> {
  const times: number[] = [];
  for (let turn = 0; turn < REPETITIONS; turn += 1) {
    const start = performance.now();
    const { rows } = await read();
    times.push(performance.now() - start);
    if (rows.length === 0) throw new Error(`${what}: no rows`);
  }
  const size = `${ROWS} rows x 13 columns, median of ${REPETITIONS}`;
  return { what, size, figure: Number(median(times).toFixed(1)), unit: "ms" };
}
