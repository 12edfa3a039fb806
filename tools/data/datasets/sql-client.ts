import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { type Clock, systemClock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { SqlProblem, SqlReply, SqlRequest, SqlResult } from "./sql-protocol.ts";

/** Processes at once; each runs one request at a time, with two threads. */
const MAX_PROCESSES = 2;
const MAX_WAITING = 32;
/** After the time limit the query is interrupted; a process that does not react to that within this time is killed. */
const GRACE_MS = 1_000;
/** A process without work ends after this time, so that an idle service holds no memory for it. */
const IDLE_MS = 30_000;

export type SqlCall = Omit<SqlRequest, "timeoutMs" | "memoryMiB" | "module">;

export interface SqlClient {
  /**
   * Throws `invalid_input` (with the position), `forbidden`, `timed_out`, `rate_limited` when too many wait, and
   * `not_supported` when DuckDB is not installed.
   */
  run(call: SqlCall, signal?: AbortSignal): Promise<readonly SqlResult[]>;
  close(): Promise<void>;
}

export interface SqlClientOptions {
  readonly timeoutMs: number;
  readonly clock?: Clock;
  /** What a query may take, 512 when left out. */
  readonly memoryMiB?: number;
  /** The package that is loaded; another one in tests of its absence. */
  readonly module?: string;
}

export function createSqlClient(options: SqlClientOptions): SqlClient {
  const { timeoutMs, clock = systemClock, memoryMiB = 512, module = "@duckdb/node-api" } = options;
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const waiting: (() => void)[] = [];
  let running = 0;
  let isClosed = false;

  const start = (): ChildProcess => {
    const child = fork(fileURLToPath(new URL("sql-process.ts", import.meta.url)), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
      env: {},
    });
    all.add(child);
    // Whoever asks it is told; an error between two questions, as of a kill, has nobody to tell.
    child.on("error", () => undefined);
    child.once("exit", () => {
      all.delete(child);
      const at = idle.indexOf(child);
      if (at !== -1) idle.splice(at, 1);
    });
    return child;
  };

  const acquire = async (signal?: AbortSignal): Promise<void> => {
    if (isClosed) throw new ServiceError("unavailable", "the service is stopping");
    if (running < MAX_PROCESSES) {
      running += 1;
      return;
    }
    if (waiting.length >= MAX_WAITING) {
      throw new ServiceError("rate_limited", `${MAX_WAITING} queries are waiting already; try again in a moment`);
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal?.reason as Error);
      };
      const go = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      waiting.push(go);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  };

  /** The place goes to whoever waits longest. */
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  const retire = (child: ChildProcess): void => {
    if (isClosed || !child.connected) {
      child.kill("SIGKILL");
      return;
    }
    idle.push(child);
    // Neither the process nor its timer may keep the service from ending.
    child.unref();
    child.channel?.unref();
    setTimeout(() => {
      const at = idle.indexOf(child);
      if (at === -1) return;
      idle.splice(at, 1);
      child.kill();
    }, IDLE_MS).unref();
  };

  return {
    async run(call, signal) {
      signal?.throwIfAborted();
      await acquire(signal);
      try {
        const child = idle.pop() ?? start();
        const ended = new AbortController();
        const question = ask(child, { ...call, timeoutMs, memoryMiB, module }, signal);
        const limit = clock.sleep(timeoutMs + GRACE_MS, ended.signal).then(
          (): SqlReply => ({ problem: { kind: "timeout", message: "" } }),
          (): Promise<never> => new Promise(() => undefined),
        );
        try {
          const reply = await Promise.race([question.reply, limit]);
          if (reply.problem === undefined) return reply.results;
          throw toError(reply.problem, call, timeoutMs);
        } finally {
          ended.abort();
          if (question.isDone()) retire(child);
          else child.kill("SIGKILL");
        }
      } finally {
        release();
      }
    },
    async close() {
      isClosed = true;
      await Promise.all(
        [...all].map((child) => {
          const exit = new Promise((resolve) => child.once("exit", resolve));
          child.ref();
          child.kill("SIGKILL");
          return exit;
        }),
      );
    },
  };
}

interface Question {
  /** Rejects with the signal's reason when it aborts first; answers `memory` when the process was ended from outside. */
  readonly reply: Promise<SqlReply>;
  /** Whether the process has nothing left to do; otherwise it is still at work, or too large, and has to be ended. */
  isDone(): boolean;
}

function ask(child: ChildProcess, request: SqlRequest, signal?: AbortSignal): Question {
  child.ref();
  child.channel?.ref();
  let isDone = false;
  const { promise, resolve, reject } = Promise.withResolvers<SqlReply>();
  const onMessage = (message: unknown): void => {
    // The other end of the channel is our own `sql-process.ts`.
    const reply = message as SqlReply;
    isDone = reply.problem?.kind !== "memory";
    resolve(reply);
  };
  const onExit = (): void => resolve({ problem: { kind: "memory", message: "its process was ended" } });
  const onAbort = (): void => reject(signal?.reason as Error);
  child.once("message", onMessage);
  child.once("exit", onExit);
  const onError = (error: Error): void =>
    reject(new ServiceError("unavailable", `the SQL process cannot be used: ${error.message}`, { cause: error }));
  child.once("error", onError);
  signal?.addEventListener("abort", onAbort, { once: true });
  child.send(request, (error) => error && onError(error));
  const reply = promise.finally(() => {
    child.off("message", onMessage);
    child.off("exit", onExit);
    child.off("error", onError);
    signal?.removeEventListener("abort", onAbort);
  });
  // The time limit may have been faster.
  reply.catch(() => undefined);
  return { reply, isDone: () => isDone };
}

function toError(problem: SqlProblem, { statements }: SqlCall, timeoutMs: number): ServiceError {
  switch (problem.kind) {
    case "missing":
      return new ServiceError(
        "not_supported",
        "SQL, sorting and filtering need DuckDB, which is not installed: npm install @duckdb/node-api",
      );
    case "forbidden":
      return new ServiceError(
        "forbidden",
        `a query reads the table "dataset" and nothing else: ${oneLine(problem.message)}`,
      );
    case "timeout":
      return new ServiceError("timed_out", `the query took longer than ${timeoutMs} ms and was ended; ask for less`);
    case "memory":
      return new ServiceError(
        "invalid_input",
        "the query needs more memory than it may have; aggregate or filter more",
      );
    case "failed":
      return new ServiceError("storage_failed", `the dataset cannot be read: ${oneLine(problem.message)}`);
    case "invalid": {
      const { position } = problem;
      const sql = statements[0]?.sql ?? "";
      const message = `${problem.message.trim()}${position === undefined ? "" : ` (${place(sql, position)})`}`;
      return new ServiceError("invalid_input", message, { problems: [{ field: "sql", message }] });
    }
  }
}

function oneLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

function place(sql: string, position: number): string {
  const before = sql.slice(0, position);
  const line = before.split("\n").length;
  return `line ${line}, column ${position - before.lastIndexOf("\n")}`;
}
