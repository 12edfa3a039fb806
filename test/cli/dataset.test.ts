import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { runCli } from "./run-cli.ts";

const ORDERS = `
columns:
  - {column_type: sampler, name: id, sampler_type: uuid, params: {prefix: ORD-}}
  - {column_type: sampler, name: price, sampler_type: uniform, params: {low: 1, high: 2, decimal_places: 2}}
  - {column_type: expression, name: label, expr: "{{ id }}: {{ price }}", dtype: str}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "nemops-dataset-"));
});

function file(name: string, content: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("nemops dataset validate", () => {
  it("says that a design is valid, and in which order its columns are made", async () => {
    const { code, stdout } = await runCli(["dataset", "validate", file("orders.yaml", ORDERS)]);
    expect(code).toBe(0);
    expect(stdout).toContain("valid; 3 columns, made in the order id, price, label");
  });

  it("exits 1 with every violation, in text and in JSON", async () => {
    const design = file("bad.yaml", ORDERS.replace("{{ price }}", "{{ prize }}").replace("high: 2", "high: two"));
    const { code, stdout } = await runCli(["dataset", "validate", design, "--json"]);
    expect(code).toBe(1);
    const answer = JSON.parse(stdout) as { valid: boolean; violations: { column: string; level: string }[] };
    expect(answer.valid).toBe(false);
    expect(answer.violations.map(({ column }) => column)).toEqual(expect.arrayContaining(["price", "label"]));
    expect((await runCli(["dataset", "validate", design])).stdout).toContain("prize");
  });

  it("exits 2 for a file that is not there", async () => {
    const { code, stderr } = await runCli(["dataset", "validate", path.join(folder, "none.yaml")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("cannot read")]);
  });
});

describe("nemops dataset preview", () => {
  it("shows a table and one whole record", async () => {
    const { code, stdout } = await runCli(["dataset", "preview", file("orders.yaml", ORDERS), "-n", "2"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID {2,}PRICE {2,}LABEL\n(?:ORD-.*\n){2}\nid {5}ORD-[0-9a-f]{32}\n/);
  });

  it("reads a seed dataset beside the design, and none from elsewhere", async () => {
    file("people.csv", "who,age\nAnn,30\nBo,40\n");
    const seeded = (source: string): string =>
      file(
        "seeded.yaml",
        `seed_config: {source: {seed_type: local, path: ${source}}}
columns: [{column_type: expression, name: hello, expr: "{{ who }} is {{ age }}", dtype: str}]`,
      );
    const { stdout } = await runCli(["dataset", "preview", seeded("people.csv"), "-n", "3", "--json"]);
    const { records } = JSON.parse(stdout) as { records: Record<string, unknown>[] };
    expect(records.map((record) => record["hello"])).toEqual(["Ann is 30", "Bo is 40", "Ann is 30"]);
    const { code, stderr } = await runCli(["dataset", "preview", seeded("/etc/people.csv")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("lies outside of")]);
  });
});

describe("nemops dataset create", () => {
  it("writes one column as lines of text", async () => {
    const design = file("orders.yaml", ORDERS);
    const output = path.join(folder, "labels.txt");
    const made = ["dataset", "create", design, "-n", "3", "-f", "text", "-o", output, "-q"];
    expect((await runCli([...made, "--column", "label"])).code).toBe(0);
    expect(readFileSync(output, "utf8")).toMatch(/^(?:ORD-[0-9a-f]{32}: \d\.\d+\n){3}$/);
    const unknown = await runCli([...made, "--column", "price_label"]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("columns are id, price, label")]);
    expect((await runCli(made)).stderr).toContain("name it with --column");
  });

  it("writes the file, prints its name, tells its progress as JSON lines and leaves nothing else", async () => {
    const output = path.join(folder, "out.csv");
    const { code, stdout, stderr } = await runCli([
      "dataset",
      "create",
      file("orders.yaml", ORDERS),
      "-n",
      "5",
      "-o",
      output,
    ]);
    expect([code, stdout]).toEqual([0, `${output}\n`]);
    expect(lines(stderr).map(({ type }) => type)).toEqual([
      "run_started",
      "row_group_started",
      "row_group_finished",
      "analysis",
      "run_finished",
    ]);
    const rows = readFileSync(output, "utf8").trimEnd().split("\n");
    expect([rows.length, rows[0]]).toEqual([6, "id,price,label"]);
    expect(readdirSync(folder).sort()).toEqual(["orders.yaml", "out.csv"]);
  });

  it("goes on with --resume after an interrupt, to the same bytes as an uninterrupted run", async () => {
    const design = file("orders.yaml", ORDERS);
    const output = path.join(folder, "out.jsonl");
    const args = ["dataset", "create", design, "-n", "3000", "--row-group-size", "10", "--workers", "1", "-o", output];
    const killed = await runCli(args, {
      onStderr: { text: '"row_group_finished","id":3', act: (child) => child.kill("SIGKILL") },
    });
    expect(killed.code).toBeNull();
    expect(existsSync(output)).toBe(false);
    const refused = await runCli(args);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--resume")]);
    const resumed = await runCli([...args, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(lines(resumed.stderr)[0]).toMatchObject({ type: "run_started" });
    expect(Number(lines(resumed.stderr)[0]?.["resumed_rows"])).toBeGreaterThanOrEqual(40);
    const whole = path.join(folder, "whole.jsonl");
    await runCli(["dataset", "create", design, "-n", "3000", "-o", whole, "-q"]);
    expect(readFileSync(output).equals(readFileSync(whole))).toBe(true);
  });

  it.each([
    [["-n", "0"], "must be a whole number from 1 to 100000000"],
    [["-n", "1000000000"], "must be a whole number from 1 to 100000000"],
    [[], "required option '-n, --rows <count>' not specified"],
    [["-n", "5", "-f", "xlsx"], "must be one of jsonl, csv, parquet"],
  ])("exits 2 for %j", async (args, reason) => {
    const { code, stderr } = await runCli(["dataset", "create", file("orders.yaml", ORDERS), ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });
});
