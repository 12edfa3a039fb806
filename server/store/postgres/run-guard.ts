import { Client } from "pg";

import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { RunGuard } from "../run-guard.ts";
import { describeDatabase, toPostgresError } from "./error.ts";

export interface PostgresRunGuardOptions {
  readonly uri: string;
  readonly schema: string;
  readonly clock: Clock;
  readonly log: Log;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = 500;

/**
 * A machine that vanishes sends no word; these make the server notice within half a minute. And the connection does
 * nothing for days, which must not end it.
 */
const SETTINGS = `set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
  set idle_session_timeout = 0; set statement_timeout = 5000`;

/**
 * An advisory lock of a session on a connection of its own: Postgres releases it when the process dies. When only the
 * connection is lost, it is taken again on a new one, for as long as that takes; between the two another process may get it.
 */
export function createPostgresRunGuard({ uri, schema, clock, log }: PostgresRunGuardOptions): RunGuard {
  const subject = `database ${describeDatabase(uri)}, schema ${schema}`;
  const closing = new AbortController();
  let held: Client | undefined;
  let tellLost: (reason: string) => void = () => undefined;

  const take = async (): Promise<boolean> => {
    const client = new Client({
      connectionString: uri,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: "nemops runs",
    });
    // Without a listener a connection that breaks would end the process; `end` follows and says the same.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(SETTINGS);
      const { rows } = await client.query<{ held: boolean }>(
        "select pg_try_advisory_lock(hashtextextended($1, 0)) as held",
        [`nemops runs of ${schema}`],
      );
      if (rows[0]?.held === true) {
        held = client;
        client.once("end", () => void retake());
        return true;
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toPostgresError(error, describeDatabase(uri));
    }
    await client.end();
    return false;
  };

  const retake = async (): Promise<void> => {
    held = undefined;
    if (closing.signal.aborted) return;
    log.warn({ subject }, "connection that guards the runs lost; taking the guard again");
    while (!closing.signal.aborted) {
      try {
        if (await take()) log.info({ subject }, "guard of the runs taken again");
        else tellLost(`another process has taken over the runs of ${subject} while the connection was lost`);
        return;
      } catch (error) {
        log.warn({ reason: errorMessage(error) }, "guard of the runs not taken again yet");
        await clock.sleep(RETRY_MS, closing.signal).catch(() => undefined);
      }
    }
  };

  return {
    subject,
    tryAcquire: async () => held !== undefined || (await take()),
    onLost: (listener) => {
      tellLost = listener;
    },
    release: async () => {
      closing.abort(new Error("the guard is released"));
      await held?.end().catch(() => undefined);
      held = undefined;
    },
  };
}
