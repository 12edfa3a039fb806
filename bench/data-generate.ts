import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import type { DesignInput } from "../engine/data/design/design.ts";
import { Design } from "../engine/data/design/design.ts";
import { planColumns } from "../engine/data/design/plan.ts";
import { createGenerator } from "../engine/data/generate.ts";
import { previewRows } from "../engine/data/preview.ts";
import { type BenchRow, median } from "./row.ts";

const COMMAND = path.resolve(import.meta.dirname, "../cli/nemops.js");
const REPETITIONS = 3;
const PREVIEWS = 20;
const RSS_POLL_MS = 50;

const KINDS = ["Books", "Electronics", "Clothing", "Home", "Toys"];

/** The thirteen columns that generators of this kind are compared by. */
const ORDERS: DesignInput = {
  columns: [
    {
      column_type: "sampler",
      name: "order_id",
      sampler_type: "uuid",
      params: { sampler_type: "uuid", prefix: "ORD-" },
    },
    {
      column_type: "sampler",
      name: "category",
      sampler_type: "category",
      params: { sampler_type: "category", values: KINDS, weights: [30, 25, 20, 15, 10] },
    },
    {
      column_type: "sampler",
      name: "subcategory",
      sampler_type: "subcategory",
      params: {
        sampler_type: "subcategory",
        category: "category",
        values: Object.fromEntries(KINDS.map((kind) => [kind, [1, 2, 3, 4].map((at) => `${kind} ${at}`)])),
      },
    },
    {
      column_type: "sampler",
      name: "list_price",
      sampler_type: "uniform",
      params: { sampler_type: "uniform", low: 20, high: 200 },
    },
    {
      column_type: "sampler",
      name: "price",
      sampler_type: "gaussian",
      params: { sampler_type: "gaussian", mean: 80, stddev: 30 },
    },
    { column_type: "sampler", name: "qty", sampler_type: "poisson", params: { sampler_type: "poisson", mean: 3 } },
    { column_type: "sampler", name: "gift", sampler_type: "bernoulli", params: { sampler_type: "bernoulli", p: 0.1 } },
    {
      column_type: "sampler",
      name: "discount",
      sampler_type: "bernoulli_mixture",
      params: { sampler_type: "bernoulli_mixture", p: 0.2, dist_name: "gamma", dist_params: { a: 2 } },
    },
    {
      column_type: "sampler",
      name: "order_date",
      sampler_type: "datetime",
      params: { sampler_type: "datetime", start: "2024-01-01", end: "2025-01-01", unit: "D" },
    },
    {
      column_type: "sampler",
      name: "ship_date",
      sampler_type: "timedelta",
      params: { sampler_type: "timedelta", dt_min: 1, dt_max: 10, reference_column_name: "order_date", unit: "D" },
    },
    {
      column_type: "sampler",
      name: "tax",
      sampler_type: "uniform",
      params: { sampler_type: "uniform", low: 0.15, high: 0.25 },
      conditional_params: { "category == 'Books'": { sampler_type: "uniform", low: 0.05, high: 0.07 } },
    },
    { column_type: "expression", name: "total", expr: "{{ price * qty * (1 + tax) }}", dtype: "float" },
    { column_type: "expression", name: "label", expr: "{{ category | upper }}-{{ order_id }}", dtype: "str" },
  ],
  constraints: [
    { constraint_type: "scalar_inequality", target_column: "price", operator: "gt", rhs: 0 },
    { constraint_type: "column_inequality", target_column: "price", operator: "le", rhs: "list_price" },
  ],
};

/** `nemops dataset create` as whole processes, from spawn to exit, and a preview within this one. */
export async function benchDataGenerate(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const rows: BenchRow[] = [await benchPreview()];
  try {
    const design = path.join(folder, "orders.json");
    writeFileSync(design, JSON.stringify(ORDERS));
    for (const count of [100_000, 1_000_000]) rows.push(...(await benchCreate(design, folder, count)));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchPreview(): Promise<BenchRow> {
  const times: number[] = [];
  for (let run = 0; run <= PREVIEWS; run += 1) {
    const start = performance.now();
    const design = Design.parse(ORDERS);
    await previewRows(await createGenerator({ design, plan: planColumns(design), seed: run }), 10);
    // The first one compiles the code.
    if (run > 0) times.push(performance.now() - start);
  }
  const size = `parse, plan, compile and 10 rows of 13 columns, median of ${PREVIEWS}`;
  return { what: "dataset preview", size, figure: median(times), unit: "ms", budget: "<= 50 ms" };
}

async function benchCreate(design: string, folder: string, count: number): Promise<BenchRow[]> {
  const output = path.join(folder, "orders.parquet");
  const rates: number[] = [];
  const peaks: number[] = [];
  for (let run = 0; run < REPETITIONS; run += 1) {
    const { seconds, peakMiB } = await create(["-n", String(count), "-o", output, design]);
    rates.push(count / seconds);
    peaks.push(peakMiB);
  }
  const megabytes = (statSync(output).size / 1e6).toFixed(0);
  const size = `${count.toLocaleString("en-US")} rows x 13 columns, ${megabytes} MB Parquet, whole process, median of ${REPETITIONS}`;
  const budgets = count === 1_000_000 ? [">= 100,000 rows/s", "<= 600 MiB"] : [];
  const [rateBudget, peakBudget] = budgets;
  return [
    {
      what: "dataset create",
      size,
      figure: median(rates),
      unit: "rows/s",
      ...(rateBudget ? { budget: rateBudget } : {}),
    },
    {
      what: "dataset create, peak RSS",
      size,
      figure: median(peaks),
      unit: "MiB",
      ...(peakBudget ? { budget: peakBudget } : {}),
    },
  ];
}

function create(args: readonly string[]): Promise<{ seconds: number; peakMiB: number }> {
  const start = performance.now();
  const child = spawn(process.execPath, [COMMAND, "dataset", "create", "--quiet", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peakMiB = 0;
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentMiB(child.pid));
  }, RSS_POLL_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ seconds: (performance.now() - start) / 1_000, peakMiB });
      else reject(new Error(`nemops dataset create ended with ${code}`));
    });
  });
}

/** The highest the kernel has seen so far; 0 where it does not tell. */
function residentMiB(pid: number | undefined): number {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(peak ?? 0) / 1_024);
  } catch {
    return 0;
  }
}
