import { ServiceError } from "../../../../lib/errors.ts";
import type { Dialect } from "./dialect.ts";
import { V1BETA1 } from "./dialects/v1beta1.ts";
import { createV1Dialect } from "./dialects/v1.ts";
import { createV2Dialect, v2Root } from "./dialects/v2.ts";
import { HttpFailure } from "./http-failure.ts";
import type { NemoHttp } from "./http.ts";

export type DialectName = "auto" | "v1beta1" | "v1" | "v2";

export interface Detected {
  readonly dialect: Dialect;
  /** False for a hosted service that makes previews only, or whose address is wrong. */
  readonly hasJobs: boolean;
}

/**
 * Finds out which API a service speaks. `GET …/settings` is there from SDK 1.5 on (25.12); a `v1` without it has the
 * published schema 1.4. Where nothing answers, `v1` without jobs is assumed: the hosted preview has one route.
 * Throws HttpFailure when the service cannot be reached or refuses the key.
 */
export async function detectDialect(
  http: NemoHttp,
  { name, workspace, signal }: { name: DialectName; workspace: string; signal?: AbortSignal | undefined },
): Promise<Detected> {
  const has = (path: string, query: Record<string, string> = {}): Promise<boolean> =>
    isThere(http, path, query, signal);
  const onePage = { page: "1", page_size: "1" };
  const current = createV1Dialect("1.5");
  const published = createV1Dialect("1.4");
  if (name === "v1beta1") return { dialect: V1BETA1, hasJobs: true };
  if (name === "auto" || name === "v1") {
    if (await has(current.paths.settings ?? "")) return { dialect: current, hasJobs: true };
    const hasJobs = await has(published.paths.jobs, onePage);
    if (hasJobs || name === "v1") return { dialect: published, hasJobs };
  }
  if (await has(`${v2Root(workspace)}/jobs/create`, onePage)) {
    return { dialect: createV2Dialect({ workspace, hasFactory: true }), hasJobs: true };
  }
  const plain = createV2Dialect({ workspace, hasFactory: false });
  const hasPlain = await has(plain.paths.jobs, onePage);
  if (hasPlain || name === "v2") return { dialect: plain, hasJobs: hasPlain };
  if (await has(V1BETA1.paths.jobs)) return { dialect: V1BETA1, hasJobs: true };
  return { dialect: published, hasJobs: false };
}

async function isThere(
  http: NemoHttp,
  path: string,
  query: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await http.json({ method: "GET", path, query, isRepeatable: true, signal });
    return true;
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    if (error.status === 404 || error.status === 405) return false;
    // A page of a web server instead of JSON is no API.
    if (error.status === 200) return false;
    // The route is there and wants to be asked in another way.
    if (error.status === 422 || error.status === 400) return true;
    throw error;
  }
}

export interface DialectSource {
  get(signal?: AbortSignal): Promise<Detected>;
  /** What is known without asking. */
  known(): Detected | undefined;
  /** Forgets what was found; the next `get` asks again. */
  forget(): void;
}

/** Detection is done once; a failed one is done again by whoever asks next. */
export function createDialectSource(http: NemoHttp, options: { name: DialectName; workspace: string }): DialectSource {
  let found: Detected | undefined;
  return {
    get: async (signal) => (found ??= await detectDialect(http, { ...options, signal })),
    known: () => found,
    forget: () => void (found = undefined),
  };
}

/** For routes of jobs that are not there. */
export function noJobsError(host: string): ServiceError {
  return new ServiceError(
    "not_supported",
    `the service at ${host} has no routes for jobs: a hosted service may offer previews only; set NEMO_BASE_URL to a deployed one`,
  );
}
