import { z } from "zod";

import type { Connection } from "./connection.ts";
import { CliError } from "./exit-codes.ts";
import { callService, queryText, refusal, unreachable } from "./service.ts";
import { readServerEvents } from "./server-events.ts";

/** What the commands read of a dataset; servers may send more, and `--json` passes it on. */
export const WireDataset = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  rows: z.number().nullish(),
  target: z.number().nullish(),
  created_at: z.string().nullish(),
  text_model: z.string().nullish(),
  seed: z.union([z.string(), z.number()]).nullish(),
  error: z.unknown().optional(),
});
export type WireDataset = z.infer<typeof WireDataset>;

const DatasetList = z.looseObject({ datasets: z.array(WireDataset), total: z.number() });
const Schema = z.looseObject({
  columns: z.array(z.looseObject({ name: z.string(), type: z.string(), column_type: z.string().nullish() })),
});
const Rows = z.looseObject({ rows: z.array(z.record(z.string(), z.unknown())), total: z.number().nullish() });
/** Rows of a query, each a list of values in the order of the columns or an object of them. */
const QueryResult = z.looseObject({
  columns: z.array(z.looseObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  row_count: z.number(),
  truncated: z.boolean(),
  elapsed_ms: z.number().nullish(),
});
export type QueryResult = z.infer<typeof QueryResult>;

export interface DatasetEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The routes of datasets. Every method rejects with a CliError whose exit status says what went wrong. */
export interface DatasetService {
  list(filter: { status?: string; limit?: number }): Promise<z.infer<typeof DatasetList>>;
  get(id: string): Promise<WireDataset>;
  schema(id: string): Promise<z.infer<typeof Schema>>;
  rows(id: string, limit: number): Promise<z.infer<typeof Rows>>;
  sql(id: string, query: string, limit: number): Promise<QueryResult>;
  /** Everything the job tells, until it ends. */
  events(id: string): AsyncIterable<DatasetEvent>;
  /** The dataset as one file, as it comes. */
  download(id: string, format: string): Promise<{ fileName: string; body: ReadableStream<Uint8Array> }>;
}

export function createDatasetService(connection: Connection, signal: AbortSignal): DatasetService {
  const base = (id: string): string => `/api/v1/datasets/${encodeURIComponent(id)}`;
  const open = async (path: string, accept: string): Promise<Response> => {
    let response: Response;
    try {
      response = await connection.fetch(`${connection.url}${path}`, {
        headers: { ...connection.headers, accept },
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(connection, error);
    }
    if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
    if (response.body === null) throw new CliError("failure", `${connection.url}${path} answered without a body`);
    return response;
  };
  return {
    list: (filter) => callService(connection, signal, DatasetList, `/api/v1/datasets${queryText(filter)}`),
    get: (id) => callService(connection, signal, WireDataset, base(id)),
    schema: (id) => callService(connection, signal, Schema, `${base(id)}/schema`),
    rows: (id, limit) => callService(connection, signal, Rows, `${base(id)}/rows${queryText({ offset: 0, limit })}`),
    sql: (id, query, limit) =>
      callService(connection, signal, QueryResult, `${base(id)}/sql`, {
        method: "POST",
        body: JSON.stringify({ sql: query, limit }),
      }),
    async *events(id) {
      const { body } = await open(`${base(id)}/events`, "text/event-stream");
      if (body === null) return;
      for await (const { id: seq, event, data } of readServerEvents(body)) {
        if (event === "end") return;
        yield { seq: Number(seq ?? 0), type: event, data: toObject(data) };
      }
    },
    download: async (id, format) => {
      const response = await open(`${base(id)}/download${queryText({ format })}`, "*/*");
      const named = /filename="([^"/\\]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
      // `open` has refused an answer without a body.
      return { fileName: named ?? `${id}.${format}`, body: response.body as ReadableStream<Uint8Array> };
    },
  };
}

function toObject(data: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(data);
  return typeof value === "object" && value !== null ? { ...value } : {};
}
