import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { Pool } from "pg";

/** A Postgres for tests: the one of `TEST_POSTGRES_URL`, else one of this machine's own, started for these tests only. */
export interface TestPostgres {
  /** A URI whose unqualified names lie in a new, empty schema. */
  createSchema(): Promise<string>;
  dropSchema(uri: string): Promise<void>;
  /** Statements outside of any store. */
  query(text: string, values?: readonly unknown[]): Promise<unknown[]>;
  /** Ends the server if it was started here, else drops the schemas that were made. */
  stop(): Promise<void>;
}

/** Whether there is a Postgres to test with. */
export function hasPostgres(): boolean {
  return process.env["TEST_POSTGRES_URL"] !== undefined || (findPrograms() !== undefined && findUser() !== undefined);
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env["TEST_POSTGRES_URL"];
  const server = given === undefined ? await startServer() : { url: given, stop: async () => {} };
  const pool = new Pool({ connectionString: server.url, max: 2 });
  pool.on("error", () => undefined);
  const schemas = new Set<string>();
  const dropSchema = async (schema: string): Promise<void> => {
    await pool.query(`drop schema if exists "${schema}" cascade`);
    schemas.delete(schema);
  };
  return {
    async createSchema() {
      const schema = `test_${randomBytes(8).toString("hex")}`;
      await pool.query(`create schema "${schema}"`);
      schemas.add(schema);
      return withSchema(server.url, schema);
    },
    dropSchema: (uri) => dropSchema(schemaOf(uri)),
    query: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, [...values])).rows,
    async stop() {
      if (given !== undefined) for (const schema of schemas) await dropSchema(schema);
      await pool.end();
      await server.stop();
    },
  };
}

/** `url` with a schema that unqualified names lie in. */
export function withSchema(url: string, schema: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set("options", `-c search_path=${schema}`);
  return parsed.href;
}

export function schemaOf(uri: string): string {
  return /search_path=(\w+)/.exec(new URL(uri).searchParams.get("options") ?? "")?.[1] ?? "public";
}

/** Debian keeps the server's programs out of the path. */
function findPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = versions.sort((left, right) => Number(right) - Number(left)).map((name) => `${debian}/${name}/bin`);
  return [...folders, ...(process.env["PATH"] ?? "").split(":")].find((folder) =>
    existsSync(path.join(folder, "initdb")),
  );
}

/** The server refuses to run as root; `{}` is whoever runs the tests. */
function findUser(): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {};
  const fields = /^postgres:.*$/m.exec(readFileSync("/etc/passwd", "utf8"))?.[0].split(":");
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const programs = findPrograms();
  const user = findUser();
  if (programs === undefined || user === undefined) throw new Error("no Postgres on this machine");
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-postgres-"));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  const data = path.join(folder, "data");
  const options = { ...user, cwd: folder };
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child?.once("exit", resolve));
      // Fast shutdown: clients are disconnected.
      child.kill("SIGINT");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const flags = ["--no-sync", "--auth=trust", "--username=nemops", "--encoding=UTF8", "--locale=C", "-D", data];
    execFileSync(path.join(programs, "initdb"), flags, { ...options, stdio: "ignore" });
    const port = await freePort();
    const settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"];
    const given = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder];
    child = spawn(path.join(programs, "postgres"), [...given, ...settings.flatMap((setting) => ["-c", setting])], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    });
    await untilReady(child);
    return { url: `postgres://nemops@127.0.0.1:${port}/postgres`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stderr?.setEncoding("utf8").on("data", (part: string) => {
      log += part;
      if (log.includes("ready to accept connections")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${log}`)));
    child.once("error", reject);
  });
}
