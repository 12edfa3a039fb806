import { createReadStream } from "node:fs";

import type { FastifyReply } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";

import { ServiceError } from "../../../lib/errors.ts";
import type { DatasetReader } from "../../../tools/data/datasets/reader.ts";
import { type DataDesigner, type DesignJob, hasEnded } from "../../../tools/data/designer/designer.ts";
import { clientGone } from "../../client-gone.ts";
import { jsonOf } from "../../openapi/route-docs.ts";
import {
  DatasetParams,
  DatasetProfile,
  DatasetSchema,
  DownloadQuery,
  Rows,
  RowsQuery,
  SqlBody,
  SqlResult,
  datasetFile,
} from "../../schemas/datasets.ts";

const CONTENT_TYPES = {
  jsonl: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
} as const;

export interface DatasetReadingOptions {
  readonly designer: DataDesigner;
  readonly reader: DatasetReader;
}

/** What is in a dataset: its columns, rows, statistics, answers to SQL, and all of it as a file. */
export const datasetReadingRoutes = ({ designer, reader }: DatasetReadingOptions): FastifyPluginCallbackZod =>
  function registerDatasetReadingRoutes(app, _options, done) {
    const tags = ["datasets"];
    const one = "/api/v1/datasets/:dataset_id";

    app.get(
      `${one}/schema`,
      {
        schema: {
          tags,
          operationId: "getDatasetSchema",
          summary: "Columns with their types",
          errors: ["not_found", "conflict"],
          params: DatasetParams,
          response: { 200: DatasetSchema },
        },
      },
      async ({ params }, reply) => {
        const columns = await reader.schema(params.dataset_id, clientGone(reply));
        return { columns: columns.map(({ name, type, columnType }) => ({ name, type, column_type: columnType })) };
      },
    );

    app.get(
      `${one}/rows`,
      {
        schema: {
          tags,
          operationId: "listDatasetRows",
          summary: "A page of rows",
          errors: ["not_found", "conflict"],
          params: DatasetParams,
          querystring: RowsQuery,
          response: { 200: Rows },
        },
      },
      async ({ params, query: { offset, limit, sort, filter } }, reply) => {
        const query = {
          offset,
          limit,
          ...(sort === undefined ? {} : { sort }),
          ...(filter === undefined ? {} : { filter }),
        };
        const page = await reader.rows(params.dataset_id, query, clientGone(reply));
        return { ...page, rows: [...page.rows] };
      },
    );

    app.get(
      `${one}/profile`,
      {
        schema: {
          tags,
          operationId: "getDatasetProfile",
          summary: "Statistics of every column",
          errors: ["not_found", "conflict"],
          params: DatasetParams,
          response: { 200: jsonOf(DatasetProfile) },
        },
      },
      ({ params }, reply) => reader.profile(params.dataset_id, clientGone(reply)),
    );

    app.post(
      `${one}/sql`,
      {
        schema: {
          tags,
          operationId: "queryDataset",
          summary: "One reading SQL statement",
          errors: ["forbidden", "not_found", "conflict", "timed_out"],
          params: DatasetParams,
          body: SqlBody,
          response: { 200: SqlResult },
        },
      },
      async ({ params, body: { sql, limit } }, reply) => {
        const answer = await reader.sql(params.dataset_id, sql, { limit, signal: clientGone(reply) });
        return {
          columns: [...answer.columns],
          rows: [...answer.rows],
          row_count: answer.rows.length,
          truncated: answer.isTruncated,
          elapsed_ms: answer.elapsedMs,
        };
      },
    );

    app.get(
      `${one}/download`,
      {
        schema: {
          tags,
          operationId: "downloadDataset",
          summary: "The dataset as one file",
          errors: ["not_found", "conflict"],
          params: DatasetParams,
          querystring: DownloadQuery,
          response: { 200: datasetFile },
        },
      },
      async ({ params: { dataset_id: id }, query: { format } }, reply): Promise<FastifyReply> => {
        const job = await designer.job(id);
        if (!hasEnded(job.status)) {
          throw new ServiceError("conflict", `job ${id} is ${job.status}: its file is there when it has ended`);
        }
        const { file, bytes } = await reader.exportFile(id, format, clientGone(reply));
        return reply
          .header("content-type", CONTENT_TYPES[format])
          .header("content-length", bytes)
          .header("content-disposition", `attachment; filename="${fileName(job)}.${format}"`)
          .send(createReadStream(file));
      },
    );

    done();
  };

function fileName({ name, id }: DesignJob): string {
  const safe = name.replaceAll(/[^\w.-]+/g, "_").replace(/^[._]+/, "");
  return safe === "" ? id : safe.slice(0, 100);
}
