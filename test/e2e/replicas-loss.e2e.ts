import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Cluster, type Replica, createCluster } from "./replicas/cluster.ts";
import {
  STEPS,
  counts,
  join,
  logOf,
  newOp,
  runBody,
  startHeldOn,
  startRun,
  stateLog,
  statusOf,
  untilBegun,
} from "./replicas/runs.ts";
import { type Frame, call, follow, hasSeen } from "./replicas/wire.ts";

/** A lease that was just renewed, and some time on a busy machine. */
const TAKEN_OVER_MS = 30_000;
/** Well before the lease would have ended. */
const HANDED_OVER_MS = 6_000;
const WAIT = { timeout: 10_000, interval: 20 };

function attemptsIn(frames: readonly Frame[]): number[] {
  return frames
    .filter(({ event }) => event === "metadata")
    .map(({ data }) => (JSON.parse(data) as { attempt: number }).attempt);
}

function expectWhole(frames: readonly Frame[], op: string): void {
  expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index));
  expect(frames.filter(({ event }) => event === "end" || event === "error")).toEqual([frames.at(-1)]);
  expect(frames.at(-1)?.event).toBe("end");
  for (const name of STEPS) expect(frames.map(({ data }) => data)).toContain(JSON.stringify({ op, name }));
}

describe("replicas that are lost", () => {
  let cluster: Cluster;
  let replicas: readonly Replica[];
  const replica = (index: number): Replica => {
    const found = replicas[index];
    if (found === undefined) throw new Error("no replica");
    return found;
  };

  beforeAll(async () => {
    cluster = await createCluster();
    replicas = await cluster.startMany(4);
  });
  afterAll(async () => {
    await cluster.close();
  });

  // The two of them at the same time: most of it is waiting for leases to end.
  it("leave their runs to the others when one is killed and one is suspended", { timeout: 90_000 }, async () => {
    const [killed, suspended, reader] = [replica(0), replica(1), replica(2)];
    const held = (each: Replica, extra: object = {}): ReturnType<typeof startHeldOn> =>
      startHeldOn(cluster, each, { subject: "lost", hold: "b", extra: { stream_resumable: true, ...extra } });
    const [ofKilled, ofSuspended] = [await held(killed), await held(suspended)];
    const inMemory = await held(killed, { stream_resumable: false });
    const isGone = { notBy: [killed, suspended], timeoutMs: TAKEN_OVER_MS };
    // Behind them, accepted by them and by others.
    const queued = [
      await startRun(killed, { op: newOp("queued"), threadId: ofKilled.threadId }),
      await startRun(reader, { op: newOp("queued"), threadId: ofKilled.threadId }),
      await startRun(suspended, { op: newOp("queued"), threadId: ofSuspended.threadId }),
    ];
    const stream = follow(reader.url, `${ofKilled.path}/stream`, -1);
    const streamOfSuspended = follow(reader.url, `${ofSuspended.path}/stream`, -1);
    const joining = [ofKilled, ofSuspended, inMemory].map((run) => join(reader, run));
    await vi.waitFor(() => {
      expect(hasSeen(stream, ofKilled.op, { begin: "b" })).toBe(true);
      expect(hasSeen(streamOfSuspended, ofSuspended.op, { begin: "b" })).toBe(true);
    }, WAIT);

    suspended.suspend();
    await killed.kill();
    for (const { op } of [ofKilled, ofSuspended, inMemory]) {
      await untilBegun(cluster, op, "b", isGone);
      // Opened for the suspended one, too: it goes on with this step when it wakes.
      cluster.open(op);
    }
    const bodies = await Promise.all(joining);
    expect(bodies.map(({ log }) => log)).toEqual([ofKilled, ofSuspended, inMemory].map(({ op }) => logOf(op)));
    expect([await stream.ended, await streamOfSuspended.ended]).toEqual(["end", "end"]);
    for (const [{ frames }, { op }] of [
      [stream, ofKilled],
      [streamOfSuspended, ofSuspended],
    ] as const) {
      expectWhole(frames, op);
      expect(attemptsIn(frames)).toEqual([1, 2]);
    }
    for (const run of queued) await join(reader, run);
    expect(await stateLog(reader, ofKilled.threadId)).toEqual(
      [ofKilled, ...queued.slice(0, 2)].flatMap(({ op }) => logOf(op)),
    );
    const lostWith = {
      "begin a": 1,
      "end a": 1,
      "begin b": 2,
      "end b": 1,
      "begin c": 1,
      "end c": 1,
      "begin d": 1,
      "end d": 1,
    };
    expect(counts(cluster, ofKilled.op)).toEqual(lostWith);
    expect(counts(cluster, inMemory.op)).toEqual(lostWith);

    const before = await stateLog(reader, ofSuspended.threadId);
    expect(before).toEqual([ofSuspended, ...queued.slice(2)].flatMap(({ op }) => logOf(op)));
    suspended.resume();
    // It ends the step that it was in, and must not get any further with it.
    await vi.waitFor(() => {
      const ofPid = cluster.ledger(ofSuspended.op).filter(({ pid }) => pid === suspended.pid);
      expect(ofPid.map(({ what, step }) => `${what} ${step}`)).toContain("end b");
    }, WAIT);
    // It works again, also on this thread.
    const next = await startRun(suspended, { op: newOp("next"), threadId: ofSuspended.threadId });
    expect((await join(suspended, next)).log).toEqual([...before, ...logOf(next.op)]);
    for (const each of cluster.up()) {
      expect(await stateLog(each, ofSuspended.threadId)).toEqual([...before, ...logOf(next.op)]);
      expect(await statusOf(each, ofSuspended)).toBe("success");
    }
    expect(counts(cluster, ofSuspended.op)).toEqual({ ...lostWith, "end b": 2 });
    const again = follow(suspended.url, `${ofSuspended.path}/stream`, -1);
    await again.ended;
    expect(again.frames).toEqual(streamOfSuspended.frames);
  });

  it("hand over at once what they do not end when they are asked to stop", { timeout: 60_000 }, async () => {
    const [stopped, reader] = [replica(3), replica(2)];
    const run = await startHeldOn(cluster, stopped, {
      subject: "stopped",
      hold: "b",
      extra: { stream_resumable: true },
    });
    const drained = await startHeldOn(cluster, stopped, { subject: "drained", hold: "c" });
    const queued = await startRun(stopped, { op: newOp("queued"), threadId: run.threadId });
    const delayed = await startRun(stopped, { op: newOp("delayed"), extra: { after_seconds: 2 } });
    const stream = follow(reader.url, `${run.path}/stream`, -1);
    const joining = [join(reader, run), join(reader, queued)];
    await vi.waitFor(() => expect(hasSeen(stream, run.op, { begin: "b" })).toBe(true), WAIT);

    const ended = stopped.terminate();
    await vi.waitFor(async () => {
      const answer = await call(stopped.url, "POST", "/runs", runBody({ op: newOp("refused") })).catch(() => undefined);
      expect([503, undefined]).toContain(answer?.status);
    }, WAIT);
    // Let go while the process drains, it is still ended there.
    cluster.open(drained.op);
    expect((await join(reader, drained)).log).toEqual(logOf(drained.op));
    expect(await ended).toBe(0);
    await untilBegun(cluster, run.op, "b", { notBy: [stopped], timeoutMs: HANDED_OVER_MS });
    cluster.open(run.op);
    expect((await Promise.all(joining)).map(({ log }) => log?.slice(0, 4))).toEqual([logOf(run.op), logOf(run.op)]);
    expect((await join(reader, delayed)).log).toEqual(logOf(delayed.op));
    expect(await stateLog(reader, run.threadId)).toEqual([...logOf(run.op), ...logOf(queued.op)]);
    expect(await stream.ended).toBe("end");
    expectWhole(stream.frames, run.op);
    expect(new Set(cluster.ledger(drained.op).map(({ pid }) => pid))).toEqual(new Set([stopped.pid]));
  });
});
