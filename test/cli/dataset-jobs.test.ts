import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";
import { type CliResult, runCli } from "./run-cli.ts";

const BRIEF =
  "500 fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date";

let service: OpenService;
let url: string;
let folder: string;
let jobId: string;

const nemops = (...args: readonly string[]): Promise<CliResult> => runCli([...args, "--url", url]);

interface Asked {
  thread_id: string;
  answer: string;
  job: { id: string; status: string } | null;
  tool_calls: { name: string }[];
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "nemops-jobs-"));
  service = await openService({
    config: loadConfig({ NEMOPS_HOME: path.join(folder, "home"), LOG_LEVEL: "silent" }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on TCP has an address object.
  url = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
  const asked = await nemops("ask", "--agent", "data_designer", "--approve", "auto", "--json", `${BRIEF}, seed 7`);
  expect([asked.code, asked.stderr]).toEqual([0, ""]);
  jobId = (JSON.parse(asked.stdout) as Asked).job?.id ?? "";
}, 60_000);
afterAll(() => service.close());

describe("nemops ask --agent data_designer", () => {
  it("goes from the brief to the finished job", async () => {
    const { stdout, stderr, code } = await nemops(
      "ask",
      "--agent",
      "data_designer",
      "--approve",
      "auto",
      `${BRIEF}, seed 7`,
    );
    expect(code).toBe(0);
    for (const tool of ["init_config", "add_timedelta_column", "validate_config", "preview_data", "create_job"]) {
      expect(stderr).toContain(`→ ${tool}`);
    }
    expect(stderr).toMatch(/dataset job-\S+: completed, 500 of 500 rows/);
    expect(stdout).toContain("500 rows of **medical_invoices**");
    // The report of the other agent has no place here.
    expect(stdout).not.toContain("verdict");
  });

  it("asks before it makes the job: exit 6 when nobody can say yes, exit 7 when the answer is no", async () => {
    const asked = await nemops("ask", "--agent", "data_designer", BRIEF);
    expect([asked.code, asked.stderr]).toEqual([6, expect.stringContaining("create_job")]);
    const refused = await nemops("ask", "--agent", "data_designer", "--approve", "never", "--json", BRIEF);
    expect([refused.code, (JSON.parse(refused.stdout) as Asked).job]).toEqual([7, null]);
  });

  it("goes on with the agent that the thread was begun with", async () => {
    const first = await nemops(
      "ask",
      "--agent",
      "data_designer",
      "--json",
      "a small table of cities with name and country",
    );
    const { thread_id: thread, job } = JSON.parse(first.stdout) as Asked;
    expect(job).toBeNull();
    const second = await nemops("ask", "--thread", thread, "--approve", "auto", "--json", "20 rows instead");
    expect((JSON.parse(second.stdout) as Asked).job).toMatchObject({ status: "completed" });
  });
});

describe("jobs of datasets", () => {
  it("are listed, shown with their columns and rows, and followed to their end", async () => {
    const listed = await nemops("dataset", "jobs", "--status", "completed");
    expect(listed.stdout).toMatch(new RegExp(`^ID .*\\n(?:.*\\n)*${jobId} +completed +500 +500 `, "m"));
    const shown = await nemops("dataset", "show", jobId, "-n", "2");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^seed {5}7$/m);
    expect(shown.stdout).toMatch(/^amount +float /m);
    expect(shown.stdout).toContain("PATIENT");
    const watched = await nemops("dataset", "watch", jobId);
    expect(watched.code).toBe(0);
    expect(watched.stdout).toBe(`${jobId} completed, 500 of 500 rows\n`);
    const events = watched.stderr
      .trimEnd()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["run_started", "row_group_finished"]));
  });

  it("answer questions in SQL", async () => {
    const query =
      "select count(*) as n, min(amount) >= 50 and max(amount) <= 5000 as inside, bool_and(due_date > invoice_date) as later from dataset";
    const { code, stdout } = await nemops("dataset", "sql", jobId, query, "--json");
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toEqual([{ n: 500, inside: true, later: true }]);
    const text = await nemops("dataset", "sql", jobId, "select 1 as one");
    expect(text.stdout).toBe("ONE\n1\n");
    const wrong = await nemops("dataset", "sql", jobId, "selec 1");
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/selec/)]);
    const reading = await nemops("dataset", "sql", jobId, "select * from read_csv('/etc/passwd')");
    expect([reading.code, reading.stdout]).toEqual([4, ""]);
  });

  it("are fetched as files, the same bytes for the same brief and seed", async () => {
    const other = await nemops("ask", "--agent", "data_designer", "--approve", "auto", "--json", `${BRIEF}, seed 7`);
    const otherId = (JSON.parse(other.stdout) as Asked).job?.id ?? "";
    const fetch = async (id: string, format: string): Promise<Buffer> => {
      const { code, stdout } = await nemops("dataset", "download", id, "-f", format, "-o", path.join(folder, id));
      expect(code).toBe(0);
      return readFileSync(stdout.trimEnd());
    };
    const csv = (await fetch(jobId, "csv")).toString("utf8");
    expect(csv.trimEnd().split("\n")).toHaveLength(501);
    expect(csv).toMatch(/^patient,icd_code,amount,invoice_date,due_date\n/);
    expect(await fetch(otherId, "parquet")).toEqual(await fetch(jobId, "parquet"));
    expect(await fetch(otherId, "jsonl")).toEqual(await fetch(jobId, "jsonl"));
  });

  it("that do not exist are an error that says so", async () => {
    for (const command of [
      ["watch", "job-none"],
      ["show", "job-none"],
      ["download", "job-none"],
    ]) {
      const { code, stderr } = await nemops("dataset", ...command);
      expect([code, stderr]).toEqual([1, expect.stringContaining("job-none")]);
    }
  });
});

describe("nemops dataset design", () => {
  it("writes a design that can be made, and says what it assumed", async () => {
    const file = path.join(folder, "churn.yaml");
    const { code, stdout, stderr } = await runCli([
      "dataset",
      "design",
      "a customer churn dataset with 200 rows",
      "-o",
      file,
    ]);
    expect([code, stdout]).toEqual([0, `${file}\n`]);
    expect(stderr).toContain(`nemops dataset create ${file} -n 200`);
    expect((parse(readFileSync(file, "utf8")) as { columns: unknown[] }).columns.length).toBeGreaterThan(7);
    expect((await runCli(["dataset", "validate", file])).code).toBe(0);
    const made = await runCli(["dataset", "create", file, "-n", "50", "-o", path.join(folder, "churn.csv"), "-q"]);
    expect(made.code).toBe(0);
  });

  it("prints the design, with everything that was read from the brief in JSON, which the other commands read", async () => {
    const { stdout } = await runCli(["dataset", "design", "30 orders with price 1 to 9, as CSV", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "dataset_design", num_records: 30, formats: ["csv"] });
    const saved = path.join(folder, "answer.json");
    writeFileSync(saved, stdout);
    expect((await runCli(["dataset", "validate", saved])).stdout).toContain("valid; ");
    const made = await runCli(["dataset", "create", saved, "-n", "3", "-o", path.join(folder, "answer.csv"), "-q"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const asked = await runCli(["dataset", "design", "hmm"]);
    expect([asked.code, asked.stdout]).toEqual([2, ""]);
    expect(asked.stderr).toMatch(/\?/);
  });
});
