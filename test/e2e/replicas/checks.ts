import { expect } from "vitest";

import type { Cluster, LedgerEntry, Replica } from "./cluster.ts";
import type { HookReceiver } from "./hooks.ts";
import type { Load, Operation } from "./load.ts";
import { STEPS, logOf } from "./runs.ts";
import { call } from "./wire.ts";

interface WireRun {
  readonly run_id: string;
  readonly status: string;
  readonly metadata: { readonly op?: string };
}

/** Every accepted run has ended once, and the state of its thread is what these runs make, one after the other. */
export async function checkThreads(replica: Replica, { operations }: Load): Promise<void> {
  for (const threadId of new Set(operations.map((operation) => operation.threadId))) {
    if (threadId === undefined) continue;
    const ofThread = operations.filter((operation) => operation.threadId === threadId);
    const listed = await call(replica.url, "GET", `/threads/${threadId}/runs?limit=1000`);
    // The answer that lost its run may have lost its thread, too.
    if (listed.status === 404 && ofThread.every(({ runId }) => runId === undefined)) continue;
    const runs = listed.body as readonly WireRun[];
    const { body } = await call(replica.url, "GET", `/threads/${threadId}/state`);
    const log = (body as { values: { log?: string[] } }).values.log ?? [];
    const expected: string[] = [];
    for (const [index, operation] of ofThread.entries()) {
      const isInterrupted = ofThread.slice(index + 1).some(({ isInterrupting }) => isInterrupting);
      const ending = checkRun(operation, runs, isInterrupted && !operation.hasEnded);
      if (operation.kind === "ask") continue;
      const of = log.filter((entry) => entry.startsWith(`${operation.op}:`));
      if (ending === "success") expect(of, operation.op).toEqual(logOf(operation.op));
      else if (ending === undefined) expect(of, operation.op).toEqual([]);
      // What a run did before it was stopped is kept, from its beginning on.
      else expect(of, operation.op).toEqual(logOf(operation.op).slice(0, of.length));
      expected.push(...of);
    }
    if (ofThread[0]?.kind !== "ask") expect(log, `order of ${threadId}`).toEqual(expected);
  }
}

/** How the run of the operation ended; undefined when there is none. */
function checkRun(
  { op, kind, runId }: Operation,
  runs: readonly WireRun[],
  mayBeInterrupted: boolean,
): string | undefined {
  const found = runs.filter(({ metadata }) => metadata.op === op);
  expect(found.length, `runs of ${op}`).toBeLessThanOrEqual(1);
  const [run] = found;
  if (kind === "rollback") {
    if (run !== undefined)
      expect(mayBeInterrupted ? ["interrupted", "success"] : ["success"], op).toContain(run.status);
    return run?.status;
  }
  // One whose answer was lost may be there or not.
  if (runId !== undefined) expect(run?.run_id, op).toBe(runId);
  if (run === undefined) return undefined;
  const isStopped = mayBeInterrupted || kind === "cancel" || kind === "ask";
  expect(isStopped ? ["interrupted", "success"] : ["success"], op).toContain(run.status);
  return run.status;
}

/** How often the steps were executed, as the outside world saw it. */
export function checkLedger(
  cluster: Cluster,
  { operations }: Load,
  { pids: lost, suspended }: { readonly pids: ReadonlySet<number>; readonly suspended: ReadonlySet<number> },
): void {
  const ofOps = new Map<string, LedgerEntry[]>();
  for (const entry of cluster.ledger()) {
    const entries = ofOps.get(entry.op);
    if (entries === undefined) ofOps.set(entry.op, [entry]);
    else entries.push(entry);
  }
  for (const { op, kind, hasSyncCheckpoints } of operations) {
    if (kind === "ask") continue;
    const entries = ofOps.get(op) ?? [];
    const begun = entries.filter(({ what }) => what === "begin");
    // A process begins a step again only for a run that another one lost.
    const isLost = entries.some(({ pid }) => lost.has(pid));
    if (!isLost)
      expect(
        begun.map(({ step }) => step),
        op,
      ).toEqual(STEPS.slice(0, begun.length));
    if (hasSyncCheckpoints) checkCommitted(op, begun, suspended);
  }
}

/**
 * A step that another one followed was committed, with these checkpoints: it is not begun again. A process that was
 * suspended begins at most one step before it hears that its run is another's; that may be the first one of the run, which
 * it was about to begin when it was suspended.
 */
function checkCommitted(op: string, begun: readonly LedgerEntry[], suspended: ReadonlySet<number>): void {
  const owners: number[] = [];
  const late: number[] = [];
  const steps: string[] = [];
  for (const { pid, step } of begun) {
    const isFirst = suspended.has(pid) && owners.length > 0 && step === STEPS[0];
    if ((owners.includes(pid) || isFirst) && pid !== owners.at(-1)) late.push(pid);
    else {
      if (pid !== owners.at(-1)) owners.push(pid);
      steps.push(step);
    }
  }
  const story = `${op}: ${begun.map(({ pid, step }) => `${step} by ${pid}`).join(", ")}; suspended: ${[...suspended].join()}`;
  expect(steps, story).toEqual(steps.toSorted());
  expect(late.length, story).toBe(new Set(late).size);
}

/** The readers of resumable streams got every event once and in order, whatever replicas they came from. */
export function checkReadings({ readings }: Load): void {
  for (const { op, frames } of readings) {
    const events = frames.map(({ event }) => event);
    expect(
      frames.map(({ id }) => id),
      op,
    ).toEqual(frames.map((_, index) => index));
    expect(
      events.filter((event) => event === "end" || event === "error"),
      op,
    ).toEqual(["end"]);
    expect(events.at(-1), op).toBe("end");
    const data = frames.map((frame) => frame.data);
    for (const name of STEPS) {
      expect(data, op).toContain(JSON.stringify({ op, name }));
      expect(data, op).toContain(JSON.stringify({ [name]: { log: [`${op}:${name}`] } }));
    }
    const attempts = frames.flatMap((frame) =>
      frame.event === "metadata" ? [(JSON.parse(frame.data) as { attempt: number }).attempt] : [],
    );
    expect(attempts, op).toEqual([...attempts].sort((left, right) => left - right));
  }
}

/** Every accepted run told its receiver how it ended, and never two endings. */
export function checkHooks(hooks: HookReceiver, { operations }: Load): void {
  for (const { op, kind, runId, hasHook } of operations) {
    if (!hasHook) continue;
    const bodies = hooks.of(op);
    if (runId !== undefined && kind !== "rollback") expect(bodies.length, op).toBeGreaterThanOrEqual(1);
    const endings = new Set(bodies.map((body) => JSON.stringify([body.run_id, body.status, body.values])));
    expect(endings.size, op).toBe(Math.min(bodies.length, 1));
  }
}
