import type { Design } from "../../../../engine/data/design/design.ts";
import { isLlmColumn } from "../../../../engine/data/design/design.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { type DesignJob, type JobListQuery, type JobLogLine, type JobLogPage, type JobPage } from "../designer.ts";
import type { Dialect } from "./dialect.ts";
import type { LogCursor } from "./follow.ts";
import { HttpFailure } from "./http-failure.ts";
import { readErrorDetails, readStatus, toDesignJob } from "./job-fields.ts";
import { splitLines } from "./json-lines.ts";
import { readLogLine, readOldLogLine } from "./log-lines.ts";
import type { NemoService } from "./service.ts";
import type { JobVersions } from "./versions.ts";
import { WireJob, WireJobs, WireLogs, WireResults, type WireResult, WireStatus } from "./wire.ts";

/** What was sent, for services that do not tell it again. */
export interface SentJob {
  readonly config: unknown;
  readonly numRecords: number;
  readonly name: string | undefined;
}

export interface JobReader {
  /** Throws `not_found`. */
  job(id: string, signal?: AbortSignal, isPoll?: boolean): Promise<DesignJob>;
  list(query: JobListQuery): Promise<JobPage>;
  /** Jobs as the service has them, newest first, for looking one up. */
  newest(count: number, signal?: AbortSignal): Promise<readonly WireJob[]>;
  logs(id: string, options: { limit: number; pageCursor?: string; signal?: AbortSignal }): Promise<JobLogPage>;
  logsFrom(id: string, cursor: LogCursor, signal: AbortSignal): Promise<{ lines: JobLogLine[]; cursor: LogCursor }>;
  results(id: string): Promise<readonly WireResult[]>;
  toJob(wire: WireJob, dialect: Dialect): DesignJob;
}

export interface JobReaderOptions {
  readonly service: NemoService;
  readonly versions: JobVersions;
  readonly sent: ReadonlyMap<string, SentJob>;
}

const LOG_PAGE_LINES = 500;
/** Pages of logs that one look reads; the next one goes on after them. */
const MAX_LOG_PAGES = 20;

export function createJobReader({ service, versions, sent }: JobReaderOptions): JobReader {
  const toJob = (wire: WireJob, dialect: Dialect, errorDetails = readErrorDetails(wire, undefined)): DesignJob => {
    const id = dialect.idOf(wire);
    if (id === undefined)
      throw new ServiceError("unavailable", `the NeMo service at ${service.host} gives a job no id`);
    const known = sent.get(id);
    const told = wire.spec?.config ?? wire.config;
    const config = told === undefined ? (known?.config ?? null) : dialect.fromConfig(told);
    return toDesignJob({
      wire,
      id,
      config,
      numRecords: wire.spec?.num_records ?? wire.num_records ?? known?.numRecords ?? 0,
      name: known?.name,
      textModel: textModelOf(config),
      errorDetails,
      version: versions.of(id, wire),
    });
  };

  const readJob = async (
    dialect: Dialect,
    id: string,
    signal: AbortSignal | undefined,
    isRepeatable: boolean,
  ): Promise<WireJob> => {
    try {
      return await service.read({ method: "GET", path: dialect.paths.job(id), isRepeatable, signal }, WireJob);
    } catch (error) {
      throw error instanceof HttpFailure && error.status === 404 ? noJob(id, error) : error;
    }
  };

  /** A job that failed has its reasons with its steps. */
  const readSteps = async (
    dialect: Dialect,
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<WireStatus | undefined> => {
    if (dialect.paths.status === undefined) return undefined;
    try {
      const path = dialect.paths.status(id);
      return await service.read({ method: "GET", path, isRepeatable: false, signal }, WireStatus);
    } catch (error) {
      // The job itself was read; its steps only say more.
      if (error instanceof ServiceError) return undefined;
      throw error;
    }
  };

  const listPage = async (dialect: Dialect, query: JobListQuery, signal?: AbortSignal): Promise<Page> => {
    const { data, pagination } = await service.read(
      { method: "GET", path: dialect.paths.jobs, query: dialect.listQuery(query), isRepeatable: true, signal },
      WireJobs,
    );
    if (pagination !== null && pagination !== undefined)
      return { data, total: pagination.total_results ?? data.length };
    return pageOf(data, query);
  };

  /** The first route of logs that is there; undefined when the service keeps none. */
  const readLogs = async (
    dialect: Dialect,
    id: string,
    { limit, pageCursor, signal }: { limit: number; pageCursor?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<WireLogs | undefined> => {
    for (const path of dialect.paths.logs(id)) {
      try {
        const query = { limit: String(limit), ...(pageCursor === undefined ? {} : { page_cursor: pageCursor }) };
        return await service.read({ method: "GET", path, query, isRepeatable: true, signal }, WireLogs);
      } catch (error) {
        if (!(error instanceof HttpFailure && error.status === 404)) throw error;
      }
    }
    // Tells an unknown job from one without logs.
    await readJob(dialect, id, signal, true);
    return undefined;
  };

  /** `v1beta1` sends all lines at once, as JSON Lines. */
  const readOldLogs = async (dialect: Dialect, id: string, signal?: AbortSignal): Promise<JobLogLine[]> => {
    const lines: JobLogLine[] = [];
    try {
      const path = dialect.paths.logs(id)[0] ?? "";
      const accept = "application/jsonl";
      const body = await service.http.stream({ method: "GET", path, accept, isRepeatable: true, signal });
      for await (const line of splitLines(body)) {
        const read = readOldLogLine(parseLine(line));
        if (read !== undefined) lines.push(read);
      }
    } catch (error) {
      throw error instanceof HttpFailure && error.status === 404 ? noJob(id, error) : error;
    }
    return lines;
  };

  const logs: JobReader["logs"] = async (id, { limit, pageCursor, signal }) => {
    const dialect = await service.jobsDialect(signal);
    if (dialect.listsWhole) {
      const lines = await readOldLogs(dialect, id, signal);
      const start = Math.max(0, Math.trunc(Number(pageCursor ?? 0)) || 0);
      const end = start + limit;
      return {
        lines: lines.slice(start, end),
        total: lines.length,
        nextPage: end < lines.length ? String(end) : null,
        previousPage: start > 0 ? String(Math.max(0, start - limit)) : null,
      };
    }
    const page = await readLogs(dialect, id, { limit, pageCursor, signal });
    return {
      lines: (page?.data ?? []).map(readLogLine),
      total: page?.total ?? page?.data.length ?? 0,
      // An empty cursor would ask for the first page again, for ever.
      nextPage: page?.next_page || null,
      previousPage: page?.prev_page || null,
    };
  };

  return {
    toJob: (wire, dialect) => toJob(wire, dialect),
    job: async (id, signal, isPoll = false) => {
      const dialect = await service.jobsDialect(signal);
      const wire = await readJob(dialect, id, signal, !isPoll);
      const hasFailed = readStatus(wire.status) === "error";
      const steps = hasFailed ? await readSteps(dialect, id, signal) : undefined;
      return toJob(
        { ...wire, ...(dialect.idOf(wire) === undefined ? { id } : {}) },
        dialect,
        readErrorDetails(wire, steps),
      );
    },
    list: async (query) => {
      const dialect = await service.jobsDialect();
      const { data, total } = await listPage(dialect, query);
      return { jobs: data.map((wire) => toJob(wire, dialect)), total };
    },
    newest: async (count, signal) => {
      const dialect = await service.jobsDialect(signal);
      return (await listPage(dialect, { page: 1, pageSize: count, sort: "-created_at" }, signal)).data;
    },
    logs,
    logsFrom: async (id, from, signal) => {
      const lines: JobLogLine[] = [];
      let cursor = from;
      for (let page = 0; page < MAX_LOG_PAGES; page += 1) {
        const { lines: found, nextPage } = await logs(id, {
          limit: LOG_PAGE_LINES,
          ...(cursor.page === undefined ? {} : { pageCursor: cursor.page }),
          signal,
        });
        lines.push(...found.slice(cursor.skip));
        if (nextPage === null || nextPage === cursor.page) {
          return { lines, cursor: { page: cursor.page, skip: Math.max(cursor.skip, found.length) } };
        }
        cursor = { page: nextPage, skip: 0 };
      }
      return { lines, cursor };
    },
    results: async (id) => {
      const dialect = await service.jobsDialect();
      try {
        return await service.read({ method: "GET", path: dialect.paths.results(id), isRepeatable: true }, WireResults);
      } catch (error) {
        if (!(error instanceof HttpFailure && error.status === 404)) throw error;
        // Some services answer 404 while there is nothing.
        await readJob(dialect, id, undefined, true);
        return [];
      }
    },
  };
}

interface Page {
  readonly data: readonly WireJob[];
  readonly total: number;
}

/** The part of a whole list that was asked for. */
function pageOf(data: readonly WireJob[], { page, pageSize, sort, status }: JobListQuery): Page {
  const key = sort.endsWith("updated_at") ? "updated_at" : "created_at";
  const sign = sort.startsWith("-") ? -1 : 1;
  const wanted = data
    .filter((job) => status === undefined || readStatus(job.status) === status)
    .toSorted((left, right) => sign * compare(left[key] ?? "", right[key] ?? ""));
  return { data: wanted.slice((page - 1) * pageSize, page * pageSize), total: wanted.length };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function noJob(id: string, cause?: unknown): ServiceError {
  return new ServiceError("not_found", `the NeMo service has no job "${id}"`, { cause });
}

/** Names of the models that write columns; null when there are none, or the config is not known. */
function textModelOf(config: unknown): string | null {
  const { design } = parseDesign(config);
  if (design === undefined) return null;
  const aliases = new Set(design.columns.filter(isLlmColumn).map(({ model_alias }) => model_alias));
  return aliases.size === 0 ? null : [...aliases].map((alias) => modelName(alias, design)).join(", ");
}

function modelName(alias: string, design: Design): string {
  return design.model_configs?.find((model) => model.alias === alias)?.model ?? alias;
}
