import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { newUuid } from "../../../../lib/ids.ts";
import type { Log } from "../../../../lib/log.ts";
import type { Random } from "../../../../lib/random.ts";
import { retryWaitMs } from "../../llm/retry-wait.ts";
import type { DesignJob, JobRequest } from "../designer.ts";
import { checkConfig } from "./check-config.ts";
import type { Dialect } from "./dialect.ts";
import { HttpFailure } from "./http-failure.ts";
import { KEY_FIELD } from "./job-fields.ts";
import type { JobReader, SentJob } from "./job-reader.ts";
import type { NemoService } from "./service.ts";
import { WireJob } from "./wire.ts";

/** Jobs of a service that are searched for the key of a request. */
const SEARCHED_JOBS = 100;
const MAX_TRIES = 4;
/** Requests and keys that this process remembers. */
const MAX_REMEMBERED = 1_000;

export interface JobCreatorOptions {
  readonly service: NemoService;
  readonly reader: JobReader;
  readonly sent: Map<string, SentJob>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Creates jobs, each once. A service has no idempotency of its own: each request carries a key in the job's custom
 * fields, and after a failure that leaves open whether it was taken the newest jobs are searched for the key before it
 * is sent again. Where a service keeps no custom fields such a failure is told instead.
 */
export function createJobCreator(options: JobCreatorOptions): (request: JobRequest) => Promise<DesignJob> {
  const { service, reader, sent, clock, random, log } = options;
  const byKey = new Map<string, Promise<string>>();

  const find = async (key: string, dialect: Dialect): Promise<WireJob | undefined> => {
    const jobs = await reader.newest(SEARCHED_JOBS);
    return jobs.find((job) => job.custom_fields?.[KEY_FIELD] === key && dialect.idOf(job) !== undefined);
  };

  const sendOnce = async (request: JobRequest, dialect: Dialect, key: string): Promise<WireJob> => {
    const design = checkConfig(request.config);
    const customFields = { ...request.customFields, [KEY_FIELD]: key };
    return service.sendConfig(dialect, async (hasDiscriminators) => {
      const { config } = dialect.toConfig(design, hasDiscriminators);
      const body = dialect.createBody(request, config, customFields);
      // Services of NVIDIA do not look at the header; one of ours does, and then needs no look at its jobs.
      const headers = { "idempotency-key": key };
      return service.read({ method: "POST", path: dialect.paths.jobs, body, headers, isRepeatable: false }, WireJob);
    });
  };

  const send = async (request: JobRequest, dialect: Dialect, key: string): Promise<WireJob> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await sendOnce(request, dialect, key);
      } catch (error) {
        const isOpen = error instanceof ServiceError && (error.code === "unavailable" || error.code === "timed_out");
        const isRefused = error instanceof HttpFailure && error.status === 429;
        if (!isOpen && !isRefused) throw error;
        if (isOpen && !dialect.keepsCustomFields) throw openOutcome(error);
        if (tries >= MAX_TRIES) throw error;
        const retryAfterMs = error instanceof HttpFailure ? error.retryAfterMs : undefined;
        await clock.sleep(retryWaitMs(tries, retryAfterMs, random));
        const found = isOpen ? await find(key, dialect) : undefined;
        if (found !== undefined) return found;
        log.debug({ host: service.host }, "nemo job was not taken and is sent again");
      }
    }
  };

  const create = async (request: JobRequest): Promise<string> => {
    const design = checkConfig(request.config);
    const dialect = await service.jobsDialect();
    for (const warning of dialect.toConfig(design, true).warnings)
      log.warn({ host: service.host, warning }, "nemo job differs from its design");
    if (request.seed !== undefined)
      log.info({ host: service.host }, "nemo services have no seed; the rows of a job differ each time");
    const { idempotencyKey } = request;
    const hasKey = idempotencyKey !== undefined && dialect.keepsCustomFields;
    // Another process may have sent it.
    const before = hasKey ? await find(idempotencyKey, dialect) : undefined;
    const wire = before ?? (await send(request, dialect, idempotencyKey ?? newUuid()));
    const id = dialect.idOf(wire);
    if (id === undefined)
      throw new ServiceError("unavailable", `the NeMo service at ${service.host} gives the new job no id`);
    remember(sent, id, { config: design, numRecords: request.numRecords, name: request.name });
    // Whatever the service answers to a creation, the job it has is the one that is shown from now on.
    return id;
  };

  return async (request) => {
    const { idempotencyKey } = request;
    if (idempotencyKey === undefined) return reader.job(await create(request));
    const running = byKey.get(idempotencyKey) ?? create(request);
    remember(byKey, idempotencyKey, running);
    try {
      return await reader.job(await running);
    } catch (error) {
      // A failed request may be sent again, and a deleted job made anew.
      if (byKey.get(idempotencyKey) === running) byKey.delete(idempotencyKey);
      throw error;
    }
  };
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

function openOutcome(error: ServiceError): ServiceError {
  return new ServiceError(
    error.code,
    `${error.message}; whether the job was created is not known: look at the list of jobs before trying again`,
    { cause: error },
  );
}
