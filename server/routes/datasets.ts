import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { DatasetReader } from "../../tools/data/datasets/reader.ts";
import type { DataDesigner, DesignJob } from "../../tools/data/designer/designer.ts";
import { readServiceConfig } from "../../tools/data/designer/read-service-config.ts";
import { clientGone } from "../client-gone.ts";
import { NoContent, lastEventIdHeader } from "../openapi/route-docs.ts";
import {
  CreateDataset,
  Dataset,
  DatasetDetail,
  DatasetList,
  DatasetParams,
  DatasetPreview,
  DatasetsQuery,
  EventsQuery,
  PreviewDataset,
  datasetEvents,
} from "../schemas/datasets.ts";
import { readAfter, sendJobEvents } from "./datasets/events.ts";
import { collectPreview } from "./datasets/preview.ts";
import { datasetReadingRoutes } from "./datasets/reading.ts";
import { toWireDataset, toWireDetail } from "./datasets/wire.ts";

export interface DatasetRoutesOptions {
  readonly designer: DataDesigner;
  readonly reader: DatasetReader;
  readonly clock: Clock;
  /** Pause between comments on a silent event stream. */
  readonly heartbeatMs: number;
}

/** `/api/v1/datasets`: making and reading datasets. A dataset has the id of the job that makes it. */
export const datasetRoutes = (options: DatasetRoutesOptions): FastifyPluginCallbackZod =>
  function registerDatasetRoutes(app, _options, done) {
    const { designer, clock, heartbeatMs } = options;
    const tags = ["datasets"];
    const base = "/api/v1/datasets";
    const one = `${base}/:dataset_id`;

    app.get(
      base,
      {
        schema: {
          tags,
          operationId: "listDatasets",
          summary: "Datasets, newest first",
          querystring: DatasetsQuery,
          response: { 200: DatasetList },
        },
      },
      async ({ query }) => {
        const { jobs, total } = await listFrom(designer, query);
        return { datasets: jobs.map(toWireDataset), total };
      },
    );

    app.post(
      base,
      {
        schema: {
          tags,
          operationId: "createDataset",
          summary: "Make a dataset",
          responseHeaders: { Location: z.string().describe("Path of the dataset.") },
          errors: ["conflict", "not_supported"],
          body: CreateDataset,
          response: { 201: Dataset },
        },
      },
      async ({ body }, reply) => {
        const { config, num_records: numRecords, row_group_size: rowGroupSize, idempotency_key: key, ...rest } = body;
        const job = await designer.createJob({
          config: readServiceConfig(config),
          numRecords,
          ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
          ...(key === undefined ? {} : { idempotencyKey: key }),
          ...(rest.name === undefined ? {} : { name: rest.name }),
          ...(rest.description === undefined ? {} : { description: rest.description }),
          ...(rest.seed === undefined ? {} : { seed: rest.seed }),
        });
        return reply.code(201).header("location", `${base}/${job.id}`).send(toWireDataset(job));
      },
    );

    app.post(
      `${base}/preview`,
      {
        schema: {
          tags,
          operationId: "previewDataset",
          summary: "The first rows of a design",
          body: PreviewDataset,
          response: { 200: DatasetPreview },
        },
      },
      ({ body: { config, num_records: numRecords, seed } }, reply) =>
        collectPreview(
          designer.preview({
            config: readServiceConfig(config),
            numRecords,
            signal: clientGone(reply),
            ...(seed === undefined ? {} : { seed }),
          }),
        ),
    );

    app.get(
      one,
      {
        schema: {
          tags,
          operationId: "getDataset",
          summary: "One dataset",
          errors: ["not_found"],
          params: DatasetParams,
          response: { 200: DatasetDetail },
        },
      },
      async ({ params: { dataset_id: id } }) => {
        const [job, results] = await Promise.all([designer.job(id), designer.results(id)]);
        return toWireDetail(job, results);
      },
    );

    app.delete(
      one,
      {
        schema: {
          tags,
          operationId: "deleteDataset",
          summary: "Delete a dataset; a job that still works is cancelled",
          errors: ["not_found"],
          params: DatasetParams,
          response: { 204: NoContent },
        },
      },
      async ({ params }, reply) => {
        await designer.delete(params.dataset_id);
        return reply.code(204).send();
      },
    );

    app.post(
      `${one}/:action`,
      {
        schema: {
          tags,
          operationId: "controlDataset",
          summary: "Cancel a job, or go on with one that failed",
          errors: ["not_found", "conflict", "not_supported"],
          params: DatasetParams.extend({ action: z.enum(["cancel", "resume"]).describe("What to do with its job.") }),
          response: { 200: Dataset },
        },
      },
      async ({ params: { dataset_id: id, action } }) => {
        if (action === "cancel") return toWireDataset(await designer.cancel(id));
        if (designer.resume === undefined) {
          throw new ServiceError("not_supported", `${designer.describe()} cannot go on with a job; make a new one`);
        }
        return toWireDataset(await designer.resume(id));
      },
    );

    app.get(
      `${one}/events`,
      {
        schema: {
          tags,
          operationId: "streamDatasetEvents",
          summary: "What the job tells, as server-sent events",
          requestHeaders: lastEventIdHeader,
          errors: ["not_found"],
          params: DatasetParams,
          querystring: EventsQuery,
          response: { 200: datasetEvents },
        },
      },
      ({ params: { dataset_id: id }, query, headers }, reply) =>
        sendJobEvents(reply, {
          designer,
          id,
          after: readAfter(headers["last-event-id"], query.after),
          heartbeatMs,
          clock,
          signal: clientGone(reply),
        }),
    );

    app.register(datasetReadingRoutes(options));
    done();
  };

/** The backends list by pages; an offset between two of them needs both. */
async function listFrom(
  designer: DataDesigner,
  { limit, offset, status }: z.infer<typeof DatasetsQuery>,
): Promise<{ readonly jobs: readonly DesignJob[]; readonly total: number }> {
  const list = (page: number): ReturnType<DataDesigner["list"]> =>
    designer.list({ page, pageSize: limit, sort: "-created_at", ...(status === undefined ? {} : { status }) });
  const page = Math.floor(offset / limit) + 1;
  const skipped = offset % limit;
  const first = await list(page);
  if (skipped === 0) return first;
  const second = await list(page + 1);
  return { jobs: [...first.jobs.slice(skipped), ...second.jobs.slice(0, skipped)], total: second.total };
}
