import { callbackify } from "node:util";

import { Client, type ClientConfig, Pool, type PoolClient, types } from "pg";

import { describeDatabase, toPostgresError } from "./error.ts";

/** Connections of one process; a statement holds one for about a millisecond, so a few serve many runs. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/**
 * How long a statement waits for a free connection: as long as whoever has it may take. A process that was held up for some
 * seconds finds its timers over before it sees the answers that have come meanwhile, and runs must not fail for that.
 */
const WAIT_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;
/** How much longer than the statement its answer may take. */
const ANSWER_MS = 5_000;

export interface PostgresPoolOptions {
  readonly uri: string;
  readonly maxConnections?: number;
  /** 0 lets statements take as long as they need. */
  readonly statementTimeoutMs?: number;
}

type OnConnect = (error: Error | null) => void;

class QuickClient extends Client {
  /** The pool has one limit for waiting and for connecting, and tells it to its clients. */
  constructor(config: ClientConfig = {}) {
    super({ ...config, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  }

  override connect(): Promise<Client>;
  override connect(callback: OnConnect): void;
  override connect(callback?: OnConnect): Promise<Client> | undefined {
    if (callback === undefined) return this.#connect();
    callbackify(() => this.#connect())(callback);
    return undefined;
  }

  /**
   * No statement of ours runs long enough to be worth compiling; the planner thinks so of those that walk trees of pieces.
   * What is no Postgres may not know the setting.
   */
  async #connect(): Promise<Client> {
    await super.connect();
    await this.query("set jit = off").catch(() => undefined);
    return this;
  }
}

export function createPostgresPool(options: PostgresPoolOptions): Pool {
  const { uri, maxConnections = MAX_CONNECTIONS, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const pool = new Pool({
    connectionString: uri,
    max: maxConnections,
    Client: QuickClient,
    connectionTimeoutMillis: WAIT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // Of a connection that is dead without a word the statement's own time limit is never heard.
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + ANSWER_MS,
    keepAlive: true,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    application_name: "nemops",
    types: { getTypeParser },
  });
  // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  return pool;
}

/**
 * Lends one connection for work of several statements. It is closed when the work fails, which ends its transaction and frees
 * its locks whatever state it is in, and a connection that breaks meanwhile fails the work alone.
 */
export async function withClient<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  // The statement that is under way fails as well, and tells.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let isDone = false;
  try {
    const result = await work(client);
    isDone = true;
    return result;
  } finally {
    if (isDone) client.off("error", ignore);
    client.release(!isDone);
  }
}

/** The schema of unqualified names, which `options=-c search_path=…` in the URI chooses. Throws `storage_failed`. */
export async function readSchema(pool: Pool, uri: string): Promise<string> {
  try {
    const { rows } = await pool.query<{ name: string | null }>("select current_schema() as name");
    const name = rows[0]?.name;
    if (name != null) return name;
    throw Object.assign(new Error("no schema of the search path exists"), { code: "3F000" });
  } catch (error) {
    throw toPostgresError(error, describeDatabase(uri));
  }
}

/** OID of `bigint`. */
const INT8 = 20;

/** Times in milliseconds, sequence numbers and counts are far below 2^53; the driver would give them as text. */
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: "text" | "binary"): unknown =>
  oid === INT8 && format !== "binary" ? Number : Reflect.apply(types.getTypeParser, types, [oid, format]);
