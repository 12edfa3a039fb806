import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGunzip } from "node:zlib";

import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  DataDesignerJob,
  DataDesignerJobsPage,
  HttpValidationError,
  PlatformJobListResultResponse,
  PlatformJobLogPage,
  PlatformJobResultResponse,
  PlatformJobStatusResponse,
  PreviewMessage,
  SettingsResponse,
} from "../../../server/schemas/data-designer.ts";
import { decodeParquet } from "../../../tools/data/writers/parquet.ts";
import { type DesignerApp, ORDERS, startDesignerApp, waitForJob } from "./designer-app.ts";

const BASE = "/v1/data-designer";
let service: DesignerApp;
beforeAll(async () => {
  service = await startDesignerApp();
});
afterAll(() => service.close());

async function call(method: "GET" | "POST" | "DELETE", url: string, payload?: object | string, headers = {}) {
  const response = await service.app.inject({
    method,
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    raw: response.rawPayload,
    json: () => response.json<unknown>(),
  };
}

const create = (fields: object = {}, spec: object = {}) =>
  call("POST", `${BASE}/jobs`, { spec: { num_records: 30, config: ORDERS, ...spec }, ...fields });

async function finishedJob(fields: object = {}): Promise<string> {
  const job = DataDesignerJob.parse((await create(fields)).json());
  await waitForJob(service, job.id);
  return job.id;
}

describe("the flow of the SDK", () => {
  it("creates a job, polls it, reads its logs and fetches what came out", async () => {
    const created = await create({ name: "nemo-data-designer-job", project: "nemo-data-designer" });
    expect(created.status).toBe(200);
    const job = DataDesignerJob.strict().parse(created.json());
    expect(job).toMatchObject({
      name: "nemo-data-designer-job",
      project: "nemo-data-designer",
      namespace: "default",
      spec: { num_records: 30, config: ORDERS },
    });
    expect(await waitForJob(service, job.id)).toBe("completed");

    const url = `${BASE}/jobs/${job.id}`;
    const after = DataDesignerJob.strict().parse((await call("GET", url)).json());
    expect(after).toMatchObject({ id: job.id, status: "completed", status_details: { rows: 30, target: 30 } });
    const status = PlatformJobStatusResponse.strict().parse((await call("GET", `${url}/status`)).json());
    expect(status).toMatchObject({
      job_id: job.id,
      status: "completed",
      error_details: {},
      steps: [{ status: "completed", tasks: [{ status: "completed", error_stack: "" }] }],
    });

    const messages: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = cursor === "" ? "?limit=2" : `?limit=2&page_cursor=${cursor}`;
      const page: PlatformJobLogPage = PlatformJobLogPage.strict().parse(
        (await call("GET", `/v1/jobs/${job.id}/logs${query}`)).json(),
      );
      messages.push(...page.data.map(({ message }) => JSON.parse(message) as unknown));
      expect(page.data.length).toBeLessThanOrEqual(2);
      cursor = page.next_page;
    }
    expect(messages).toContainEqual({
      name: expect.stringContaining("data_designer"),
      levelname: "INFO",
      message: expect.stringContaining("30 of 30 rows"),
    });
    expect(PlatformJobLogPage.parse((await call("GET", `${url}/logs`)).json()).total).toBe(messages.length);

    const results = PlatformJobListResultResponse.strict().parse((await call("GET", `${url}/results`)).json());
    expect(results.data.map(({ result_name: name }) => name)).toEqual(["dataset", "analysis"]);
    const one = PlatformJobResultResponse.strict().parse((await call("GET", `${url}/results/dataset`)).json());
    expect(one).toMatchObject({ job_id: job.id, artifact_storage_type: "nds", namespace: "default" });

    const archive = await call("GET", `${url}/results/dataset/download`);
    expect(archive.headers["content-type"]).toBe("application/octet-stream");
    const files = await untar(archive.raw);
    const parquet = [...files].filter(([name]) => name.startsWith("dataset/"));
    expect(parquet.map(([name]) => name)).toEqual(["dataset/batch_00000.parquet"]);
    const table = decodeParquet(parquet[0]?.[1] ?? new Uint8Array());
    expect(table.rowCount).toBe(30);
    expect([...table.columns.keys()]).toEqual(["id", "kind", "low", "high", "label", "note"]);

    const analysis = await call("GET", `${url}/results/analysis/download`);
    expect(analysis.headers["content-type"]).toContain("application/json");
    expect(analysis.json()).toMatchObject({
      num_records: 30,
      target_num_records: 30,
      column_statistics: expect.arrayContaining([
        expect.objectContaining({
          column_name: "note",
          column_type: "llm-text",
          completion_tokens_mean: expect.any(Number),
          prompt_tokens_mean: "NaN",
        }),
      ]),
    });
  });

  it("streams a preview as JSON lines: logs, the dataset, the analysis", async () => {
    const response = await call("POST", `${BASE}/preview`, { config: ORDERS });
    expect(response.status).toBe(200);
    expect(response.headers["content-type"]).toBe("application/jsonl");
    const lines = response.raw.toString("utf8").trimEnd().split("\n");
    const messages = lines.map((line) => PreviewMessage.strict().parse(JSON.parse(line)));
    const types = messages.map(({ message_type: type }) => type);
    expect(types.slice(-2)).toEqual(["dataset", "analysis"]);
    expect(messages[0]).toMatchObject({ message_type: "log", extra: { level: expect.any(String) } });
    const records = JSON.parse(messages.at(-2)?.message ?? "") as { low: number; high: number }[];
    expect(records).toHaveLength(10);
    for (const { low, high } of records) expect(high).toBeGreaterThan(low);
    expect(JSON.parse(messages.at(-1)?.message ?? "")).toMatchObject({ num_records: 10 });
  });

  it("takes a config without discriminators", async () => {
    const plain = {
      columns: [
        ...ORDERS.columns.map(({ column_type: _type, ...column }) => column),
        { name: "py", prompt: "Sum {{ low }}", model_alias: "m", code_lang: "python" },
      ],
      constraints: [{ target_column: "high", operator: "gt", rhs: "low" }],
      model_configs: ORDERS.model_configs,
    };
    const { status, raw } = await call("POST", `${BASE}/preview`, { config: plain, num_records: 3 });
    expect(status).toBe(200);
    expect(raw.toString("utf8")).toContain('"message_type":"dataset"');
  });

  it("tells the settings as the SDK reads them", async () => {
    const settings = SettingsResponse.parse((await call("GET", `${BASE}/settings`)).json());
    expect(settings.defaults.model_provider).not.toBe("");
    expect((await call("GET", "/health")).status).toBe(200);
  });
});

describe("the list of jobs", () => {
  it("pages, sorts and filters by status in both notations", async () => {
    const ids = [await finishedJob({ name: "a" }), await finishedJob({ name: "b" }), await finishedJob({ name: "c" })];
    const list = async (query: string): Promise<DataDesignerJobsPage> =>
      DataDesignerJobsPage.strict().parse((await call("GET", `${BASE}/jobs?${query}`)).json());
    const newest = await list("page_size=2");
    expect(newest.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(newest.pagination).toMatchObject({ page: 1, page_size: 2, current_page_size: 2 });
    expect(newest.pagination.total_pages).toBe(Math.ceil(newest.pagination.total_results / 2));
    expect(newest.sort).toBe("-created_at");
    const oldest = await list("sort=created_at&page_size=100");
    expect(oldest.data.map(({ id }) => id).slice(-3)).toEqual(ids);
    for (const query of ["filter[status]=completed", `filter=${encodeURIComponent('{"status":"completed"}')}`]) {
      const done = await list(`${query}&page_size=100`);
      expect(done.filter).toEqual({ status: "completed" });
      expect(done.data.length).toBe(oldest.data.length);
    }
    const none = await list("filter%5Bstatus%5D=paused");
    // One page even when it is empty: the SDK asks on until it has seen the last one.
    expect(none).toMatchObject({ data: [], pagination: { total_pages: 1, total_results: 0, current_page_size: 0 } });
  });

  it.each([
    ["a page before the first", "page=0", ["query", "page"]],
    ["a page size of none", "page_size=0", ["query", "page_size"]],
    ["an unknown order", "sort=name", ["query", "sort"]],
    ["an unknown status", "filter[status]=done", ["query", "filter", "status"]],
    ["an unknown filter", "filter[name]=x", ["query", "filter"]],
    ["a filter that is no JSON", "filter=active", ["query", "filter"]],
    ["a search", "search[name]=x", ["query", "search"]],
  ])("refuses %s", async (_what, query, loc) => {
    const { status, json } = await call("GET", `${BASE}/jobs?${query}`);
    expect(status).toBe(422);
    expect(HttpValidationError.strict().parse(json()).detail[0]?.loc).toEqual(loc);
  });
});

describe("bad input", () => {
  it("names every violation of a config at its column", async () => {
    const config = {
      columns: [
        { column_type: "sampler", name: "a", sampler_type: "uniform", params: { low: 0 } },
        { column_type: "expression", name: "b", expr: "{{ nope }}" },
        { name: "c", colour: "red" },
      ],
    };
    for (const [path, body, prefix] of [
      ["jobs", { spec: { num_records: 5, config } }, ["body", "spec", "config"]],
      ["preview", { config }, ["body", "config"]],
    ] as const) {
      const { status, json } = await call("POST", `${BASE}/${path}`, body);
      expect(status).toBe(422);
      const { detail } = HttpValidationError.strict().parse(json());
      expect(detail).toContainEqual({
        loc: [...prefix, "columns", 0],
        msg: expect.stringContaining("high"),
        type: "missing_field",
      });
      expect(detail.some(({ loc, msg }) => loc.at(-1) === 1 && msg.includes("nope"))).toBe(true);
      expect(detail.some(({ loc }) => loc.at(-1) === 2)).toBe(true);
    }
  });

  it.each<[string, object | string, (string | number)[], string]>([
    ["a body that is no JSON", "{", ["body"], "json_invalid"],
    ["a key that is not allowed", '{"spec":{"__proto__":{}}}', ["body", "spec", "__proto__"], "value_error"],
    ["a missing spec", {}, ["body", "spec"], "missing"],
    ["a missing number of rows", { spec: { config: ORDERS } }, ["body", "spec", "num_records"], "missing"],
    [
      "no columns",
      { spec: { num_records: 1, config: { columns: [] } } },
      ["body", "spec", "config", "columns"],
      "value_error",
    ],
    [
      "rows that are no number",
      { spec: { num_records: "x", config: ORDERS } },
      ["body", "spec", "num_records"],
      "value_error",
    ],
  ])("refuses %s", async (_what, body, loc, type) => {
    const { status, json } = await call("POST", `${BASE}/jobs`, body);
    expect(status).toBe(422);
    expect(HttpValidationError.strict().parse(json()).detail[0]).toMatchObject({ loc, type, msg: expect.any(String) });
  });

  it("refuses a content type that is no media type", async () => {
    const answer = await service.app.inject({
      method: "POST",
      url: `${BASE}/jobs`,
      headers: { "content-type": "no type at all" },
      payload: "{}",
    });
    expect(answer.statusCode).toBe(422);
    const [problem] = HttpValidationError.strict().parse(answer.json()).detail;
    expect(problem).toMatchObject({ loc: ["header", "content-type"], msg: expect.stringContaining("no type at all") });
  });

  it.each([0, -1, 2_000_000_000])("refuses %i rows", async (rows) => {
    const { status, json } = await create({}, { num_records: rows });
    expect(status).toBe(422);
    expect(HttpValidationError.parse(json()).detail[0]?.msg).toContain(String(rows));
  });

  it("answers 404 with a detail for what is not there", async () => {
    const id = await finishedJob();
    const paths = ["nope", "nope/status", "nope/logs", "nope/results", "nope/results/dataset", `${id}/results/nope`];
    const downloads = [
      "nope/results/dataset/download",
      "nope/results/analysis/download",
      `${id}/results/nope/download`,
    ];
    for (const path of [...paths, ...downloads]) {
      const { status, json } = await call("GET", `${BASE}/jobs/${path}`);
      expect([path, status]).toEqual([path, 404]);
      expect(json()).toEqual({ detail: expect.any(String) });
    }
    expect((await call("POST", `${BASE}/jobs/nope/cancel`)).status).toBe(404);
    expect((await call("DELETE", `${BASE}/jobs/nope`)).status).toBe(404);
  });
});

describe("a job", () => {
  it("can be cancelled while it works and not after, and is gone once it is deleted", async () => {
    const job = DataDesignerJob.parse((await create({}, { num_records: 2_000_000 })).json());
    const url = `${BASE}/jobs/${job.id}`;
    expect((await call("GET", `${url}/results/dataset/download`)).status).toBe(404);
    const cancelled = await call("POST", `${url}/cancel`);
    expect(DataDesignerJob.parse(cancelled.json()).status).toMatch(/^cancell(?:ing|ed)$/);
    expect(await waitForJob(service, job.id)).toBe("cancelled");
    const again = await call("POST", `${url}/cancel`);
    expect(again.status).toBe(409);
    expect(again.json()).toEqual({ detail: expect.stringContaining("cancelled") });
    expect((await call("DELETE", url)).status).toBe(200);
    expect((await call("GET", url)).status).toBe(404);
  });

  it("is made once for one idempotency key", async () => {
    const body = { spec: { num_records: 3, config: ORDERS } };
    const first = await call("POST", `${BASE}/jobs`, body, { "idempotency-key": "k1" });
    const second = await call("POST", `${BASE}/jobs`, body, { "idempotency-key": "k1" });
    expect(DataDesignerJob.parse(second.json()).id).toBe(DataDesignerJob.parse(first.json()).id);
  });

  it("keeps what its client wants to find again", async () => {
    const fields = {
      description: "for the demo",
      namespace: "team-a",
      ownership: { user: "ann" },
      custom_fields: { ticket: 7 },
    };
    const id = await finishedJob(fields);
    expect((await call("GET", `${BASE}/jobs/${id}`)).json()).toMatchObject(fields);
  });
});

async function untar(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const reader = extract();
  Readable.from([archive]).pipe(createGunzip()).pipe(reader);
  for await (const entry of reader) files.set(entry.header.name, await buffer(entry));
  return files;
}
