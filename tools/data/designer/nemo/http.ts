import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../../../lib/errors.ts";
import type { Log } from "../../../../lib/log.ts";
import type { Random } from "../../../../lib/random.ts";
import type { Secret } from "../../../../lib/secret.ts";
import { retryWaitMs } from "../../llm/retry-wait.ts";
import { HttpFailure, readFailure } from "./http-failure.ts";

export interface NemoRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path below the base URL, beginning with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Doing it twice is as good as once: it is tried again after 502, 503, 504, 429 and broken connections. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface NemoHttp {
  /** The parsed JSON of the answer; undefined for an empty one. Throws HttpFailure, or the reason of the signal. */
  json(request: NemoRequest): Promise<unknown>;
  /** The body as it comes; whoever stops reading closes the connection. Throws like `json`, also while it is read. */
  stream(request: NemoRequest, limits?: StreamLimits): Promise<AsyncIterable<Uint8Array>>;
}

export interface StreamLimits {
  /** Longest silence, also before the answer begins. */
  readonly silenceMs: number;
  readonly totalMs: number;
}

export interface NemoHttpOptions {
  readonly baseUrl: string;
  readonly apiKey?: Secret | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For a whole exchange that answers JSON. */
  readonly timeoutMs?: number;
  readonly maxRetries?: number;
  /** Told of each request that got no answer: what is known of the service may no longer hold. */
  readonly onUnreachable?: () => void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_LIMITS: StreamLimits = { silenceMs: 60_000, totalMs: 3_600_000 };
const MAX_RETRIES = 3;
const MAX_JSON_BYTES = 64 * 1_024 * 1_024;
/** A plain union of pydantic tells for each of its members what is wrong, so that refusals of large configs are large. */
const MAX_FAILURE_BYTES = 8 * 1_024 * 1_024;
const RETRIED_STATUSES = [429, 502, 503, 504];

/**
 * HTTP with one service. Its address is the operator's word, so it may be private; redirects are not followed, because
 * the key would go with them. Messages and logs name the host and the path, never the key or a body.
 */
export function createNemoHttp(options: NemoHttpOptions): NemoHttp {
  const {
    apiKey,
    clock,
    random,
    log,
    onUnreachable,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxRetries = MAX_RETRIES,
  } = options;
  const base = readBaseUrl(options.baseUrl);

  const open = async (request: NemoRequest, guard: AbortSignal): Promise<Response> => {
    const url = new URL(`${base.pathname.replace(/\/+$/, "")}${request.path}`, base);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method: request.method,
      redirect: "manual",
      signal: guard,
      headers: {
        ...request.headers,
        accept: request.accept ?? "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    if (response.ok) return response;
    throw readFailure({
      host: base.host,
      what: `${request.method} ${request.path}`,
      status: response.status,
      body: (await readText(response, MAX_FAILURE_BYTES)).text,
      retryAfterMs: readRetryAfter(response.headers.get("retry-after"), clock),
    });
  };

  const attempt = async <Result>(request: NemoRequest, work: () => Promise<Result>): Promise<Result> => {
    for (let tries = 1; ; tries += 1) {
      request.signal?.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (request.signal?.aborted === true) throw request.signal.reason;
        if (!(error instanceof HttpFailure)) throw error;
        if (error.status === undefined) onUnreachable?.();
        const isRetried = error.status === undefined || RETRIED_STATUSES.includes(error.status);
        if (!request.isRepeatable || !isRetried || tries > maxRetries) throw error;
        const waitMs = retryWaitMs(tries, error.retryAfterMs, random);
        log.debug(
          { host: base.host, path: request.path, status: error.status, wait_ms: waitMs },
          "nemo request retried",
        );
        await clock.sleep(waitMs, request.signal);
      }
    }
  };

  return {
    json: (request) =>
      attempt(request, async () => {
        const timeout = AbortSignal.timeout(timeoutMs);
        const guard = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
        try {
          const { text, isCut } = await readText(await open(request, guard), MAX_JSON_BYTES);
          if (isCut) throw new HttpFailure("unavailable", `${base.host} answers more than ${MAX_JSON_BYTES} bytes`);
          return text === "" ? undefined : parseAnswer(text, base.host, request);
        } catch (error) {
          throw toFailure(error, base.host, timeout.aborted ? timeoutMs : undefined);
        }
      }),
    stream: (request, limits = DEFAULT_LIMITS) =>
      attempt(request, async () => {
        const watch = watchSilence(limits, request.signal);
        try {
          const response = await open(request, watch.signal);
          return readChunks(response, watch, base.host, request.signal);
        } catch (error) {
          watch.end();
          throw toFailure(error, base.host, watch.expiredMs());
        }
      }),
  };
}

function readBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ServiceError("invalid_input", "NEMO_BASE_URL must be an http or https URL");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ServiceError("invalid_input", "NEMO_BASE_URL must not hold a user name or password; use NEMO_API_KEY");
  }
  return url;
}

function parseAnswer(text: string, host: string, { method, path }: NemoRequest): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `the NeMo service at ${host} answers ${method} ${path} with something that is not JSON`;
    // It has a status, or it would count as unreachable and be asked again and again.
    throw new HttpFailure("unavailable", message, { status: 200, cause: error });
  }
}

/** Bodies of answers are read to a bound; `isCut` tells that there was more. */
async function readText(response: Response, maxBytes: number): Promise<{ text: string; isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    // The body of a fetch response streams bytes.
    const bytes = chunk as Uint8Array;
    if (size + bytes.byteLength > maxBytes) return { text: Buffer.concat(chunks).toString("utf8"), isCut: true };
    chunks.push(bytes);
    size += bytes.byteLength;
  }
  return { text: Buffer.concat(chunks).toString("utf8"), isCut: false };
}

interface Watch {
  readonly signal: AbortSignal;
  pause(): void;
  resume(): void;
  end(): void;
  /** Which limit was reached; undefined when none. */
  expiredMs(): number | undefined;
}

/** Aborts a stream that is silent for too long, takes too long, or whose reader has gone. */
function watchSilence({ silenceMs, totalMs }: StreamLimits, signal: AbortSignal | undefined): Watch {
  const controller = new AbortController();
  let expired: number | undefined;
  const expire = (ms: number): void => {
    expired = ms;
    controller.abort();
  };
  const watchOnce = (): NodeJS.Timeout => setTimeout(() => expire(silenceMs), silenceMs);
  let silence = watchOnce();
  const total = setTimeout(() => expire(totalMs), totalMs);
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    pause: () => clearTimeout(silence),
    resume: () => void (silence = watchOnce()),
    end: () => {
      clearTimeout(silence);
      clearTimeout(total);
      controller.abort();
    },
    expiredMs: () => expired,
  };
}

async function* readChunks(
  response: Response,
  watch: Watch,
  host: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) {
      // Whoever reads may take its time.
      watch.pause();
      // The body of a fetch response streams bytes.
      yield chunk as Uint8Array;
      watch.resume();
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw toFailure(error, host, watch.expiredMs());
  } finally {
    watch.end();
  }
}

function toFailure(error: unknown, host: string, expiredMs: number | undefined): unknown {
  if (error instanceof ServiceError) return error;
  if (expiredMs !== undefined) {
    return new HttpFailure("timed_out", `the NeMo service at ${host} gave no answer within ${expiredMs} ms`, {
      cause: error,
    });
  }
  // fetch says "fetch failed" and keeps why in the cause.
  const why = error instanceof Error && error.cause !== undefined ? errorMessage(error.cause) : errorMessage(error);
  return new HttpFailure("unavailable", `cannot reach the NeMo service at ${host}: ${why}`, { cause: error });
}

/** Seconds or a date. Source: RFC 9110, 10.2.3. */
function readRetryAfter(value: string | null, clock: Clock): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now());
}
