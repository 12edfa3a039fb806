import { Client, type Pool } from "pg";

import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { ReplicaBus, ReplicaListener, ReplicaMessage } from "../../replicas/bus.ts";
import { describeDatabase, toPostgresError } from "./error.ts";

export interface PostgresBusOptions {
  /** For sending; stays open when the bus is closed. */
  readonly pool: Pool;
  readonly uri: string;
  readonly schema: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PostgresBus extends ReplicaBus {
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = 500;
/** Messages of one turn of the event loop go in one statement; a flood is cut, because listeners look for themselves. */
const MAX_WAITING = 1_000;

/** The connection does nothing for days, which must not end it; a machine that vanished is noticed within half a minute. */
const SETTINGS = `set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
  set idle_session_timeout = 0`;

/** Postgres' LISTEN and NOTIFY, on a connection of its own that is made again whenever it breaks. Throws `storage_failed`. */
export async function openPostgresBus({ pool, uri, schema, clock, log }: PostgresBusOptions): Promise<PostgresBus> {
  // Names of channels are cut at 63 bytes, and those of schemas may be as long.
  const channel = `nemops ${schema}`.slice(0, 60);
  const listeners = new Set<ReplicaListener>();
  const closing = new AbortController();
  let connection: Client | undefined;
  let waiting = new Set<string>();
  let isScheduled = false;

  const deliver: ReplicaListener = (message) => {
    for (const listener of listeners) listener(message);
  };

  const connect = async (): Promise<void> => {
    const client = new Client({
      connectionString: uri,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: "nemops bus",
    });
    // Without a listener a connection that breaks would end the process; `end` follows and says the same.
    client.on("error", () => undefined);
    client.on("notification", ({ payload }) => {
      // Only `send` writes to the channel.
      if (payload !== undefined) deliver(JSON.parse(payload) as ReplicaMessage);
    });
    try {
      await client.connect();
      await client.query(SETTINGS);
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    if (closing.signal.aborted) {
      await client.end();
      return;
    }
    connection = client;
    client.once("end", () => void reconnect());
  };

  const reconnect = async (): Promise<void> => {
    connection = undefined;
    while (!closing.signal.aborted) {
      try {
        await connect();
        deliver({ kind: "missed" });
        return;
      } catch (error) {
        log.warn({ reason: errorMessage(error) }, "not connected to the other replicas");
        await clock.sleep(RETRY_MS, closing.signal).catch(() => undefined);
      }
    }
  };

  const flush = (): void => {
    isScheduled = false;
    const payloads = [...waiting];
    waiting = new Set();
    pool
      .query("select pg_notify($1, payload) from unnest($2::text[]) as payload", [channel, payloads])
      .catch((error: unknown) => log.debug({ reason: errorMessage(error) }, "other replicas not told"));
  };

  try {
    await connect();
  } catch (error) {
    throw toPostgresError(error, describeDatabase(uri));
  }
  return {
    send(message) {
      if (closing.signal.aborted || waiting.size >= MAX_WAITING) return;
      waiting.add(JSON.stringify(message));
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort(new Error("the bus is closed"));
      await connection?.end().catch(() => undefined);
    },
  };
}
