import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { type Design, Design as DesignSchema } from "../../../../engine/data/design/design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { createGenerator } from "../../../../engine/data/generate.ts";
import type { GenerationEvent } from "../../../../engine/data/generation-events.ts";
import { previewRows } from "../../../../engine/data/preview.ts";
import { type Row, tableRows } from "../../../../engine/data/table-rows.ts";
import { runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";
import { createRemoteValidators } from "../../../../tools/data/validators/remote-validators.ts";
import { impatientClock, openServices } from "../../../support/generation.ts";
import { type JsonReply, type JsonServer, startJsonServer } from "../../../support/validator-server.ts";

const sampler = (name: string, values: readonly (string | number)[]) => ({
  column_type: "sampler",
  name,
  sampler_type: "category",
  params: { sampler_type: "category", values },
});

const ALLOWED = { OUTBOUND_ALLOW_PRIVATE: "1" };
let server: JsonServer | undefined;
let events: GenerationEvent[] = [];

afterEach(async () => {
  await server?.close();
  server = undefined;
  events = [];
});

async function rowsOf(
  design: Design,
  rows: number,
  {
    settings = ALLOWED,
    clock = impatientClock(),
  }: { settings?: Record<string, string>; clock?: ReturnType<typeof impatientClock> } = {},
): Promise<Row[]> {
  const services = openServices(settings, { clock });
  try {
    const onEvent = (event: GenerationEvent): void => void events.push(event);
    const generator = await createGenerator({ design, plan: planColumns(design), seed: 1, services, onEvent });
    return tableRows((await previewRows(generator, rows)).table);
  } finally {
    services.close();
  }
}

describe("a validation column of code", () => {
  const check = (name: string, targets: readonly string[], language: string, more: object = {}) => ({
    column_type: "validation",
    name,
    target_columns: targets,
    validator_type: "code",
    validator_params: { code_lang: language },
    ...more,
  });

  it("judges each of several columns by its own value in its own row", async () => {
    const design = DesignSchema.parse({
      columns: [
        sampler("good", ["x = 1", "print('hi')"]),
        sampler("mixed", ["x = (1", "y = 2", "z = 3"]),
        check("both", ["good", "mixed"], "python"),
        check("one", ["mixed"], "python"),
      ],
    });
    const rows = await rowsOf(design, 40);
    const bad = rows.filter((row) => row["mixed"] === "x = (1");
    expect([bad.length > 3, rows.length - bad.length > 3]).toEqual([true, true]);
    for (const row of rows) {
      const isValid = row["mixed"] !== "x = (1";
      expect(row["one"]).toMatchObject({ is_valid: isValid, validator: "tokens" });
      expect(row["both"]).toMatchObject({
        is_valid: isValid,
        error_messages: isValid ? "" : "mixed: line 1, column 5: ( is never closed",
        columns: { good: { is_valid: true }, mixed: { is_valid: isValid } },
      });
    }
  });

  it.each([
    ["sql:sqlite", "SELECT a b c FROM t", { is_valid: false, validator: "parser" }],
    ["sql:sqlite", "SELECT x FROM unknown; DELETE FROM t WHERE a = ';'", { is_valid: true, validator: "parser" }],
    ["sql:sqlite", "PRAGMA user_version", { is_valid: true, validator: "tokens" }],
    ["sql:sqlite", "-- nothing", { is_valid: false, validator: "tokens" }],
    ["sql:postgres", "SELECT a FROM", { is_valid: false, validator: "tokens" }],
    ["javascript", "const f = (x) => x ?? 1;", { is_valid: true, validator: "parser" }],
    ["typescript", "let x: = 1;", { is_valid: false, validator: "parser" }],
    ["python", "def f(:", { is_valid: false, validator: "tokens" }],
  ])("reads %s: %s", async (language, code, result) => {
    const design = DesignSchema.parse({ columns: [sampler("code", [code]), check("ok", ["code"], language)] });
    const [row] = await rowsOf(design, 1);
    const proves = expect.stringContaining("nothing is run") as string;
    expect(row?.["ok"]).toMatchObject({ ...result, proves });
  });

  it("is skipped by its condition and with its target, and does not judge what is no text", async () => {
    const design = DesignSchema.parse({
      columns: [
        sampler("kind", ["a", "b", "c"]),
        {
          column_type: "expression",
          name: "code",
          expr: "x = 1",
          skip: { when: "{{ kind == 'a' }}", value: null },
        },
        check("ok", ["code"], "python", { skip: { when: "{{ kind == 'b' }}", value: "left out" } }),
        check("anyway", ["code"], "python", { propagate_skip: false }),
      ],
    });
    const rows = await rowsOf(design, 30);
    const byKind = (kind: string) => rows.filter((row) => row["kind"] === kind);
    expect(Math.min(...["a", "b", "c"].map((kind) => byKind(kind).length))).toBeGreaterThan(2);
    for (const row of byKind("a")) {
      expect(row).toMatchObject({ ok: "left out", anyway: { is_valid: null, error: "there is no code" } });
    }
    for (const row of byKind("b")) expect(row).toMatchObject({ ok: "left out", anyway: { is_valid: true } });
    for (const row of byKind("c")) expect(row).toMatchObject({ ok: { is_valid: true } });
  });
});

interface Posted {
  readonly data: readonly { readonly n: number }[];
}

const remote = (url: string, params: object = {}, more: object = {}): Design =>
  DesignSchema.parse({
    columns: [
      sampler("n", [1, 2, 3, 4]),
      sampler("unseen", ["secret"]),
      {
        column_type: "validation",
        name: "ok",
        target_columns: ["n"],
        validator_type: "remote",
        validator_params: { endpoint_url: url, ...params },
        batch_size: 4,
        ...more,
      },
    ],
  });

const judge = ({ data }: Posted): JsonReply => ({
  body: { data: data.map(({ n }) => ({ is_valid: n % 2 === 0, said: `n is ${n}` })) },
});

const warnings = (): string[] => events.flatMap((event) => (event.type === "log" ? [event.message] : []));

describe("a validation column of a remote validator", () => {
  it("sends the target columns in batches, no more at once than allowed, and keeps what comes back", async () => {
    const second = Promise.withResolvers<undefined>();
    let asked = 0;
    server = await startJsonServer(async (body: Posted) => {
      if ((asked += 1) === 2) second.resolve(undefined);
      // The first one stays open until another one is.
      await second.promise;
      return judge(body);
    });
    const rows = await rowsOf(remote(`${server.url}/check`, { max_parallel_requests: 2 }), 18);
    for (const row of rows) {
      expect(row["ok"]).toEqual({ is_valid: (row["n"] as number) % 2 === 0, said: `n is ${row["n"] as number}` });
    }
    const sent = server.requests.map(({ body }) => (body as Posted).data);
    expect(sent.map((records) => records.length).toSorted((left, right) => left - right)).toEqual([2, 4, 4, 4, 4]);
    expect(Object.keys(sent[0]?.[0] ?? {})).toEqual(["n"]);
    expect(server.requests[0]?.path).toBe("/check");
    expect(server.mostOpen()).toBe(2);
    expect(warnings()).toEqual([]);
  });

  it("tries 429, 5xx and torn connections again, with growing waits and what Retry-After asks for", async () => {
    const replies: JsonReply[] = [
      { status: 503, body: "busy" },
      { status: 429, headers: { "retry-after": "7" } },
      { status: 500, body: "oops" },
    ];
    server = await startJsonServer((body: Posted) => replies.shift() ?? judge(body));
    const clock = impatientClock();
    const [row] = await rowsOf(remote(server.url, { retry_backoff: 3 }), 1, { clock });
    expect(row?.["ok"]).toMatchObject({ said: expect.any(String) as string });
    expect(server.requests).toHaveLength(4);
    // 1 s, then 7 s as asked, then 9 s; each but the second give or take a fifth.
    expect(clock.now()).toBeGreaterThan(800 + 7_000 + 7_200);
    expect(clock.now()).toBeLessThan(1_200 + 7_000 + 10_800);
  });

  it.each<[string, JsonReply | undefined, object, number, string]>([
    ["that stays down", { status: 500, body: "oops" }, { max_retries: 2 }, 3, "HTTP 500: oops (3 tries)"],
    ["that refuses", { status: 422, body: "no" }, {}, 1, "HTTP 422: no"],
    [
      "that redirects",
      { status: 302, headers: { location: "http://127.0.0.1:1/" } },
      {},
      1,
      "redirects are not followed",
    ],
    ["that writes no JSON", { body: "<html>" }, {}, 1, "the answer is no JSON: <html>"],
    ["that leaves a record out", { body: { data: [] } }, {}, 1, "the answer has 0 results for 1 records"],
    ["that says yes", { body: { data: [{ is_valid: "yes" }] } }, {}, 1, "data.0.is_valid"],
    [
      "whose results do not fit",
      { body: { data: [{ is_valid: true, score: "high" }] } },
      { output_schema: { type: "object", properties: { score: { type: "number" } } } },
      1,
      "does not fit output_schema: $.score",
    ],
    [
      "whose whole answer does not fit",
      { body: { data: [{ is_valid: true }] } },
      { output_schema: { type: "object", properties: { data: { type: "array", minItems: 2 } } } },
      1,
      "does not fit output_schema: $.data",
    ],
    ["that hangs", undefined, { timeout: 0.05, max_retries: 0 }, 1, "gave no answer within 50 ms"],
  ])(
    "leaves rows unjudged, with the reason and a warning, for a validator %s",
    async (_, reply, params, tries, reason) => {
      server = await startJsonServer(() => reply);
      const [row] = await rowsOf(remote(server.url, params), 1);
      expect(row?.["ok"]).toEqual({ is_valid: null, error: expect.stringContaining(reason) as string });
      expect(server.requests).toHaveLength(tries);
      expect(warnings()).toEqual([expect.stringContaining('column "ok": the validator did not judge 1 records')]);
    },
  );

  it("loses one batch only where one fails", async () => {
    server = await startJsonServer((body: Posted) =>
      body.data.some(({ n }) => n === 3) ? { status: 400, body: "no threes" } : judge(body),
    );
    const rows = await rowsOf(remote(server.url, {}, { batch_size: 1 }), 30);
    for (const row of rows) {
      expect((row["ok"] as { is_valid: unknown }).is_valid).toBe(
        row["n"] === 3 ? null : (row["n"] as number) % 2 === 0,
      );
    }
  });

  it("gives a validator up that fails twenty times in a row", async () => {
    server = await startJsonServer(() => ({ status: 400, body: "never" }));
    await expect(rowsOf(remote(server.url, {}, { batch_size: 1 }), 200)).rejects.toMatchObject({
      code: "unavailable",
      message: 'column "ok": the validator failed 20 times in a row: HTTP 400: never',
    });
    expect(server.requests.length).toBeLessThan(30);
  });

  it.each([
    "http://127.0.0.1:9/x",
    "http://[::1]/x",
    "http://169.254.169.254/latest",
    "http://localhost:9/x",
    "ftp://x/y",
  ])("at %s is refused before a row is made, and nothing is sent or written", async (url) => {
    const folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-validator-")), "artifacts");
    const services = openServices({});
    const job = runDatasetJob({ design: remote(url), datasetName: "d", folder, numRecords: 5, seed: 1, services });
    await expect(job).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringMatching(/column "ok": endpoint_url: /) as string,
    });
    expect(existsSync(path.join(folder, "parquet-files", "batch_00000.parquet"))).toBe(false);
    services.close();
  });

  it("whose name leads to a private address later is refused then", async () => {
    let asked = 0;
    const validators = createRemoteValidators({
      allowPrivate: false,
      clock: impatientClock(),
      random: () => 0.5,
      resolve: (_, callback) => {
        asked += 1;
        callback(null, [{ address: asked === 1 ? "93.184.215.14" : "10.0.0.7", family: 4 }]);
      },
    });
    const column = remote("http://validator.test/").columns[2];
    if (column?.column_type !== "validation" || column.validator_type !== "remote") throw new Error("no validator");
    const validator = await validators.open(column, () => undefined);
    await expect(validator.validate([{ n: 1 }])).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining('column "ok": endpoint_url: validator.test is at 10.0.0.7') as string,
    });
  });

  it("ends with its job", async () => {
    const stop = new AbortController();
    server = await startJsonServer(() => {
      stop.abort(new Error("enough"));
      return undefined;
    });
    const services = openServices(ALLOWED);
    const folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-validator-")), "artifacts");
    const { signal } = stop;
    const job = runDatasetJob({
      design: remote(server.url),
      datasetName: "d",
      folder,
      numRecords: 9,
      seed: 1,
      services,
      signal,
    });
    await expect(job).rejects.toThrow("enough");
    services.close();
  });

  it("of a job is counted in the profile", async () => {
    server = await startJsonServer(judge);
    const services = openServices(ALLOWED);
    const folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-validator-")), "artifacts");
    const { profile } = await runDatasetJob({
      design: remote(server.url),
      datasetName: "d",
      folder,
      numRecords: 50,
      rowGroupSize: 20,
      seed: 1,
      services,
    });
    const sent = server.requests.flatMap(({ body }) => (body as Posted).data);
    const statistics = profile.column_statistics.find(({ column_name: name }) => name === "ok");
    expect([sent.length, statistics?.num_valid_records]).toEqual([50, sent.filter(({ n }) => n % 2 === 0).length]);
    services.close();
  });
});
