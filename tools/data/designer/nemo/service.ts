import { z } from "zod";

import { ServiceError } from "../../../../lib/errors.ts";
import type { Log } from "../../../../lib/log.ts";
import { type DialectSource, noJobsError } from "./detect.ts";
import type { Dialect } from "./dialect.ts";
import type { FieldDetail } from "./http-failure.ts";
import { HttpFailure } from "./http-failure.ts";
import type { NemoHttp, NemoRequest } from "./http.ts";

/** A service whose API is known: the calls that all its parts share. */
export interface NemoService {
  readonly host: string;
  readonly http: NemoHttp;
  dialect(signal?: AbortSignal): Promise<Dialect>;
  /** The dialect of a service that has jobs. Throws `not_supported` for one that only previews. */
  jobsDialect(signal?: AbortSignal): Promise<Dialect>;
  /** Asks for JSON and reads it. Throws `unavailable` when it is not of the shape. */
  read<Schema extends z.ZodType>(request: NemoRequest, schema: Schema): Promise<z.output<Schema>>;
  /**
   * Sends a config with discriminators; when the service says that it does not take them, or that it needs them, once
   * more the other way. What was accepted is remembered.
   */
  sendConfig<Result>(dialect: Dialect, send: (hasDiscriminators: boolean) => Promise<Result>): Promise<Result>;
}

export function createNemoService(options: {
  readonly host: string;
  readonly http: NemoHttp;
  readonly source: DialectSource;
  readonly log: Log;
}): NemoService {
  const { host, http, source, log } = options;
  let hasDiscriminators = true;

  return {
    host,
    http,
    dialect: async (signal) => (await source.get(signal)).dialect,
    jobsDialect: async (signal) => {
      const { dialect, hasJobs } = await source.get(signal);
      if (!hasJobs) throw noJobsError(host);
      return dialect;
    },
    read: async (request, schema) => {
      const parsed = schema.safeParse(await http.json(request));
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      const where = issue === undefined ? "" : ` at ${issue.path.join(".") || "its root"}: ${issue.message}`;
      throw new ServiceError(
        "unavailable",
        `the NeMo service at ${host} answers ${request.method} ${request.path} in another shape than expected${where}`,
      );
    },
    sendConfig: async (dialect, send) => {
      const first = hasDiscriminators;
      try {
        return await send(first);
      } catch (error) {
        if (!dialect.hasDiscriminatorChoice || !isAboutDiscriminators(error, first)) throw error;
        log.debug({ host, discriminators: !first }, "nemo service takes configs of another form");
        const result = await send(!first);
        hasDiscriminators = !first;
        return result;
      }
    },
  };
}

const DISCRIMINATORS = ["column_type", "sampler_type", "constraint_type", "generation_type", "type"];

/**
 * Whether a refused config has discriminators that are forbidden, or lacks those that are needed. A plain union of
 * pydantic tells for every member why it does not fit, so one entry that says so is enough.
 */
function isAboutDiscriminators(error: unknown, wereSent: boolean): boolean {
  if (!(error instanceof HttpFailure) || error.status !== 422) return false;
  return error.details.some((detail) => {
    const key = detail.loc.at(-1);
    if (typeof key !== "string" || !DISCRIMINATORS.includes(key)) return !wereSent && isTagMissing(detail);
    return wereSent ? isForbidden(detail) : isMissing(detail);
  });
}

function isForbidden({ type, msg }: FieldDetail): boolean {
  return type.includes("extra") || /extra (?:inputs|fields)|not permitted|forbidden|unexpected/i.test(msg);
}

function isMissing({ type, msg }: FieldDetail): boolean {
  return type.includes("missing") || /required|missing/i.test(msg);
}

/** Pydantic tells a missing tag at the union, not at the key. */
function isTagMissing({ type, msg }: FieldDetail): boolean {
  return type === "union_tag_not_found" || /unable to extract tag|discriminator/i.test(msg);
}
