import { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";

import type { FastifyReply } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";

import { ServiceError } from "../../../lib/errors.ts";
import type { DataDesigner } from "../../../tools/data/designer/designer.ts";
import {
  HttpError,
  HttpValidationError,
  JobAnalysis,
  PlatformJobListResultResponse,
  PlatformJobResultResponse,
  resultFile,
} from "../../schemas/data-designer.ts";
import { JobParams, ResultParams } from "../../schemas/data-designer-requests.ts";
import { toServiceAnalysis } from "./analysis.ts";
import { toWireResult } from "./wire.ts";

/** `/v1/data-designer/jobs/<id>/results`: what a job has made, listed and as files. Part of `data-designer.ts`, whose errors it has. */
export const jobResultRoutes = (designer: DataDesigner): FastifyPluginCallbackZod =>
  function registerJobResultRoutes(app, _options, done) {
    const docs = { tags: ["data designer"], errorBody: HttpError };
    const errors = { 404: HttpError, 422: HttpValidationError };
    const base = "/v1/data-designer";

    app.get(
      `${base}/jobs/:job_id/results`,
      {
        schema: {
          ...docs,
          operationId: "listDataDesignerJobResults",
          summary: "List the results of a job",
          params: JobParams,
          response: { 200: PlatformJobListResultResponse, ...errors },
        },
      },
      async (request) => {
        const { job_id: id } = request.params;
        const [job, results] = await Promise.all([designer.job(id), designer.results(id)]);
        return { object: "list" as const, data: results.map((result) => toWireResult(job, result)) };
      },
    );

    app.get(
      `${base}/jobs/:job_id/results/:result_name`,
      {
        schema: {
          ...docs,
          operationId: "getDataDesignerJobResult",
          summary: "One result of a job",
          params: ResultParams,
          response: { 200: PlatformJobResultResponse, ...errors },
        },
      },
      async (request) => {
        const { job_id: id, result_name: name } = request.params;
        const [job, results] = await Promise.all([designer.job(id), designer.results(id)]);
        const found = results.find((result) => result.name === name);
        if (found !== undefined) return toWireResult(job, found);
        throw new ServiceError("not_found", `job ${id} is ${job.status} and has no result "${name}"`);
      },
    );

    app.get(
      `${base}/jobs/:job_id/results/analysis/download`,
      {
        schema: {
          ...docs,
          operationId: "downloadDataDesignerJobAnalysis",
          summary: "The analysis as JSON",
          params: JobParams,
          response: { 200: JobAnalysis, ...errors },
        },
      },
      async (request) => {
        const { body } = await designer.download(request.params.job_id, "analysis");
        return toServiceAnalysis(JSON.parse(await readText(Readable.from(body, { objectMode: false }))));
      },
    );

    app.get(
      `${base}/jobs/:job_id/results/:result_name/download`,
      {
        schema: {
          ...docs,
          operationId: "downloadDataDesignerJobResult",
          summary: "A result as it is; the dataset is a tar.gz",
          params: ResultParams,
          response: { 200: resultFile, ...errors },
        },
      },
      async (request, reply): Promise<FastifyReply> => {
        const { job_id: id, result_name: name } = request.params;
        const { fileName, body } = await designer.download(id, name);
        return reply
          .header("content-type", "application/octet-stream")
          .header("content-disposition", `attachment; filename="${fileName.replaceAll(/[^\w.-]/g, "_")}"`)
          .send(Readable.from(body, { objectMode: false }));
      },
    );

    done();
  };
