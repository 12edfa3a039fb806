import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { DataDesigner } from "../../tools/data/designer/designer.ts";
import { readServiceConfig } from "../../tools/data/designer/read-service-config.ts";
import { clientGone } from "../client-gone.ts";
import {
  DataDesignerJob,
  DataDesignerJobsPage,
  DeletedJob,
  HttpError,
  HttpValidationError,
  PlatformJobLogPage,
  PlatformJobStatusResponse,
  ServiceHealth,
  SettingsResponse,
  previewLines,
} from "../schemas/data-designer.ts";
import {
  DataDesignerJobRequest,
  JobParams,
  JobsQuery,
  LogsQuery,
  PreviewRequest,
} from "../schemas/data-designer-requests.ts";
import { registerDialectErrors } from "./data-designer/errors.ts";
import { sendPreview } from "./data-designer/preview.ts";
import { jobResultRoutes } from "./data-designer/results.ts";
import { toWireJob, toWireJobsPage, toWireLogs, toWireSettings, toWireStatus } from "./data-designer/wire.ts";

const DEFAULT_PREVIEW_ROWS = 10;
const DEFAULT_LOG_LINES = 100;

export interface DataDesignerRoutesOptions {
  readonly designer: DataDesigner;
  readonly clock: Clock;
  readonly log: Log;
  /** Pause after which a silent preview tells that it still works. */
  readonly heartbeatMs: number;
}

/**
 * `/v1/data-designer/*`: the API of the NeMo Data Designer service, version 1.4.0, with what its SDK asks for besides, so that
 * its clients can use this service in its place. Configs are taken with and without discriminators.
 */
export const dataDesignerRoutes = (options: DataDesignerRoutesOptions): FastifyPluginCallbackZod =>
  function registerDataDesignerRoutes(app, _options, done) {
    const { designer, clock, log, heartbeatMs } = options;
    const docs = { tags: ["data designer"], errorBody: HttpError };
    const errors = { 404: HttpError, 422: HttpValidationError };
    const base = "/v1/data-designer";
    registerDialectErrors(app);

    app.post(
      `${base}/preview`,
      {
        schema: {
          ...docs,
          operationId: "previewDataDesignerJob",
          summary: "Preview a dataset as JSON lines",
          body: PreviewRequest,
          response: { 200: previewLines, 422: HttpValidationError },
        },
      },
      (request, reply) => {
        const { config, num_records: numRecords } = request.body;
        const messages = designer.preview({
          config: readServiceConfig(config),
          numRecords: numRecords ?? DEFAULT_PREVIEW_ROWS,
          signal: clientGone(reply),
        });
        return sendPreview(reply, { messages, heartbeatMs, clock, log });
      },
    );

    app.post(
      `${base}/jobs`,
      {
        schema: {
          ...docs,
          operationId: "createDataDesignerJob",
          summary: "Create a job",
          body: DataDesignerJobRequest,
          response: { 200: DataDesignerJob, ...errors },
        },
      },
      async (request) => {
        const { spec, name, description, project, namespace, ownership, custom_fields: customFields } = request.body;
        const key = request.headers["idempotency-key"];
        return toWireJob(
          await designer.createJob({
            config: readServiceConfig(spec.config),
            numRecords: spec.num_records,
            ...(name ? { name } : {}),
            description: description ?? null,
            project: project ?? null,
            namespace: namespace ?? null,
            ownership: ownership ?? null,
            customFields: customFields ?? null,
            ...(typeof key === "string" && key !== "" ? { idempotencyKey: key } : {}),
          }),
        );
      },
    );

    app.get(
      `${base}/jobs`,
      {
        schema: {
          ...docs,
          operationId: "listDataDesignerJobs",
          summary: "List jobs",
          querystring: JobsQuery,
          response: { 200: DataDesignerJobsPage, ...errors },
        },
      },
      async (request) => {
        const { filter, ...rest } = request.query;
        const query = { ...rest, ...(filter.status === undefined ? {} : { status: filter.status }) };
        return toWireJobsPage(await designer.list(query), query);
      },
    );

    app.get(
      `${base}/jobs/:job_id`,
      {
        schema: {
          ...docs,
          operationId: "getDataDesignerJob",
          summary: "Get a job",
          params: JobParams,
          response: { 200: DataDesignerJob, ...errors },
        },
      },
      async (request) => toWireJob(await designer.job(request.params.job_id)),
    );

    app.delete(
      `${base}/jobs/:job_id`,
      {
        schema: {
          ...docs,
          operationId: "deleteDataDesignerJob",
          summary: "Delete a job with its files",
          params: JobParams,
          response: { 200: DeletedJob, ...errors },
        },
      },
      async (request) => {
        const { job_id: id } = request.params;
        await designer.delete(id);
        return { id, deleted: true };
      },
    );

    app.post(
      `${base}/jobs/:job_id/cancel`,
      {
        schema: {
          ...docs,
          operationId: "cancelDataDesignerJob",
          summary: "Cancel a job",
          errors: ["conflict"],
          params: JobParams,
          response: { 200: DataDesignerJob, ...errors },
        },
      },
      async (request) => toWireJob(await designer.cancel(request.params.job_id)),
    );

    app.get(
      `${base}/jobs/:job_id/status`,
      {
        schema: {
          ...docs,
          operationId: "getDataDesignerJobStatus",
          summary: "Status with steps and tasks",
          params: JobParams,
          response: { 200: PlatformJobStatusResponse, ...errors },
        },
      },
      async (request) => toWireStatus(await designer.job(request.params.job_id)),
    );

    // The SDK asks the platform's service for jobs, which a stand-alone service has to be as well.
    for (const { path, operationId } of [
      { path: `${base}/jobs/:job_id/logs`, operationId: "getDataDesignerJobLogs" },
      { path: "/v1/jobs/:job_id/logs", operationId: "getJobLogs" },
    ]) {
      app.get(
        path,
        {
          schema: {
            ...docs,
            operationId,
            summary: "Log lines of a job",
            params: JobParams,
            querystring: LogsQuery,
            response: { 200: PlatformJobLogPage, ...errors },
          },
        },
        async (request) => {
          const { limit = DEFAULT_LOG_LINES, page_cursor: pageCursor } = request.query;
          const { job_id: id } = request.params;
          return toWireLogs(
            id,
            await designer.logs(id, { limit, ...(pageCursor === undefined ? {} : { pageCursor }) }),
          );
        },
      );
    }

    app.get(
      `${base}/settings`,
      {
        schema: {
          ...docs,
          operationId: "getDataDesignerSettings",
          summary: "Models that a config may name",
          response: { 200: SettingsResponse },
        },
      },
      async () => toWireSettings(await designer.settings()),
    );

    app.get(
      "/health",
      {
        schema: {
          ...docs,
          operationId: "checkHealth",
          summary: "Whether the service is up",
          response: { 200: ServiceHealth },
        },
      },
      () => ({
        status: "healthy",
      }),
    );

    app.register(jobResultRoutes(designer));
    done();
  };
