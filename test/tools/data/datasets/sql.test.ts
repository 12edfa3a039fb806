import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../../../lib/clock.ts";
import { type DatasetReader, createDatasetReader } from "../../../../tools/data/datasets/reader.ts";
import { createSqlClient } from "../../../../tools/data/datasets/sql-client.ts";
import { makeDataset } from "./make-dataset.ts";

const home = mkdtempSync(path.join(tmpdir(), "nemops-sql-"));
const designer = { datasetFolder: (id: string): Promise<string> => Promise.resolve(path.join(home, id)) };
const other = path.join(home, "other", "parquet-files", "batch_00000.parquet");
let reader: DatasetReader;
let hasty: DatasetReader;

beforeAll(async () => {
  await makeDataset(path.join(home, "trees"), 7);
  await makeDataset(path.join(home, "other"), 8, 20);
  reader = createDatasetReader({ designer, sqlTimeoutMs: 10_000, clock: systemClock });
  hasty = createDatasetReader({ designer, sqlTimeoutMs: 200, clock: systemClock });
});
afterAll(async () => {
  await reader.close();
  await hasty.close();
  rmSync(home, { recursive: true });
});

const ask = (text: string, limit = 100, from = reader) => from.sql("trees", text, { limit });

describe("SQL over a dataset", () => {
  it("answers columns with types, rows and whether there are more", async () => {
    const answer = await ask("SELECT kind, count(*) AS rows, avg(price) AS mean FROM dataset GROUP BY 1 ORDER BY 1");
    expect(answer.columns).toEqual([
      { name: "kind", type: "VARCHAR" },
      { name: "rows", type: "BIGINT" },
      { name: "mean", type: "DOUBLE" },
    ]);
    expect(answer.rows.map((row) => row["kind"])).toEqual(["Ash", "Birch", "Oak"]);
    expect(answer.rows.reduce((sum, row) => sum + Number(row["rows"]), 0)).toBe(250);
    expect(answer.isTruncated).toBe(false);
  });

  it("cuts at the limit and says so", async () => {
    expect(await ask("FROM data", 250)).toMatchObject({ isTruncated: false });
    const cut = await ask("FROM data", 249);
    expect(cut.rows).toHaveLength(249);
    expect(cut.isTruncated).toBe(true);
    const wide = await ask("SELECT repeat('x', 1_000_000) AS text FROM dataset", 100);
    expect(wide.rows.length).toBeLessThan(10);
    expect(wide.isTruncated).toBe(true);
  });

  it.each(["DESCRIBE dataset", "SUMMARIZE dataset", "-- a comment\n WITH x AS (FROM dataset) SELECT * FROM x LIMIT 1"])(
    "runs %s",
    async (text) => {
      expect((await ask(text)).rows.length).toBeGreaterThan(0);
    },
  );

  it("answers values as JSON can hold them without loss", async () => {
    const { rows } = await ask(
      `SELECT 9223372036854775807::BIGINT AS big, 12::BIGINT AS small, sum(1) AS total, 1.50::DECIMAL(9,2) AS money,
       DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 10:11:12' AS at, INTERVAL 1 DAY AS span, '\\x01\\xFF'::BLOB AS raw,
       'nan'::DOUBLE AS nothing, [1::BIGINT, NULL] AS list, {'a': 2::HUGEINT} AS struct, true AS yes, NULL AS missing,
       1 AS twice, 2 AS twice`,
    );
    expect(rows).toEqual([
      {
        big: "9223372036854775807",
        small: 12,
        total: 1,
        money: 1.5,
        day: "2024-02-29",
        at: "2024-02-29T10:11:12",
        span: "1 day",
        raw: "01ff",
        nothing: null,
        list: [1, null],
        struct: { a: 2 },
        yes: true,
        missing: null,
        twice: 1,
        "twice:1": 2,
      },
    ]);
  });

  it.each([
    ["a wrong word", "SELEC 1", /syntax error.*\(line 1, column 1\)/s],
    ["an unknown column", "SELECT\n  nope FROM dataset", /"nope" not found.*\(line 2, column 3\)/s],
    ["an unknown table", "SELECT * FROM nope", /nope does not exist.*\(line 1, column 15\)/s],
    ["a value that does not convert", "SELECT kind::INT FROM dataset", /Could not convert/],
    ["two statements", "SELECT 1; SELECT 2", /2 statements: exactly one/],
    ["nothing", "  ", /no statement/],
    ["only a comment", "-- SELECT 1", /no statement/],
  ])("names what is wrong with %s", async (_what, text, message) => {
    await expect(ask(text)).rejects.toMatchObject({ code: "invalid_input", message: expect.stringMatching(message) });
  });

  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM glob('*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    `SELECT * FROM '${other}'`,
    `SELECT * FROM read_parquet('${other}')`,
    `SELECT * FROM parquet_metadata('${other}')`,
    "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    `SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')`,
    "COPY dataset TO '/tmp/nemops-copy.csv'",
    "COPY (SELECT 1) TO '/tmp/nemops-copy.csv'",
    "ATTACH '/tmp/nemops.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA version",
    "SET threads = 8",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "EXPORT DATABASE '/tmp/nemops-export'",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW dataset",
    "INSERT INTO dataset SELECT * FROM dataset",
    "WITH x AS (SELECT 1) INSERT INTO dataset SELECT * FROM x",
    "CALL pragma_version()",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT getenv('HOME')",
  ])("does not run %s", async (text) => {
    await expect(ask(text)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:forbidden|invalid_input)$/) });
  });

  it("ends a query at its time limit, and the next one runs", async () => {
    const endless = "SELECT count(*) FROM range(1_000_000_000_000) a, range(1_000_000) b WHERE a.range % 7 = b.range";
    await expect(ask(endless, 1, hasty)).rejects.toMatchObject({
      code: "timed_out",
      message: expect.stringContaining("200 ms"),
    });
    expect((await ask("SELECT 1 AS one", 1)).rows).toEqual([{ one: 1 }]);
  });

  it.each([
    ["which DuckDB notices", "SELECT len(list(range ORDER BY range DESC)) FROM range(12_000_000)"],
    ["which it does not count", "SELECT sum(length(repeat(repeat('x', 1_000_000), 20 + range::INT))) FROM range(2048)"],
  ])("ends a query that wants too much memory, %s, and the next one runs", async (_what, text) => {
    const client = createSqlClient({ timeoutMs: 10_000, memoryMiB: 100 });
    const run = async (sql: string): Promise<unknown> => {
      const call = { files: [other], isUntrusted: true, maxRows: 10, maxBytes: 1_000, statements: [{ sql }] };
      return (await client.run(call))[0]?.rows;
    };
    await expect(run(text)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("memory"),
    });
    expect(await run("SELECT 2 AS two")).toEqual([{ two: 2 }]);
    await client.close();
  });

  it("stops when its caller leaves", async () => {
    const caller = new AbortController();
    const endless = "SELECT count(*) FROM range(1_000_000_000_000) a, range(1_000_000) b WHERE a.range % 7 = b.range";
    const answer = reader.sql("trees", endless, { limit: 1, signal: caller.signal });
    caller.abort(new Error("gone"));
    await expect(answer).rejects.toThrow("gone");
    expect((await ask("SELECT 3 AS three")).rows).toEqual([{ three: 3 }]);
  });

  it("runs many queries at once and refuses what goes beyond its queue", async () => {
    const answers = await Promise.allSettled(Array.from({ length: 40 }, (_, at) => ask(`SELECT ${at} AS at`)));
    const refused = answers.filter((answer) => answer.status === "rejected");
    expect(refused).toHaveLength(6);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "rate_limited" });
    const given = answers.flatMap((answer, at) => (answer.status === "fulfilled" ? [[at, answer.value.rows]] : []));
    for (const [at, rows] of given) expect(rows).toEqual([{ at }]);
  });
});
