import { readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  Dataset,
  DatasetDetail,
  DatasetList,
  DatasetPreview,
  DatasetSchema,
  Rows,
  SqlResult,
} from "../../../server/schemas/datasets.ts";
import { ErrorBody } from "../../../server/schemas/common.ts";
import { decodeParquet } from "../../../tools/data/writers/parquet.ts";
import { type DesignerApp, ORDERS, startDesignerApp, waitForJob } from "./designer-app.ts";

const BASE = "/api/v1/datasets";
let service: DesignerApp;
let id: string;

async function call(method: "GET" | "POST" | "DELETE", path: string, payload?: object, headers = {}) {
  const options = { method, url: `${BASE}${path}`, headers, ...(payload === undefined ? {} : { payload }) };
  const response = await service.app.inject(options);
  return {
    status: response.statusCode,
    headers: response.headers,
    raw: response.rawPayload,
    json: () => response.json<unknown>(),
  };
}

beforeAll(async () => {
  service = await startDesignerApp({ isListening: true });
  const body = { config: ORDERS, num_records: 120, name: "tree orders", seed: 7, row_group_size: 50 };
  const created = await call("POST", "", body);
  id = Dataset.parse(created.json()).id;
  expect(created.status).toBe(201);
  expect(created.headers["location"]).toBe(`${BASE}/${id}`);
  expect(await waitForJob(service, id)).toBe("completed");
});
afterAll(() => service.close());

describe("datasets", () => {
  it("are listed and shown with their progress", async () => {
    const list = DatasetList.parse((await call("GET", "")).json());
    expect(list).toMatchObject({ datasets: [{ id, rows: 120, target: 120, seed: 7 }], total: 1 });
    const one = DatasetDetail.parse((await call("GET", `/${id}`)).json());
    expect(one).toMatchObject({
      id,
      name: "tree orders",
      status: "completed",
      text_model: expect.stringContaining("offline"),
      progress: { rows: 120, target: 120, failed_rows: 0 },
      error: null,
      results: ["dataset", "analysis"],
    });
    expect(DatasetList.parse((await call("GET", "?status=paused")).json())).toEqual({ datasets: [], total: 0 });
  });

  it("are listed from any offset, newest first", async () => {
    const made: string[] = [];
    for (let at = 0; at < 4; at += 1) {
      const job = await service.designer.createJob({ config: ORDERS, numRecords: 1, name: `n${at}` });
      await waitForJob(service, job.id);
      made.unshift(job.id);
    }
    const expected = [...made, id];
    for (const offset of [0, 1, 2, 3, 4, 5]) {
      const { datasets, total } = DatasetList.parse((await call("GET", `?limit=2&offset=${offset}`)).json());
      expect(datasets.map((dataset) => dataset.id)).toEqual(expected.slice(offset, offset + 2));
      expect(total).toBe(5);
    }
    for (const each of made) expect((await call("DELETE", `/${each}`)).status).toBe(204);
    expect((await call("GET", `/${made[0] ?? ""}`)).status).toBe(404);
  });

  it("answer schema, pages, profile and SQL", async () => {
    const { columns } = DatasetSchema.parse((await call("GET", `/${id}/schema`)).json());
    expect(columns).toContainEqual({ name: "note", type: "string", column_type: "llm-text" });
    const plain = Rows.parse((await call("GET", `/${id}/rows?offset=45&limit=10`)).json());
    expect(plain).toMatchObject({ offset: 45, limit: 10, total: 120 });
    expect(plain.rows).toHaveLength(10);
    const filter = encodeURIComponent(JSON.stringify([{ column: "kind", op: "eq", value: "Oak" }]));
    const found = Rows.parse((await call("GET", `/${id}/rows?sort=-high&filter=${filter}&limit=1000`)).json());
    expect(found.total).toBe(found.rows.length);
    expect(new Set(found.rows.map((row) => row["kind"]))).toEqual(new Set(["Oak"]));
    const highs = found.rows.map((row) => Number(row["high"]));
    expect(highs).toEqual(highs.toSorted((left, right) => right - left));
    expect((await call("GET", `/${id}/profile`)).json()).toMatchObject({ num_records: 120 });
    const sql = "SELECT kind, count(*) AS n FROM dataset GROUP BY kind ORDER BY kind";
    const answer = SqlResult.parse((await call("POST", `/${id}/sql`, { sql, limit: 2 })).json());
    expect(answer).toMatchObject({ row_count: 2, truncated: true, columns: [{ name: "kind" }, { name: "n" }] });
  });

  it.each([
    ["jsonl", "application/x-ndjson; charset=utf-8"],
    ["csv", "text/csv; charset=utf-8"],
    ["parquet", "application/vnd.apache.parquet"],
  ])("are handed over as %s", async (format, type) => {
    const { status, headers, raw } = await call("GET", `/${id}/download?format=${format}`);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe(type);
    expect(headers["content-disposition"]).toBe(`attachment; filename="tree_orders.${format}"`);
    expect(headers["content-length"]).toBe(String(raw.length));
    const lines = raw.toString("utf8").trimEnd().split("\n").length;
    const rows = { jsonl: () => lines, csv: () => lines - 1, parquet: () => decodeParquet(raw).rowCount };
    expect(rows[format as keyof typeof rows]()).toBe(120);
    const again = await call("GET", `/${id}/download?format=${format}`);
    expect(again.raw.equals(raw)).toBe(true);
  });

  it("are the same file for the same design and seed", async () => {
    const body = { config: ORDERS, num_records: 120, seed: 7, row_group_size: 33 };
    const twin = Dataset.parse((await call("POST", "", body)).json()).id;
    expect(await waitForJob(service, twin)).toBe("completed");
    const files = [id, twin].map((each) => call("GET", `/${each}/download?format=jsonl`));
    const [first, second] = await Promise.all(files);
    expect(second?.raw.equals(first?.raw ?? Buffer.alloc(0))).toBe(true);
    await call("DELETE", `/${twin}`);
  });

  it("are previewed without a job", async () => {
    const body = { config: ORDERS, num_records: 4, seed: 1 };
    const preview = DatasetPreview.parse((await call("POST", "/preview", body)).json());
    expect(preview.records).toHaveLength(4);
    expect(preview.profile).toMatchObject({ num_records: 4 });
    const again = DatasetPreview.parse((await call("POST", "/preview", body)).json());
    expect(again.records).toEqual(preview.records);
    expect((await call("GET", "")).json()).toMatchObject({ total: 1 });
  });
});

interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

function frames(text: string): Frame[] {
  const blocks = text.split("\n\n").filter((block) => block !== "" && !block.startsWith(":"));
  return blocks.map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2))) as Frame);
}

describe("events of a job", () => {
  it("come from the first to the end, and on from where a reader was", async () => {
    const { headers, raw } = await call("GET", `/${id}/events`);
    expect(headers["content-type"]).toContain("text/event-stream");
    const all = frames(raw.toString("utf8"));
    expect(all.at(0)).toMatchObject({ id: "1" });
    const types = all.map(({ event }) => event);
    expect(types.indexOf("run_finished")).toBeGreaterThan(types.indexOf("run_started"));
    expect(types.at(-1)).toBe("end");
    expect(all.at(-1)).toEqual({ event: "end", data: '{"status":"completed"}' });
    const ids = all.slice(0, -1).map((frame) => Number(frame.id));
    expect(ids).toEqual(ids.map((_, at) => at + 1));

    const rest = all.slice(2);
    expect(frames((await call("GET", `/${id}/events?after=2`)).raw.toString("utf8"))).toEqual(rest);
    const resumed = await call("GET", `/${id}/events?after=0`, undefined, { "last-event-id": "2" });
    expect(frames(resumed.raw.toString("utf8"))).toEqual(rest);
  });

  it("end with the word when the job is deleted under its reader", async () => {
    const body = { config: { columns: ORDERS.columns.slice(0, 2) }, num_records: 5_000_000, row_group_size: 1_000 };
    const job = Dataset.parse((await call("POST", "", body)).json());
    const { body: stream } = await fetch(`${service.url}${BASE}/${job.id}/events`);
    const [started, whole] = (stream ?? new ReadableStream<Uint8Array>()).tee();
    await started.getReader().read();
    expect((await call("DELETE", `/${job.id}`)).status).toBe(204);
    expect(frames(await new Response(whole).text()).at(-1)).toEqual({ event: "end", data: '{"status":"deleted"}' });
  });

  it("come while the job works, and none is lost when the reader leaves and comes back", async () => {
    const config = { columns: ORDERS.columns.slice(0, 2) };
    const body = { config, num_records: 4_000, row_group_size: 200 };
    const job = Dataset.parse((await call("POST", "", body)).json());
    const client = new AbortController();
    const url = `${service.url}${BASE}/${job.id}/events`;
    const first = await fetch(url, { signal: client.signal });
    let text = "";
    for await (const part of (first.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += part;
      if (frames(text.slice(0, text.lastIndexOf("\n\n") + 2)).length >= 2) break;
    }
    client.abort();
    const seen = frames(text.slice(0, text.lastIndexOf("\n\n") + 2));
    const lastId = seen.at(-1)?.id ?? "";
    const second = await fetch(url, { headers: { "last-event-id": lastId } });
    const rest = frames(await second.text());
    const ids = [...seen, ...rest.slice(0, -1)].map((frame) => Number(frame.id));
    expect(ids).toEqual(ids.map((_, at) => at + 1));
    expect(rest.at(-1)).toEqual({ event: "end", data: '{"status":"completed"}' });
    await call("DELETE", `/${job.id}`);
  });
});

describe("bad requests", () => {
  it.each<[string, "GET" | "POST" | "DELETE", string, object | undefined, number, RegExp]>([
    ["an unknown dataset", "GET", "/nope", undefined, 404, /nope/],
    ["its rows", "GET", "/nope/rows", undefined, 404, /nope/],
    ["its events", "GET", "/nope/events", undefined, 404, /nope/],
    ["its file", "GET", "/nope/download", undefined, 404, /nope/],
    ["deleting it", "DELETE", "/nope", undefined, 404, /nope/],
    ["too many rows of a page", "GET", "/ID/rows?limit=1001", undefined, 422, /limit/],
    ["an offset before the first row", "GET", "/ID/rows?offset=-1", undefined, 422, /offset/],
    ["an unknown column", "GET", "/ID/rows?sort=hihg", undefined, 422, /did you mean "high"/],
    ["a filter that is no JSON", "GET", "/ID/rows?filter=x", undefined, 422, /filter: must be JSON/],
    [
      "an unknown operator",
      "GET",
      `/ID/rows?filter=${encodeURIComponent('[{"column":"kind","op":"like","value":"x"}]')}`,
      undefined,
      422,
      /op one of eq, ne/,
    ],
    [
      "SQL that reads a file",
      "POST",
      "/ID/sql",
      { sql: "SELECT * FROM read_text('/etc/passwd')" },
      403,
      /nothing else/,
    ],
    ["SQL with a mistake", "POST", "/ID/sql", { sql: "SELECT nope FROM dataset" }, 422, /line 1, column 8/],
    ["SQL without text", "POST", "/ID/sql", { sql: "" }, 422, /sql/],
    ["too many rows of SQL", "POST", "/ID/sql", { sql: "SELECT 1", limit: 10_001 }, 422, /limit/],
    ["an unknown format", "GET", "/ID/download?format=xlsx", undefined, 422, /format/],
    ["an event that is no number", "GET", "/ID/events?after=x", undefined, 422, /after/],
    ["cancelling what has ended", "POST", "/ID/cancel", undefined, 409, /completed/],
    ["going on with what is complete", "POST", "/ID/resume", undefined, 409, /completed/],
    [
      "a design with errors",
      "POST",
      "",
      { config: { columns: [{ name: "a", expr: "{{ b }}" }] }, num_records: 1 },
      422,
      /"a".*b/,
    ],
    ["no rows", "POST", "", { config: ORDERS, num_records: 0 }, 422, /num_records/],
    ["too many rows of a preview", "POST", "/preview", { config: ORDERS, num_records: 100_000 }, 422, /100000/],
  ])("%s", async (_what, method, path, body, status, message) => {
    const answer = await call(method, path.replace("ID", id), body);
    const error = ErrorBody.parse(answer.json());
    expect([answer.status, error.detail]).toEqual([status, expect.stringMatching(message)]);
  });

  it("refuse the file of a job that still works", async () => {
    const job = await service.designer.createJob({ config: ORDERS, numRecords: 5_000_000 });
    const { status, json } = await call("GET", `/${job.id}/download`);
    expect([status, ErrorBody.parse(json()).detail]).toEqual([409, expect.stringMatching(/when it has ended/)]);
    expect((await call("DELETE", `/${job.id}`)).status).toBe(204);
  });

  it("leave the dataset as it was", async () => {
    const folder = await service.designer.datasetFolder(id);
    expect(JSON.parse(readFileSync(`${folder}/metadata.json`, "utf8"))).toMatchObject({ actual_num_records: 120 });
  });
});
