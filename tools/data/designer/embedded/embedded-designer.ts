import path from "node:path";

import { OFFLINE_TEXT_LABEL } from "../../../../engine/data/text/label.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { ERROR_CODES, type ErrorCode, ServiceError } from "../../../../lib/errors.ts";
import type { Log } from "../../../../lib/log.ts";
import type { Random } from "../../../../lib/random.ts";
import { createRunLock } from "../../../../lib/run-lock.ts";
import { type ReadDesignOptions, readDesignInput } from "../../design-input.ts";
import { type GenerationServices, checkServices } from "../../generation-services.ts";
import type { DataDesigner, DesignJob, DesignerSettings, JobRequest } from "../designer.ts";
import { hasEnded } from "../designer.ts";
import { createChanges } from "./changes.ts";
import { deleteJob } from "./delete-job.ts";
import { followEvents, waitForJobChange } from "./follow.ts";
import { openJobDatabase } from "./job-database.ts";
import { type JobRow, toJob } from "./job-row.ts";
import { startJobRunner } from "./job-runner.ts";
import { type JobStore, createJobStore } from "./job-store.ts";
import { readLogPage } from "./log-pages.ts";
import { checkPage, checkRequest, checkSeed, describeNewJob, drawSeed, hashRequest } from "./new-job.ts";
import { listResults, needDatasetFolder, openResult } from "./results.ts";

export interface EmbeddedDesignerOptions {
  /** Holds `datasets.sqlite`, `datasets.lock` and `datasets/<job id>/`; made when missing. */
  readonly home: string;
  /** Seed files of designs must lie in it. */
  readonly seedFolder: string;
  /** Jobs that run at once; the others wait in order. */
  readonly maxJobs: number;
  /** Most rows of a job. */
  readonly maxRows: number;
  readonly services: GenerationServices;
  /** The model that is offered to designs, of the first endpoint there is. */
  readonly defaultModel: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Threads of a job; as many as processors when left out. */
  readonly workerCount?: number;
}

/**
 * The built-in engine as a service: jobs are kept in a database of the home and survive the process. Of all processes that use
 * a home, one at a time works on its jobs; every one can create, follow and cancel them. Throws `storage_failed` for a
 * home that cannot be used.
 */
export function createEmbeddedDesigner(options: EmbeddedDesignerOptions): DataDesigner {
  const { home, seedFolder, maxJobs, maxRows, services, defaultModel, clock, random, log } = options;
  const datasetsFolder = path.join(home, "datasets");
  const database = openJobDatabase(path.join(home, "datasets.sqlite"));
  const store = createJobStore(database, clock);
  const changes = createChanges(clock);
  const closing = new AbortController();
  const design: Omit<ReadDesignOptions, "config"> = {
    seedFolder,
    check: (read) => checkServices(read, services),
  };
  const runner = startJobRunner({
    ...design,
    store,
    changes,
    lock: createRunLock(path.join(home, "datasets.lock")),
    datasetsFolder,
    services,
    clock,
    log,
    maxJobs,
    ...(options.workerCount === undefined ? {} : { workerCount: options.workerCount }),
  });
  const need = (id: string): JobRow => needJob(store, id);
  const resultOptions = (row: JobRow): { folder: string; id: string; updatedAt: string } => ({
    folder: path.join(datasetsFolder, row.id),
    id: row.id,
    updatedAt: toJob(row).updatedAt,
  });
  const following = { store, changes, clock, closing: closing.signal };
  const goOn = (id: string): DesignJob => {
    const { status } = need(id);
    if (status !== "error") throw new ServiceError("conflict", `job ${id} is ${status}; only a failed one can go on`);
    const row = store.move(id, "pending");
    changes.notify();
    return toJob(row);
  };
  let closed: Promise<void> | undefined;

  return {
    backend: "embedded",
    describe: () => `built-in engine, files in ${datasetsFolder}`,
    async *preview({ config, numRecords, seed = drawSeed(random), signal }) {
      // The engine is the largest part of the service: who makes no rows does not load it.
      const { checkPreviewCount, streamPreview } = await import("./preview.ts");
      checkPreviewCount(numRecords);
      checkSeed(seed);
      const input = await readDesignInput({ config, ...design });
      yield* streamPreview({
        input,
        numRecords,
        seed,
        services,
        clock,
        ...(signal === undefined ? {} : { signal }),
      });
    },
    async createJob(request: JobRequest) {
      checkRequest(request, maxRows);
      const before = findByKey(store, request);
      if (before !== undefined) return isWorthRetrying(before) ? goOn(before.id) : toJob(before);
      const input = await readDesignInput({ config: request.config, ...design });
      const { row, isNew } = store.create(describeNewJob({ request, input, random, services }));
      // Another request with the same key came in while this one was looked at.
      if (!isNew) return toJob(findByKey(store, request) ?? row);
      for (const { column, message } of input.violations) log.warn({ job_id: row.id, column }, message);
      changes.notify();
      return toJob(row);
    },
    job: async (id) => toJob(need(id)),
    async list(query) {
      checkPage(query);
      const { rows, total } = store.list(query);
      return { jobs: rows.map(toJob), total };
    },
    logs: async (id, query) => readLogPage(store, need(id).number, query),
    async cancel(id) {
      const { status } = need(id);
      if (status === "cancelling") return toJob(need(id));
      const row = store.move(id, status === "active" ? "cancelling" : "cancelled");
      changes.notify();
      return toJob(row);
    },
    resume: async (id) => goOn(id),
    delete: (id) => deleteJob({ store, changes, datasetsFolder, clock, closing: closing.signal }, id),
    async results(id) {
      const row = need(id);
      return hasEnded(row.status) ? listResults(resultOptions(row)) : [];
    },
    async download(id, name) {
      const row = need(id);
      if (hasEnded(row.status)) return openResult(resultOptions(row), name);
      throw new ServiceError("not_found", `job ${id} is ${row.status}: it has no results before it has ended`);
    },
    async *events(id, { after, signal }) {
      need(id);
      yield* followEvents(following, id, { after, signal });
    },
    waitForChange: (id, wait) => waitForJobChange(following, id, wait),
    datasetFolder: async (id) => needDatasetFolder(path.join(datasetsFolder, need(id).id), id),
    settings: async () => describeSettings(services, defaultModel),
    close: () =>
      (closed ??= (async () => {
        closing.abort();
        await runner.close();
        database.close();
      })()),
  };
}

function describeSettings({ models }: GenerationServices, model: string): DesignerSettings {
  const [first] = models?.providers ?? [];
  if (models === undefined || first === undefined) {
    return { modelConfigs: [], modelProviders: [], textModel: OFFLINE_TEXT_LABEL };
  }
  return {
    modelConfigs: [{ alias: "default", model, provider: first.name }],
    modelProviders: models.providers,
    textModel: `models of ${models.providers.map(({ name }) => name).join(", ")}`,
  };
}

function needJob(store: JobStore, id: string): JobRow {
  const row = store.get(id);
  if (row === undefined) throw new ServiceError("not_found", `there is no job "${id}"`);
  return row;
}

/** The job of an earlier request with the same key. Throws `conflict` when that asked for something else. */
function findByKey(store: JobStore, request: JobRequest): JobRow | undefined {
  const { idempotencyKey: key } = request;
  const row = key === undefined ? undefined : store.getByKey(key);
  if (row === undefined || row.request_hash === hashRequest(request)) return row;
  const told = `idempotency key ${JSON.stringify(key)} belongs to job ${row.id}, which was asked for otherwise`;
  throw new ServiceError("conflict", told);
}

/** The same request again is how a caller asks for another try, where trying again can help. */
function isWorthRetrying({ status, error }: JobRow): boolean {
  // Written by the store, from a failure.
  const code = status === "error" && error !== null ? (JSON.parse(error) as { code: ErrorCode | null }).code : null;
  return code !== null && ERROR_CODES[code].retryable;
}
