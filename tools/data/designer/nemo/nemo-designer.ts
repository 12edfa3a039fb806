import path from "node:path";

import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import type { Log } from "../../../../lib/log.ts";
import type { Random } from "../../../../lib/random.ts";
import type { Secret } from "../../../../lib/secret.ts";
import {
  type DataDesigner,
  type DesignJob,
  type DesignerSettings,
  type JobResult,
  type PreviewMessage,
  type PreviewRequest,
  hasEnded,
} from "../designer.ts";
import type { ArchiveLimits } from "./archive.ts";
import { checkConfig } from "./check-config.ts";
import { createJobCreator } from "./create-job.ts";
import { type DialectName, createDialectSource } from "./detect.ts";
import type { Dialect } from "./dialect.ts";
import { createDownloads } from "./downloads.ts";
import { createFollower } from "./follow.ts";
import { HttpFailure } from "./http-failure.ts";
import { type NemoHttp, createNemoHttp } from "./http.ts";
import { toIso } from "./job-fields.ts";
import { type SentJob, createJobReader } from "./job-reader.ts";
import { readPreviewStream } from "./preview.ts";
import { createRemoteDatasets } from "./remote-dataset.ts";
import { createNemoService } from "./service.ts";
import { createJobVersions } from "./versions.ts";
import { WireSettings } from "./wire.ts";

export interface NemoDesignerOptions {
  readonly baseUrl: string;
  readonly apiKey?: Secret | undefined;
  /** `auto` asks the service. */
  readonly dialect: DialectName;
  /** For `v2`. */
  readonly workspace: string;
  /** `NEMOPS_HOME`; datasets that are fetched lie in its folder `datasets-remote`. */
  readonly home: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly requestTimeoutMs?: number;
  /** Longest silence within a preview, which beats its heart meanwhile. */
  readonly previewSilenceMs?: number;
  readonly archiveLimits?: ArchiveLimits;
}

/** As the official client waits. Source: Python SDK 1.4, `DEFAULT_PREVIEW_TIMEOUT`. */
const PREVIEW_SILENCE_MS = 120_000;
const PREVIEW_TOTAL_MS = 900_000;
/** How long a job may take to stop before it is deleted. */
const MAX_CANCEL_POLLS = 60;

/**
 * A NeMo Data Designer service as `DataDesigner`. Which of its APIs it speaks is found out at the first call, and again
 * when it could not be reached. Nothing is asked when it is created.
 */
export function createNemoDesigner(options: NemoDesignerOptions): DataDesigner {
  const { clock, random, log } = options;
  const { host } = new URL(options.baseUrl);
  const http: NemoHttp = createNemoHttp({
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    clock,
    random,
    log,
    ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
    onUnreachable: () => source.forget(),
  });
  const source = createDialectSource(http, { name: options.dialect, workspace: options.workspace });
  const service = createNemoService({ host, http, source, log });
  const versions = createJobVersions();
  const sent = new Map<string, SentJob>();
  const reader = createJobReader({ service, versions, sent });
  const createJob = createJobCreator({ service, reader, sent, clock, random, log });
  const follower = createFollower({
    clock,
    job: (id, signal) => reader.job(id, signal, true),
    logsFrom: (id, cursor, signal) => reader.logsFrom(id, cursor, signal),
  });
  const datasets = createRemoteDatasets({
    root: path.join(options.home, "datasets-remote"),
    service: options.baseUrl,
    limits: options.archiveLimits,
  });
  const downloads = createDownloads({ service, reader, datasets });

  const cancel = async (id: string): Promise<DesignJob> => {
    const dialect = await service.jobsDialect();
    const job = await reader.job(id);
    if (hasEnded(job.status)) throw new ServiceError("conflict", `job "${id}" has ended already: ${job.status}`);
    try {
      await http.json({ method: "POST", path: dialect.paths.cancel(id), isRepeatable: true });
    } catch (error) {
      // A request that was sent again, or another client, may have been first.
      const { status } = await reader.job(id);
      if (status !== "cancelling" && status !== "cancelled") throw orMissingRoute(error, dialect, "cancel");
    }
    return reader.job(id);
  };
  const remove = async (id: string): Promise<void> => {
    const dialect = await service.jobsDialect();
    try {
      await http.json({ method: "DELETE", path: dialect.paths.job(id), isRepeatable: true });
    } catch (error) {
      const isStillThere = await reader.job(id).then(
        () => true,
        () => false,
      );
      if (isStillThere || !isMissingRoute(error)) throw orMissingRoute(error, dialect, "delete");
    }
  };
  return {
    backend: "nemo",
    describe: () => {
      const known = source.known();
      return `NeMo Data Designer service at ${host}${known === undefined ? "" : `, API ${known.dialect.title}`}`;
    },
    preview: (request) => previewOf(request),
    createJob,
    job: (id) => reader.job(id),
    list: (query) => reader.list(query),
    logs: (id, page) => reader.logs(id, page),
    cancel,
    delete: async (id) => {
      let job = await reader.job(id);
      if (!hasEnded(job.status) && job.status !== "cancelling") {
        // It may end by itself meanwhile.
        job = await cancel(id).catch((error: unknown) => {
          if (error instanceof ServiceError && error.code === "conflict") return reader.job(id);
          throw error;
        });
      }
      for (let polls = 0; !hasEnded(job.status) && polls < MAX_CANCEL_POLLS; polls += 1) {
        await clock.sleep(1_000);
        job = await reader.job(id);
      }
      await remove(id);
      await datasets.remove(id);
      versions.forget(id);
      follower.forget(id);
      sent.delete(id);
    },
    results: async (id): Promise<readonly JobResult[]> => {
      const dialect = await service.jobsDialect();
      return (await reader.results(id)).map((result) => ({
        name: dialect.resultName(result),
        createdAt: toIso(result.created_at),
        url: result.artifact_url ?? new URL(dialect.paths.results(id), options.baseUrl).href,
      }));
    },
    download: (id, name) => downloads.download(id, name),
    events: (id, range) => follower.events(id, range),
    waitForChange: (id, wait) => follower.waitForChange(id, wait),
    datasetFolder: (id, signal) => downloads.datasetFolder(id, signal),
    settings: async (): Promise<DesignerSettings> => {
      const dialect = await service.dialect();
      const textModel = `models of the NeMo service at ${host}`;
      if (dialect.paths.settings === undefined) return { modelConfigs: [], modelProviders: [], textModel };
      try {
        const request = { method: "GET", path: dialect.paths.settings, isRepeatable: true } as const;
        const { defaults, model_providers } = await service.read(request, WireSettings);
        return {
          modelConfigs: (defaults?.model_configs ?? []).map((model) => ({
            ...model,
            provider: model.provider ?? null,
          })),
          modelProviders: (model_providers ?? []).map(({ name, endpoint }) => ({ name, endpoint: endpoint ?? "" })),
          textModel,
        };
      } catch (error) {
        if (error instanceof HttpFailure && error.status === 404)
          return { modelConfigs: [], modelProviders: [], textModel };
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };

  async function* previewOf({ config, numRecords, signal, seed }: PreviewRequest): AsyncGenerator<PreviewMessage> {
    const design = checkConfig(config);
    const dialect = await service.dialect(signal);
    for (const message of dialect.toConfig(design, true).warnings) yield { kind: "log", level: "warning", message };
    if (seed !== undefined)
      yield { kind: "log", level: "info", message: "the service has no seed; its rows differ each time" };
    const silenceMs = options.previewSilenceMs ?? PREVIEW_SILENCE_MS;
    const body = await service.sendConfig(dialect, (hasDiscriminators) => {
      const { config: sentConfig } = dialect.toConfig(design, hasDiscriminators);
      const request = { method: "POST", path: dialect.paths.preview, accept: dialect.previewType } as const;
      const content = dialect.previewBody(sentConfig, numRecords);
      // A preview leaves nothing behind, so that it may be asked for again.
      return http.stream(
        { ...request, body: content, isRepeatable: true, signal },
        { silenceMs, totalMs: PREVIEW_TOTAL_MS },
      );
    });
    yield* readPreviewStream(body, dialect);
  }
}

function isMissingRoute(error: unknown): boolean {
  return error instanceof HttpFailure && (error.status === 404 || error.status === 405);
}

/** 404 for a job that is there means that the API has no such route. */
function orMissingRoute(error: unknown, { title }: Dialect, action: string): unknown {
  if (!isMissingRoute(error)) return error;
  return new ServiceError("not_supported", `the NeMo service cannot ${action} jobs (API ${title})`, { cause: error });
}
