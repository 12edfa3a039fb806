import type { Config } from "../lib/config.ts";
import { errorMessage } from "../lib/errors.ts";
import { CliError } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

type Fetch = typeof globalThis.fetch;

/** A running service, over the network or in this process; both speak the same HTTP. */
export interface Connection {
  /** Base URL without a slash at its end. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly isLocal: boolean;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly config: Config;
  readonly terminal: Terminal;
  /** `--url`. */
  readonly url?: string;
  /** `--local`. */
  readonly isLocal: boolean;
}

const DEFAULT_URL = "http://127.0.0.1:2024";
/** Loopback answers within a millisecond or not at all; longer would only delay the local mode. */
const PROBE_TIMEOUT_MS = 400;

/**
 * `--local`: in this process. A URL from `--url` or NEMOPS_URL: that server, and exit 5 when it does not answer.
 * Neither: the server on this machine's default port when there is one, else in this process, with a line that says so.
 */
export async function connect({ config, terminal, url, isLocal }: ConnectOptions): Promise<Connection> {
  const named = url ?? config.serverUrl;
  const headers: Record<string, string> = config.apiKey === undefined ? {} : { "x-api-key": config.apiKey.reveal() };
  if (!isLocal) {
    const base = (named ?? DEFAULT_URL).replace(/\/+$/, "");
    const answer = await probe(base, named === undefined ? PROBE_TIMEOUT_MS : 5_000);
    if (answer === true) return { url: base, fetch: globalThis.fetch, headers, isLocal: false, close: async () => {} };
    if (named !== undefined) throw new CliError("unreachable", `no NemOps server answers at ${base}: ${answer}`);
    terminal.note(terminal.styleNote("dim", `no server at ${base}; running in this process (nemops serve starts one)`));
  }
  const { openLocal } = await import("./local.ts");
  return openLocal({ config, headers });
}

/** True when a service answers there, else why not. */
async function probe(base: string, timeoutMs: number): Promise<true | string> {
  try {
    const response = await fetch(`${base}/ok`, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await response.json();
    const isOk = response.ok && typeof body === "object" && body !== null && Reflect.get(body, "ok") === true;
    return isOk ? true : `it answers ${response.status} to /ok, which is not a NemOps server`;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause === undefined ? errorMessage(error) : errorMessage(cause);
  }
}
