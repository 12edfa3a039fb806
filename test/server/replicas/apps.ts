import type { AddressInfo } from "node:net";

import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import type { FastifyInstance } from "fastify";
import { expect, vi } from "vitest";

import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { buildApp } from "../../../server/app.ts";
import { createGraphRegistry } from "../../../server/graph-registry.ts";
import { type ReplicaBus, SILENT_BUS } from "../../../server/replicas/bus.ts";
import { type Storage, openStorage } from "../../../server/store/open-storage.ts";
import { type TestPostgres, schemaOf } from "../../support/postgres.ts";
import { type QuickClock, createQuickClock } from "./quick-clock.ts";

/** What the nodes of all apps did, in order: `<app> <op>:<step>`. */
export interface Stage {
  readonly done: string[];
  /** Resolves in the node when the test lets the operation go on, in this app or in all. */
  wait(name: string, op: string, signal: AbortSignal | undefined): Promise<void>;
  /** `<op>` for all apps, or `<app> <op>`. */
  open(what: string): void;
}

export interface TestReplica {
  readonly name: string;
  readonly app: FastifyInstance;
  readonly storage: Storage;
  readonly clock: QuickClock;
  readonly url: string;
  readonly owner: string;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly name: string;
  readonly uri: string;
  readonly stage: Stage;
  readonly env?: Readonly<Record<string, string>>;
  /** Messages between the processes are lost. */
  readonly isDeaf?: boolean;
}

export function createStage(): Stage {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (op: string): PromiseWithResolvers<void> => {
    const known = gates.get(op) ?? Promise.withResolvers<void>();
    gates.set(op, known);
    return known;
  };
  return {
    done: [],
    async wait(name, op, signal) {
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      await Promise.race([gate(op).promise, gate(`${name} ${op}`).promise, aborted]);
    },
    open: (op) => gate(op).resolve(),
  };
}

const State = Annotation.Root({
  op: Annotation<string>,
  /** The middle step waits for the test; `deaf` when it does not hear that it is to stop. */
  hold: Annotation<"" | "hold" | "deaf">,
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});
type State = typeof State.State;

/** Three steps, the second of which may wait. */
function createSteps(name: string, stage: Stage) {
  const step =
    (step: string) =>
    async ({ op, hold }: State, config: LangGraphRunnableConfig): Promise<Partial<State>> => {
      stage.done.push(`${name} ${op}:${step}`);
      config.writer?.({ op, step });
      if (step === "b" && hold !== "") await stage.wait(name, op, hold === "deaf" ? undefined : config.signal);
      return { log: [`${op}:${step}`] };
    };
  return new StateGraph(State)
    .addNode("a", step("a"))
    .addNode("b", step("b"))
    .addNode("c", step("c"))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .addEdge("c", END)
    .compile();
}

/** One of several processes on a database, in this one. */
export async function startReplica({
  name,
  uri,
  stage,
  env = {},
  isDeaf = false,
}: ReplicaOptions): Promise<TestReplica> {
  const clock = createQuickClock();
  const log = createLog({ level: "silent" });
  const storage = await openStorage({ home: "", databaseUri: uri, clock, log });
  await storage.guard.tryAcquire();
  const bus: ReplicaBus = isDeaf ? SILENT_BUS : storage.bus;
  const app = await buildApp({
    config: loadConfig({ LOG_LEVEL: "silent", OUTBOUND_ALLOW_PRIVATE: "1", ...env }),
    log,
    clock,
    graphs: createGraphRegistry({ graphs: { steps: createSteps(name, stage) } }),
    store: storage.store,
    checkpointer: storage.checkpointer,
    guard: storage.guard,
    bus,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    name,
    app,
    storage,
    clock,
    // A server that listens on TCP has an address object.
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    get owner() {
      return storage.guard.owner;
    },
    async close() {
      clock.go();
      await app.close();
      await storage.close();
    },
  };
}

export interface TestRun {
  readonly op: string;
  readonly threadId: string;
  readonly runId: string;
  readonly path: string;
}

export const LOG = ["a", "b", "c"];

export function logOf(op: string, steps: readonly string[] = LOG): string[] {
  return steps.map((step) => `${op}:${step}`);
}

export async function request(
  { app }: TestReplica,
  method: "GET" | "POST" | "DELETE",
  url: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
  return { status: answer.statusCode, body: answer.body.trim() === "" ? undefined : answer.json<unknown>() };
}

async function newThread(replica: TestReplica): Promise<string> {
  return ((await request(replica, "POST", "/threads", {})).body as { thread_id: string }).thread_id;
}

export async function startRun(
  replica: TestReplica,
  op: string,
  {
    threadId,
    hold = "",
    ...extra
  }: { threadId?: string; hold?: State["hold"] } & Readonly<Record<string, unknown>> = {},
): Promise<TestRun> {
  const ofThread = threadId ?? (await newThread(replica));
  const { status, body } = await request(replica, "POST", `/threads/${ofThread}/runs`, {
    assistant_id: "steps",
    input: { op, hold },
    durability: "sync",
    multitask_strategy: "enqueue",
    stream_mode: ["values", "custom"],
    ...extra,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  const { run_id: runId } = body as { run_id: string };
  return { op, threadId: ofThread, runId, path: `/threads/${ofThread}/runs/${runId}` };
}

export async function join(replica: TestReplica, { path }: TestRun): Promise<unknown> {
  return (await request(replica, "GET", `${path}/join`)).body;
}

export async function statusOf(replica: TestReplica, { path }: TestRun): Promise<unknown> {
  return ((await request(replica, "GET", path)).body as { status?: unknown }).status;
}

export async function stateLog(replica: TestReplica, { threadId }: TestRun): Promise<readonly string[]> {
  const { body } = await request(replica, "GET", `/threads/${threadId}/state`);
  return (body as { values: { log?: string[] } }).values.log ?? [];
}

/** Resolves when the app executes this step. */
export async function untilDone(stage: Stage, entry: string): Promise<void> {
  await vi.waitFor(() => expect(stage.done).toContain(entry), { timeout: 10_000, interval: 5 });
}

/** The lease of a replica ends now, however lately it was renewed. */
export async function endLease(postgres: TestPostgres, uri: string, owner: string): Promise<void> {
  await postgres.query(`update "${schemaOf(uri)}".replicas set lease_until = 0 where replica_id = $1`, [owner]);
}
