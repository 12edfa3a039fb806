import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { z } from "zod";

import type { JsonValue } from "../../engine/data/table.ts";
import { type ServiceDialect, type ServiceJob, previewLines, showJob, showStatus } from "./nemo-service-answers.ts";
import { type Fields, makeAnalysis, makeRows, makeTar, parquetFiles, toCsv } from "./nemo-service-data.ts";
import { type DiscriminatorRule, toProblems, v1Schemas } from "./nemo-service-schema.ts";

export interface RequestSeen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What is done with the next request that fits. */
export interface Fault {
  /** Fits when the method and path begin with it, for example `GET /v1/data-designer/jobs`. */
  readonly on: string;
  readonly times?: number;
  readonly how:
    | {
        readonly kind: "status";
        readonly status: number;
        readonly body?: string;
        readonly headers?: Record<string, string>;
      }
    /** No answer at all. */
    | { readonly kind: "hang" }
    /** The connection is torn before the request is looked at. */
    | { readonly kind: "tear" }
    /** The request is done, and the connection torn instead of an answer. */
    | { readonly kind: "tear_after" }
    /** Headers and this text, then silence or the end. */
    | { readonly kind: "body"; readonly text: string | Uint8Array; readonly isStalled?: boolean };
}

export interface NemoServiceOptions {
  readonly dialect?: ServiceDialect;
  readonly discriminators?: DiscriminatorRule;
  /** Whether `GET …/settings` is there. */
  readonly hasSettings?: boolean;
  readonly datasetFormat?: "tar.gz" | "tar" | "jsonl" | "parquet";
  /** Jobs go on by one step with every look at them; else only with `advance`. */
  readonly isAutomatic?: boolean;
  /** Lists without pages, as in the examples of older documentation. */
  readonly hasBareLists?: boolean;
  readonly workspace?: string;
}

export interface NemoService {
  /** `http://127.0.0.1:<port>`. */
  readonly baseUrl: string;
  readonly requests: readonly RequestSeen[];
  readonly jobs: readonly ServiceJob[];
  fault(fault: Fault): void;
  /** One step on the way created, pending, active, completed. */
  advance(job: ServiceJob): void;
  change(job: ServiceJob, change: Partial<Pick<ServiceJob, "status" | "statusDetails" | "errorDetails">>): void;
  close(): Promise<void>;
}

const STEPS = ["created", "pending", "active", "completed"];
/**
 * A NeMo Data Designer service on a free loopback port, written from the published API (1.4.0, OpenAPI) and the Python
 * SDKs of the older and newer ones. It keeps its jobs in memory and makes their rows by simple rules.
 */
export async function startNemoService(options: NemoServiceOptions = {}): Promise<NemoService> {
  const { dialect = "v1", discriminators = "allowed", isAutomatic = false, workspace = "default" } = options;
  const jobs: ServiceJob[] = [];
  const requests: RequestSeen[] = [];
  const faults: { fault: Fault; left: number }[] = [];
  const schemas = v1Schemas(discriminators);
  let nowMs = Date.UTC(2026, 0, 1);

  const touch = (job: ServiceJob): void => {
    nowMs += 1_000;
    job.updatedAt = new Date(nowMs).toISOString();
  };
  const change: NemoService["change"] = (job, changes) => {
    Object.assign(job, changes);
    touch(job);
  };
  const advance = (job: ServiceJob): void => {
    if (job.status === "cancelling") return change(job, { status: "cancelled" });
    const next = STEPS[STEPS.indexOf(job.status) + 1];
    if (next === undefined || !STEPS.includes(job.status)) return;
    const rows = next === "completed" ? job.numRecords : next === "active" ? Math.floor(job.numRecords / 2) : 0;
    job.logs.push(`job is ${next}`);
    change(job, { status: next, statusDetails: { num_records_completed: rows } });
  };
  const create = (body: Fields, config: Fields, numRecords: number): ServiceJob => {
    nowMs += 1_000;
    const at = new Date(nowMs).toISOString();
    const { name } = body;
    const id = dialect.startsWith("v2") && typeof name === "string" ? name : `job-${jobs.length + 1}`;
    const job = {
      id,
      body,
      config,
      numRecords,
      status: "created",
      statusDetails: {},
      errorDetails: {},
      createdAt: at,
      updatedAt: at,
      logs: ["job was made"],
      deleted: false,
    };
    jobs.push(job);
    return job;
  };

  const roots = {
    v1: "/v1/data-designer",
    v1beta1: "/v1beta1/data-designer",
    v2: `/apis/data-designer/v2/workspaces/${workspace}`,
  };
  const root = dialect === "v1beta1" ? roots.v1beta1 : dialect.startsWith("v2") ? roots.v2 : roots.v1;
  const jobsPath = `${root}/jobs${dialect === "v2" ? "/create" : ""}`;

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const method = request.method ?? "GET";
    const text = await readBody(request);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    requests.push({ method, path: `${url.pathname}${url.search}`, authorization: request.headers.authorization, body });
    const found = faults.find(({ fault, left }) => left > 0 && `${method} ${url.pathname}`.startsWith(fault.on));
    if (found !== undefined) {
      found.left -= 1;
      if (fail(found.fault.how, request, response)) return;
      // `tear_after`: the request is done as always, but nobody is told.
      const [silent] = [{ writeHead: () => silent, end: () => request.socket.destroy(), write: () => true }];
      return route(method, url, body, silent as unknown as ServerResponse);
    }
    return route(method, url, body, response);
  }

  async function route(method: string, url: URL, body: unknown, response: ServerResponse): Promise<void> {
    const { pathname } = url;
    const hasPreview = pathname === `${root}/preview`;
    if (hasPreview)
      return method === "POST" ? preview(body, response) : sendJson(response, { detail: "Method Not Allowed" }, 405);
    if (dialect === "preview-only") return notFound(response);
    if (pathname === `${roots.v1}/settings` && dialect === "v1" && options.hasSettings === true) {
      return sendJson(response, {
        defaults: {
          model_configs: [
            { alias: "nvidia-text", model: "nvidia/nemotron", provider: "nvidiabuild", inference_parameters: {} },
          ],
          model_provider: "nvidiabuild",
        },
        model_providers: [{ name: "nvidiabuild", provider_type: "openai" }],
      });
    }
    if (pathname === jobsPath) {
      if (method === "POST") return createRoute(body, response);
      return listRoute(url, response);
    }
    if (!pathname.startsWith(`${jobsPath}/`)) return notFound(response);
    const [id, action, ...rest] = pathname
      .slice(jobsPath.length + 1)
      .split("/")
      .map(decodeURIComponent);
    const job = jobs.find((each) => each.id === id && !each.deleted);
    if (job === undefined) return sendJson(response, { detail: `Job ${id} not found` }, 404);
    if (action === undefined && method === "GET") {
      if (isAutomatic) advance(job);
      return sendJson(response, showJob(job, dialect));
    }
    if (action === undefined && method === "DELETE") {
      job.deleted = true;
      return sendJson(response, {});
    }
    if (action === "cancel" && method === "POST" && dialect !== "v1beta1") {
      if (["completed", "error", "cancelled"].includes(job.status))
        return sendJson(response, { detail: "Job has ended" }, 409);
      change(job, { status: "cancelling" });
      return sendJson(response, showJob(job, dialect));
    }
    if (action === "status" && dialect !== "v1beta1") return sendJson(response, showStatus(job));
    if (action === "logs") return sendLogs(job, url, response);
    if (action === "results") return sendResults(job, rest, response);
    return notFound(response);
  }

  function createRoute(body: unknown, response: ServerResponse): void {
    const sent = (body ?? {}) as Fields;
    const spec = (dialect === "v1beta1" ? sent : (sent["spec"] ?? {})) as Fields;
    if (dialect === "v1" && refuse(schemas.job, body, response)) return;
    const job = create(sent, (spec["config"] ?? {}) as Fields, Number(spec["num_records"]));
    sendJson(response, showJob(job, dialect));
  }

  function refuse(schema: z.ZodType, body: unknown, response: ServerResponse): boolean {
    const parsed = schema.safeParse(body, { reportInput: true });
    if (parsed.success) return false;
    sendJson(response, { detail: toProblems(parsed.error) }, 422);
    return true;
  }

  function listRoute(url: URL, response: ServerResponse): void {
    const known = jobs.filter(({ deleted }) => !deleted);
    if (dialect === "v1beta1" || options.hasBareLists === true)
      return sendJson(
        response,
        known.map((job) => showJob(job, dialect)),
      );
    const page = Number(url.searchParams.get("page") ?? 1);
    const pageSize = Number(url.searchParams.get("page_size") ?? 10);
    const sort = url.searchParams.get("sort") ?? "-created_at";
    if (!/^-?(?:created|updated)_at$/.test(sort) || !(page > 0) || !(pageSize > 0)) {
      return sendJson(
        response,
        { detail: [{ loc: ["query", "sort"], msg: "Input should be a sort field", type: "enum" }] },
        422,
      );
    }
    const key = sort.endsWith("updated_at") ? "updatedAt" : "createdAt";
    const status = url.searchParams.get("filter[status]");
    const wanted = known
      .filter((job) => status === null || job.status === status)
      .toSorted((left, right) => (left[key] < right[key] ? -1 : 1) * (sort.startsWith("-") ? -1 : 1));
    const data = wanted.slice((page - 1) * pageSize, page * pageSize).map((job) => showJob(job, dialect));
    sendJson(response, {
      object: "list",
      data,
      pagination: {
        page,
        page_size: pageSize,
        current_page_size: data.length,
        total_pages: Math.ceil(wanted.length / pageSize),
        total_results: wanted.length,
      },
      sort,
    });
  }

  function sendLogs(job: ServiceJob, url: URL, response: ServerResponse): void {
    if (dialect === "v1beta1") {
      response.writeHead(200, { "content-type": "application/jsonl" });
      response.end(job.logs.map((msg) => JSON.stringify({ msg, level: "info" })).join("\n"));
      return;
    }
    const limit = Number(url.searchParams.get("limit") ?? 100);
    const start = Number(url.searchParams.get("page_cursor") ?? 0);
    const data = job.logs.slice(start, start + limit).map((message, at) => ({
      timestamp: new Date(Date.UTC(2026, 0, 1) + (start + at) * 1_000).toISOString(),
      job_id: job.id,
      job_step: "generate",
      job_task: "task-0",
      // Every other line as the service's logger wraps it.
      message:
        (start + at) % 2 === 0 ? JSON.stringify({ name: "data_designer", levelname: "WARNING", message }) : message,
    }));
    const hasMore = start + limit < job.logs.length;
    sendJson(response, {
      object: "list",
      data,
      total: job.logs.length,
      next_page: hasMore ? String(start + limit) : null,
      prev_page: null,
    });
  }

  async function sendResults(job: ServiceJob, rest: readonly string[], response: ServerResponse): Promise<void> {
    const isDone = job.status === "completed";
    const names = !isDone
      ? []
      : dialect === "v1beta1"
        ? ["result-1", "result-2"]
        : dialect.startsWith("v2")
          ? ["artifacts", "analysis"]
          : ["dataset", "analysis"];
    const [name, action] = rest;
    if (name === undefined) {
      if (dialect === "v1beta1") {
        return sendJson(
          response,
          names.map((id, at) => ({ id, step_name: "sample", format: at === 0 ? "csv" : "html", canonical: at === 0 })),
        );
      }
      const data = names.map((result) => ({
        result_name: result,
        job_id: job.id,
        namespace: "default",
        created_at: job.updatedAt,
        artifact_url: `nds://default/${job.id}/${result}`,
        artifact_storage_type: "nds",
      }));
      return sendJson(response, { object: "list", data });
    }
    if (!names.includes(name) || action !== "download")
      return sendJson(response, { detail: `Result ${name} not found` }, 404);
    const rows = makeRows(job.config, job.numRecords);
    if (name === "analysis") return sendJson(response, makeAnalysis(rows, job.numRecords));
    if (dialect === "v1beta1") {
      response.writeHead(200, { "content-type": "text/csv" });
      response.end(name === "result-1" ? toCsv(rows) : "<html></html>");
      return;
    }
    response.writeHead(200, { "content-type": "application/octet-stream" });
    response.end(await datasetBytes(rows));
  }

  async function datasetBytes(rows: readonly Record<string, JsonValue>[]): Promise<Buffer | Uint8Array> {
    const format = options.datasetFormat ?? "tar.gz";
    const folder = dialect.startsWith("v2") ? "artifacts/dataset/parquet-files" : "dataset";
    if (format === "jsonl") return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const files = parquetFiles(folder, rows, format === "parquet" ? rows.length : 10);
    if (format === "parquet") return Buffer.from(files[0]?.content ?? "");
    const extra = dialect.startsWith("v2") ? [{ name: "artifacts/dataset/metadata.json", content: "{}" }] : [];
    return makeTar([...files, ...extra], { isGzip: format === "tar.gz" });
  }

  function preview(body: unknown, response: ServerResponse): void {
    if ((dialect === "v1" || dialect === "preview-only") && refuse(schemas.preview, body, response)) return;
    const sent = (body ?? {}) as Fields;
    const config = (sent["config"] ?? {}) as Fields;
    const rows = makeRows(config, Number(sent["num_records"] ?? 10));
    const analysis = makeAnalysis(rows, rows.length);
    response.writeHead(200, { "content-type": "application/jsonl" });
    const lines = previewLines(rows, analysis, dialect).map((line) => `${JSON.stringify(line)}\n`);
    // In pieces that end anywhere.
    for (const text of lines) for (const piece of text.match(/[\s\S]{1,40}/g) ?? []) response.write(piece);
    response.end();
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    jobs,
    fault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    advance,
    change,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** True when the fault was the whole answer. */
function fail(how: Fault["how"], request: IncomingMessage, response: ServerResponse): boolean {
  switch (how.kind) {
    case "status":
      response.writeHead(how.status, { "content-type": "application/json", ...how.headers });
      response.end(how.body ?? JSON.stringify({ detail: `injected ${how.status}` }));
      return true;
    case "hang":
      return true;
    case "tear":
      request.socket.destroy();
      return true;
    case "tear_after":
      return false;
    case "body":
      response.writeHead(200, { "content-type": "application/octet-stream" });
      response.write(how.text);
      if (how.isStalled !== true) response.end();
      return true;
  }
}

function notFound(response: ServerResponse): void {
  sendJson(response, { detail: "Not Found" }, 404);
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}
