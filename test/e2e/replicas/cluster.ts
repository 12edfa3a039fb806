import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Pool } from "pg";

import { startTestPostgres } from "../../support/postgres.ts";

/** One server process of several on the same database. */
export interface Replica {
  readonly url: string;
  readonly pid: number;
  /** Takes requests: it was neither ended nor suspended. */
  readonly isUp: boolean;
  /** SIGKILL, and the end of the process awaited. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  terminate(): Promise<number | null>;
  suspend(): void;
  resume(): void;
}

export interface LedgerEntry {
  readonly op: string;
  readonly what: "begin" | "end";
  readonly step: string;
  readonly pid: number;
}

export interface Cluster {
  /** Those that are up, in the order of their start. */
  up(): readonly Replica[];
  start(): Promise<Replica>;
  startMany(count: number): Promise<readonly Replica[]>;
  /** What the nodes wrote down, of all processes in one order. */
  ledger(op?: string): readonly LedgerEntry[];
  /** Lets the step of an operation that is held go on, wherever it is executed. */
  open(op: string): void;
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Rows of every table that has a column `name` with this value, by table; tables without any are left out. */
  rowsWith(name: string, value: string): Promise<Readonly<Record<string, number>>>;
  /** What the processes wrote to their logs: for the message of a test that fails. */
  output(): string;
  close(): Promise<void>;
}

const MAIN = path.resolve(import.meta.dirname, "../../../server/main.ts");
const MAX_OUTPUT_CHARS = 20_000;
const START_LIMIT_MS = 60_000;

/** A Postgres of its own with one schema, and as many real servers on it as are started. */
export async function createCluster(): Promise<Cluster> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-replicas-"));
  chmodSync(folder, 0o755);
  mkdirSync(path.join(folder, "gates"));
  writeFileSync(path.join(folder, "ledger.txt"), "");
  const postgres = await startTestPostgres();
  const uri = await postgres.createSchema();
  const pool = new Pool({ connectionString: uri, max: 2 });
  pool.on("error", () => undefined);
  const replicas: Replica[] = [];
  const children: ChildProcess[] = [];
  const endings: Promise<number | null>[] = [];
  let output = "";

  const start = async (): Promise<Replica> => {
    const name = `r${children.length + 1}`;
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        NODE_COMPILE_CACHE: path.join(tmpdir(), "nemops-replica-code"),
        NEMOPS_HOME: path.join(folder, name),
        NEMOPS_LANGGRAPH_JSON: path.join(import.meta.dirname, "langgraph.json"),
        DATABASE_URI: uri,
        PORT: "0",
        LLM_PROVIDER: "offline",
        LOG_LEVEL: "warn",
        OUTBOUND_ALLOW_PRIVATE: "1",
        RUN_MAX_ATTEMPTS: "1000",
        HEARTBEAT_MS: "1000",
        REPLICAS_FOLDER: folder,
      },
    });
    children.push(child);
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    endings.push(exited);
    const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
    let printed = "";
    const take = (chunk: Buffer): void => {
      output = `${output}${name} ${chunk.toString()}`.slice(-MAX_OUTPUT_CHARS);
      printed = `${printed}${chunk.toString()}`.slice(-MAX_OUTPUT_CHARS);
      const url = /^ +API +(http\S+)/m.exec(printed)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const timer = setTimeout(() => reject(new Error(`${name} did not start: ${printed}`)), START_LIMIT_MS);
    void exited.then((code) => reject(new Error(`${name} ended with ${code}: ${printed}`)));
    const url = await listening.finally(() => clearTimeout(timer));
    const state = { isUp: true };
    void exited.then(() => (state.isUp = false));
    const replica: Replica = {
      url,
      // It runs, so it has one.
      pid: child.pid ?? 0,
      get isUp() {
        return state.isUp;
      },
      async kill() {
        state.isUp = false;
        child.kill("SIGKILL");
        await exited;
      },
      terminate() {
        state.isUp = false;
        child.kill("SIGTERM");
        return exited;
      },
      suspend() {
        state.isUp = false;
        child.kill("SIGSTOP");
      },
      resume() {
        child.kill("SIGCONT");
        state.isUp = true;
      },
    };
    replicas.push(replica);
    return replica;
  };

  // The caller names the columns it selects.
  const query = async <Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await pool.query(text, [...values])).rows as Row[];

  return {
    up: () => replicas.filter(({ isUp }) => isUp),
    start,
    async startMany(count) {
      // The first makes the tables, and fills the cache of compiled code.
      const first = await start();
      return [first, ...(await Promise.all(Array.from({ length: count - 1 }, start)))];
    },
    ledger(op) {
      const lines = readFileSync(path.join(folder, "ledger.txt"), "utf8").split("\n").filter(Boolean);
      // Only the nodes of the fixture write to the file.
      const entries = lines.map((line) => JSON.parse(line) as LedgerEntry);
      return op === undefined ? entries : entries.filter((entry) => entry.op === op);
    },
    open: (op) => writeFileSync(path.join(folder, "gates", op), ""),
    query,
    async rowsWith(name, value) {
      const tables = await query<{ table_name: string }>(
        "select table_name from information_schema.columns where table_schema = current_schema() and column_name = $1",
        [name],
      );
      const found: Record<string, number> = {};
      for (const { table_name: table } of tables) {
        const text = `select count(*)::int as count from "${table}" where "${name}" = $1`;
        const [row] = await query<{ count: number }>(text, [value]);
        if (row !== undefined && row.count > 0) found[table] = row.count;
      }
      return found;
    },
    output: () => output,
    async close() {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(endings);
      await pool.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
