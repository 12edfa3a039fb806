import { ServiceError } from "../../../../lib/errors.ts";
import { type JobDownload, hasEnded } from "../designer.ts";
import { type ContentKind, sniff } from "./archive.ts";
import { HttpFailure } from "./http-failure.ts";
import type { JobReader } from "./job-reader.ts";
import type { RemoteDatasets } from "./remote-dataset.ts";
import type { NemoService } from "./service.ts";

export interface Downloads {
  /** Throws `not_found` while the job has no such result. */
  download(id: string, name: string): Promise<JobDownload>;
  /** Fetches a dataset once for all who ask at the same time, and not again when its job has ended. */
  datasetFolder(id: string, signal?: AbortSignal): Promise<string>;
}

export function createDownloads(options: {
  readonly service: NemoService;
  readonly reader: JobReader;
  readonly datasets: RemoteDatasets;
}): Downloads {
  const { service, reader, datasets } = options;
  const fetching = new Map<string, { readonly folder: Promise<string>; readonly signal: AbortSignal | undefined }>();

  const open = async (id: string, name: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
    const dialect = await service.jobsDialect(signal);
    const results = dialect.listsWhole ? await reader.results(id) : [];
    const key = dialect.resultKey(name, results);
    const missing = new ServiceError("not_found", `job "${id}" has no result "${name}" (yet)`);
    if (key === undefined) throw missing;
    try {
      const request = { method: "GET", path: dialect.paths.download(id, key), accept: "*/*" } as const;
      return await service.http.stream({ ...request, isRepeatable: true, signal });
    } catch (error) {
      throw error instanceof HttpFailure && error.status === 404 ? missing : error;
    }
  };
  const fetchDataset = async (id: string, signal: AbortSignal | undefined): Promise<string> => {
    const job = await reader.job(id, signal);
    const analysis = await readAnalysis(() => open(id, "analysis", signal));
    const body = await open(id, "dataset", signal);
    return datasets.store({ job, isFinal: hasEnded(job.status), body, analysis, signal });
  };

  return {
    download: async (id, name) => nameDownload(id, name, await open(id, name)),
    datasetFolder: async (id, signal) => {
      // A folder of a job that was deleted elsewhere is no longer shown.
      await reader.job(id, signal);
      for (;;) {
        signal?.throwIfAborted();
        if (await datasets.isComplete(id)) return datasets.folderOf(id);
        const running = fetching.get(id);
        if (running === undefined) {
          const folder = fetchDataset(id, signal).finally(() => fetching.delete(id));
          fetching.set(id, { folder, signal });
          return folder;
        }
        try {
          return await unlessAborted(running.folder, signal);
        } catch (error) {
          // Whoever began it went away; this caller still wants it.
          if (signal?.aborted === true || running.signal?.aborted !== true) throw error;
        }
      }
    },
  };
}

async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const MAX_ANALYSIS_BYTES = 64 * 1_024 * 1_024;

/** Undefined while the service has none, and when it is no JSON: the rows are worth having without it. */
async function readAnalysis(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<unknown> {
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of await open()) {
      size += chunk.byteLength;
      if (size > MAX_ANALYSIS_BYTES) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof ServiceError && error.code === "not_found")) return undefined;
    throw error;
  }
}

const KINDS: Readonly<Record<ContentKind, { readonly ending: string; readonly type: string }>> = {
  gzip: { ending: ".tar.gz", type: "application/gzip" },
  zstd: { ending: ".tar.zst", type: "application/zstd" },
  tar: { ending: ".tar", type: "application/x-tar" },
  parquet: { ending: ".parquet", type: "application/vnd.apache.parquet" },
  json: { ending: ".json", type: "application/json" },
  jsonl: { ending: ".jsonl", type: "application/x-ndjson" },
  csv: { ending: ".csv", type: "text/csv" },
  unknown: { ending: ".bin", type: "application/octet-stream" },
};

/** Names a file by what it is: services call everything octets. An `analysis` is always JSON. */
async function nameDownload(id: string, name: string, body: AsyncIterable<Uint8Array>): Promise<JobDownload> {
  const iterator = body[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done === true ? new Uint8Array() : first.value;
  const { ending, type } = name === "analysis" ? KINDS.json : KINDS[sniff(head.subarray(0, 512))];
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  const safe = (text: string): string => text.replaceAll(/[^\w.-]/g, "_");
  return { fileName: `${safe(id)}-${safe(name)}${ending}`, contentType: type, body: whole() };
}
