import { expect, vi } from "vitest";

import type { Cluster, Replica } from "./cluster.ts";
import { type Answer, call } from "./wire.ts";

export const STEPS = ["a", "b", "c", "d"];

/** What the steps of an operation leave in the state of its thread. */
export function logOf(op: string, steps: readonly string[] = STEPS): string[] {
  return steps.map((step) => `${op}:${step}`);
}

export interface StartedRun {
  readonly op: string;
  readonly threadId: string;
  readonly runId: string;
  /** Path of the run. */
  readonly path: string;
}

export interface HeldRun extends StartedRun {
  /** Who executes it. */
  readonly owner: Replica;
  readonly others: readonly Replica[];
}

export interface StartOptions {
  readonly op: string;
  readonly threadId?: string;
  /** Step that waits for its gate. */
  readonly hold?: string;
  readonly extra?: object;
}

let count = 0;

/** A name that no other operation of the file has. */
export function newOp(subject: string): string {
  count += 1;
  return `${subject}-${count}`;
}

export async function newThread(replica: Replica): Promise<string> {
  const { body } = await call(replica.url, "POST", "/threads", {});
  return (body as { thread_id: string }).thread_id;
}

export function runBody({ op, hold = "", extra = {} }: StartOptions): object {
  return {
    assistant_id: "steps",
    input: { op, pauseMs: 0, hold },
    metadata: { op },
    durability: "sync",
    multitask_strategy: "enqueue",
    stream_mode: ["values", "updates", "custom"],
    ...extra,
  };
}

export async function startRun(replica: Replica, options: StartOptions): Promise<StartedRun> {
  const threadId = options.threadId ?? (await newThread(replica));
  const answer = await call(replica.url, "POST", `/threads/${threadId}/runs`, runBody(options));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const { run_id: runId } = answer.body as { run_id: string };
  return { op: options.op, threadId, runId, path: `/threads/${threadId}/runs/${runId}` };
}

/** Resolves when the step of the operation is being executed by a process that is not one of `notBy`. */
export async function untilBegun(
  cluster: Cluster,
  op: string,
  step: string,
  { notBy = [], timeoutMs = 10_000 }: { readonly notBy?: readonly Replica[]; readonly timeoutMs?: number } = {},
): Promise<Replica> {
  return vi.waitFor(
    () => {
      const pids = notBy.map(({ pid }) => pid);
      const entry = cluster
        .ledger(op)
        .find((entry) => entry.what === "begin" && entry.step === step && !pids.includes(entry.pid));
      const replica = cluster.up().find(({ pid }) => pid === entry?.pid);
      if (replica === undefined) throw new Error(`nobody executes ${step} of ${op}\n${cluster.output()}`);
      return replica;
    },
    { timeout: timeoutMs, interval: 20 },
  );
}

/** A run that waits in step `hold`, and who executes it. */
export async function startHeld(
  cluster: Cluster,
  replica: Replica,
  options: StartOptions & { readonly hold: string },
): Promise<HeldRun> {
  const run = await startRun(replica, options);
  const owner = await untilBegun(cluster, run.op, options.hold);
  return { ...run, owner, others: cluster.up().filter((other) => other !== owner) };
}

/** A held run that is executed by the replica that is asked, which any other may take first. */
export async function startHeldOn(
  cluster: Cluster,
  replica: Replica,
  options: Omit<StartOptions, "op"> & { readonly subject: string; readonly hold: string },
): Promise<HeldRun> {
  for (let trial = 0; trial < 20; trial += 1) {
    const held = await startHeld(cluster, replica, { ...options, op: newOp(options.subject) });
    if (held.owner === replica) return held;
    cluster.open(held.op);
    await join(replica, held);
  }
  throw new Error("the replica that is asked never executes the run");
}

export async function join(replica: Replica, { path }: StartedRun): Promise<{ readonly log?: readonly string[] }> {
  const { status, body } = await call(replica.url, "GET", `${path}/join`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as { log?: string[] };
}

export async function statusOf(replica: Replica, { path }: StartedRun): Promise<string> {
  const { body } = await call(replica.url, "GET", path);
  return (body as { status: string }).status;
}

export async function stateLog(replica: Replica, threadId: string): Promise<readonly string[]> {
  const { body } = await call(replica.url, "GET", `/threads/${threadId}/state`);
  return (body as { values: { log?: string[] } }).values.log ?? [];
}

export function cancel(replica: Replica, { path }: StartedRun, query = ""): Promise<Answer> {
  return call(replica.url, "POST", `${path}/cancel?wait=true${query}`);
}

/** How often each step of the operation was begun and ended. */
export function counts(cluster: Cluster, op: string): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { what, step } of cluster.ledger(op)) found[`${what} ${step}`] = (found[`${what} ${step}`] ?? 0) + 1;
  return found;
}

/** `counts` of an operation that was executed once from its first to its last step. */
export const ONCE: Readonly<Record<string, number>> = Object.fromEntries(
  STEPS.flatMap((step) => [
    [`begin ${step}`, 1],
    [`end ${step}`, 1],
  ]),
);
