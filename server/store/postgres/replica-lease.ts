import type { Pool } from "pg";

import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import type { Log } from "../../../lib/log.ts";
import type { RunGuard } from "../run-guard.ts";
import { describeDatabase, toPostgresError } from "./error.ts";

export interface ReplicaLeaseOptions {
  readonly pool: Pool;
  readonly uri: string;
  readonly schema: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a process is believed to live without word from it. */
const LEASE_MS = 15_000;
const HEARTBEAT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
/** How long others have to be heard again after a time in which the database did not answer: it was not their silence. */
const GRACE_MS = 2 * HEARTBEAT_MS;

/** One clock for all processes, whatever their own say. */
const NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/**
 * The right to execute runs, shared by all processes on a database. Each has a row that it renews; one whose row was not
 * renewed in time is taken for dead, and its runs are left to the others. Should it live after all, it finds its row gone
 * and goes on as a new one, and what it still writes of its former runs is refused.
 */
export function createReplicaLease({ pool, uri, schema, clock, log }: ReplicaLeaseOptions): RunGuard {
  const subject = `database ${describeDatabase(uri)}, schema ${schema}`;
  const closing = new AbortController();
  let owner = newUuid();
  let beating: Promise<void> | undefined;
  let isCutOff = false;
  let reapsFromMs = -Infinity;
  let tellLost: (reason: string) => void = () => undefined;

  const query = async (text: string, values: readonly unknown[] = []): Promise<number> => {
    try {
      // An answer that comes after the lease is none. The declaration of the driver does not know the option.
      const config = { text, values: [...values], query_timeout: QUERY_TIMEOUT_MS };
      return (await pool.query(config)).rowCount ?? 0;
    } catch (error) {
      throw toPostgresError(error, describeDatabase(uri));
    }
  };
  const register = (id: string): Promise<number> =>
    query(`insert into replicas (replica_id, lease_until) values ($1, ${NOW} + $2)`, [id, LEASE_MS]);

  const beat = async (): Promise<boolean> => {
    const renewed = await query(`update replicas set lease_until = ${NOW} + $2 where replica_id = $1`, [
      owner,
      LEASE_MS,
    ]);
    if (renewed > 0 || closing.signal.aborted) return renewed > 0;
    const next = newUuid();
    await register(next);
    owner = next;
    tellLost(`no word of this process reached ${subject} for ${LEASE_MS / 1000} s, so others may have taken its runs`);
    return false;
  };

  const keepBeating = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, closing.signal).catch(() => undefined);
      if (closing.signal.aborted) return;
      try {
        await beat();
        if (isCutOff) reapsFromMs = clock.now() + GRACE_MS;
        isCutOff = false;
      } catch (error) {
        isCutOff = true;
        log.warn({ reason: errorMessage(error) }, "lease on the runs not renewed");
      }
    }
  };

  return {
    subject,
    isShared: true,
    get owner() {
      return owner;
    },
    async tryAcquire() {
      if (beating === undefined) {
        await register(owner);
        beating = keepBeating();
      }
      return true;
    },
    onLost: (listener) => {
      tellLost = listener;
    },
    async reap() {
      if (isCutOff || clock.now() < reapsFromMs) return false;
      // Not oneself: whoever is late and was not missed by others still has its runs.
      const count = await query(leave(`lease_until < ${NOW} and replica_id <> $1`), [owner]);
      if (count > 0) log.warn({ count }, "replicas died; their runs go on elsewhere");
      return (await query(HEAL)) + count > 0;
    },
    isAlive: beat,
    async release() {
      closing.abort(new Error("the process leaves"));
      if (beating === undefined) return;
      await beating;
      await query(leave("replica_id = $1"), [owner]).catch(() => undefined);
    },
  };
}

/** Removes replicas and leaves what they had to whoever claims it, in one statement. */
function leave(condition: string): string {
  return `with gone as (delete from replicas where ${condition} returning replica_id),
    ${disown("owner in (select replica_id from gone)")} select from gone`;
}

/** Only of runs that have not ended: an index has those, and the others would all be looked at. */
function disown(condition: string): string {
  return `left_runs as (update runs set owner = null where ${condition} and status in ('pending', 'running')),
    left_webhooks as (update run_webhooks set owner = null where ${condition})`;
}

/**
 * Runs of owners that have no lease: of the time before there were replicas, or given to a process that did not know yet that
 * it was taken for dead. The owners are found first, so that a row which another process claims meanwhile is left to it.
 */
const HEAL = `with ghosts as materialized (
    select owner from runs where status in ('pending', 'running') and owner not in (select replica_id from replicas)
    union select owner from run_webhooks where owner not in (select replica_id from replicas)),
  left_webhooks as (update run_webhooks set owner = null where owner in (select owner from ghosts))
  update runs set owner = null where owner in (select owner from ghosts) and status in ('pending', 'running')`;
