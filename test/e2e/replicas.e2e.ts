import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Cluster, type Replica, createCluster } from "./replicas/cluster.ts";
import { type HookReceiver, listenForHooks } from "./replicas/hooks.ts";
import {
  ONCE,
  STEPS,
  cancel,
  counts,
  join,
  logOf,
  newOp,
  newThread,
  runBody,
  startHeld,
  startRun,
  stateLog,
  statusOf,
} from "./replicas/runs.ts";
import { call, follow, hasSeen } from "./replicas/wire.ts";

const WAIT = { timeout: 10_000, interval: 20 };

describe("three replicas on one Postgres", () => {
  let cluster: Cluster;
  let replicas: readonly Replica[];
  let hooks: HookReceiver;
  const replica = (index: number): Replica => {
    const found = replicas[index % replicas.length];
    if (found === undefined) throw new Error("no replica");
    return found;
  };

  beforeAll(async () => {
    cluster = await createCluster();
    hooks = await listenForHooks();
    replicas = await cluster.startMany(3);
  });
  afterAll(async () => {
    hooks.close();
    await cluster.close();
  });

  it("execute a run once and give its state to whoever joins, wherever", async () => {
    const run = await startHeld(cluster, replica(0), { op: newOp("join"), hold: "c" });
    const joining = replicas.map((each) => join(each, run));
    // Asked while the run is held: every replica has to wait for one of them.
    expect(await Promise.all(replicas.map((each) => statusOf(each, run)))).toEqual(replicas.map(() => "running"));
    cluster.open(run.op);
    for (const body of await Promise.all(joining)) expect(body.log).toEqual(logOf(run.op));
    for (const each of replicas) {
      expect((await join(each, run)).log).toEqual(logOf(run.op));
      expect(await stateLog(each, run.threadId)).toEqual(logOf(run.op));
      expect(await statusOf(each, run)).toBe("success");
    }
    expect(counts(cluster, run.op)).toEqual(ONCE);
    expect(new Set(cluster.ledger(run.op).map(({ pid }) => pid)).size).toBe(1);
  });

  it("tell whoever joins why a run failed, wherever", async () => {
    const run = await startHeld(cluster, replica(1), {
      op: newOp("broken"),
      hold: "b",
      extra: { assistant_id: "broken" },
    });
    const joining = replicas.map((each) => call(each.url, "GET", `${run.path}/join`));
    cluster.open(run.op);
    const error = { __error__: { error: "RangeError", message: `the node of ${run.op} broke` } };
    for (const { body } of await Promise.all(joining)) expect(body).toEqual(error);
    for (const each of replicas) {
      expect((await call(each.url, "GET", `${run.path}/join`)).body).toEqual(error);
      expect(await statusOf(each, run)).toBe("error");
    }
  });

  it("answer /runs/wait wherever it is asked, with and without a thread", async () => {
    for (const each of replicas) {
      const [stateless, threaded] = [newOp("wait"), newOp("wait")];
      const bare = await call(each.url, "POST", "/runs/wait", runBody({ op: stateless }));
      expect(bare.body).toMatchObject({ log: logOf(stateless) });
      const threadId = await newThread(replica(0));
      const answer = await call(each.url, "POST", `/threads/${threadId}/runs/wait`, runBody({ op: threaded }));
      expect(answer.body).toMatchObject({ log: logOf(threaded) });
      expect([counts(cluster, stateless), counts(cluster, threaded)]).toEqual([ONCE, ONCE]);
    }
  });

  it.for([true, false])(
    "stream a run live from any of them, with the same events and ids (resumable: %s)",
    async (resumable) => {
      const op = newOp("follow");
      const run = await startHeld(cluster, replica(2), { op, hold: "c", extra: { stream_resumable: resumable } });
      const [elsewhere = replica(0)] = run.others;
      const readers = cluster.up().map((each) => follow(each.url, `${run.path}/stream`, -1));
      // The run is held in `c`, so what the others show of `c` is shown while it runs.
      for (const reader of readers) {
        await vi.waitFor(() => expect(hasSeen(reader, op, { begin: "c" })).toBe(true), WAIT);
      }
      const [first] = readers;
      const middle = first?.frames[2]?.id ?? 0;
      const late = follow(elsewhere.url, `${run.path}/stream`, middle);
      cluster.open(op);
      expect(await Promise.all(readers.map(({ ended }) => ended))).toEqual(readers.map(() => "end"));
      for (const { frames } of readers) expect(frames).toEqual(first?.frames);
      expect(first?.frames.map(({ id }) => id)).toEqual(first?.frames.map((_, index) => index));
      expect(first?.frames[0]?.event).toBe("metadata");
      expect(first?.frames.at(-1)?.event).toBe("end");
      for (const name of STEPS) {
        expect(first?.frames.map(({ data }) => data)).toContain(JSON.stringify({ op, name }));
      }
      await late.ended;
      expect(late.frames).toEqual(first?.frames.slice(middle + 1));
      // And after the end, where it is kept.
      if (!resumable) return;
      for (const each of replicas) {
        const again = follow(each.url, `${run.path}/stream`, middle);
        await again.ended;
        expect(again.frames).toEqual(first?.frames.slice(middle + 1));
      }
    },
  );

  it.for([
    { action: "interrupt", left: ["a"] },
    { action: "rollback", left: [] },
  ])("stop a run of another replica ($action)", async ({ action, left }) => {
    const run = await startHeld(cluster, replica(0), { op: newOp(action), hold: "b" });
    const [other = replica(0)] = run.others;
    expect((await cancel(other, run, `&action=${action}`)).status).toBe(204);
    cluster.open(run.op);
    for (const each of replicas) {
      const { status, body } = await call(each.url, "GET", run.path);
      if (action === "rollback") expect(status).toBe(404);
      else expect(body).toMatchObject({ status: "interrupted" });
      expect(await stateLog(each, run.threadId)).toEqual(logOf(run.op, left));
      expect((await call(each.url, "GET", `/threads/${run.threadId}`)).body).toMatchObject({ status: "idle" });
    }
    expect(counts(cluster, run.op)).toEqual({ "begin a": 1, "end a": 1, "begin b": 1 });
    // The thread is free for the next run.
    const next = await startRun(replica(1), { op: newOp(action), threadId: run.threadId });
    expect((await join(replica(2), next)).log).toEqual([...logOf(run.op, left), ...logOf(next.op)]);
  });

  it("stop many runs of all replicas at once", async () => {
    const runs = await Promise.all(
      Array.from({ length: 6 }, (_, index) => startHeld(cluster, replica(index), { op: newOp("many"), hold: "b" })),
    );
    expect((await call(replica(1).url, "POST", "/runs/cancel", { status: "all" })).status).toBe(204);
    for (const run of runs) {
      expect(await statusOf(replica(2), run)).toBe("interrupted");
      expect(await stateLog(replica(0), run.threadId)).toEqual(logOf(run.op, ["a"]));
    }
  });

  it.for([
    { strategy: "interrupt", left: ["a"] },
    { strategy: "rollback", left: [] },
  ])("let a run on another replica take the thread over (multitask $strategy)", async ({ strategy, left }) => {
    const run = await startHeld(cluster, replica(0), { op: newOp(strategy), hold: "b" });
    const [other = replica(0)] = run.others;
    const op = newOp(strategy);
    const target = `/threads/${run.threadId}/runs/wait`;
    const { body } = await call(other.url, "POST", target, runBody({ op, extra: { multitask_strategy: strategy } }));
    expect(body).toMatchObject({ log: [...logOf(run.op, left), ...logOf(op)] });
    const { status, body: former } = await call(replica(2).url, "GET", run.path);
    if (strategy === "rollback") expect(status).toBe(404);
    else expect(former).toMatchObject({ status: "interrupted" });
  });

  it("refuse a run whose thread is busy on another replica (multitask reject)", async () => {
    const run = await startHeld(cluster, replica(0), { op: newOp("reject"), hold: "b" });
    for (const each of replicas) {
      const body = runBody({ op: newOp("reject"), extra: { multitask_strategy: "reject" } });
      expect((await call(each.url, "POST", `/threads/${run.threadId}/runs`, body)).status).toBe(422);
    }
    cluster.open(run.op);
    expect((await join(replica(1), run)).log).toEqual(logOf(run.op));
  });

  it("execute the runs of a thread one after the other in the order of acceptance, whoever accepted them", async () => {
    const first = await startHeld(cluster, replica(0), { op: newOp("order"), hold: "b" });
    const ops = [first.op];
    let last = first.path;
    for (let index = 1; index <= 14; index += 1) {
      const run = await startRun(replica(index), { op: newOp("order"), threadId: first.threadId });
      ops.push(run.op);
      last = run.path;
    }
    cluster.open(first.op);
    const { body } = await call(replica(1).url, "GET", `${last}/join`);
    expect(body).toMatchObject({ log: ops.flatMap((op) => logOf(op)) });
    const begun = cluster.ledger().filter(({ op, what }) => ops.includes(op) && what === "begin");
    expect(begun.map(({ op, step }) => `${op}:${step}`)).toEqual(ops.flatMap((op) => logOf(op)));
  });

  it("start a delayed run once", async () => {
    const run = await startRun(replica(0), { op: newOp("delayed"), extra: { after_seconds: 1 } });
    expect((await join(replica(1), run)).log).toEqual(logOf(run.op));
    expect(counts(cluster, run.op)).toEqual(ONCE);
  });

  it("stop a delayed run that another replica accepted", async () => {
    const run = await startRun(replica(0), { op: newOp("delayed"), extra: { after_seconds: 600 } });
    expect((await cancel(replica(1), run)).status).toBe(204);
    expect(await statusOf(replica(2), run)).toBe("interrupted");
    expect(cluster.ledger(run.op)).toEqual([]);
  });

  it("ask on one replica and take the answer on another", async () => {
    const run = await startRun(replica(0), { op: newOp("ask"), extra: { assistant_id: "ask" } });
    expect(await join(replica(1), run)).toMatchObject({ __interrupt__: [{ value: `question of ${run.op}` }] });
    const target = `/threads/${run.threadId}/runs/wait`;
    const { body } = await call(replica(2).url, "POST", target, { assistant_id: "ask", command: { resume: "answer" } });
    expect(body).toMatchObject({ log: [`${run.op}:before`, `${run.op}:answer`, `${run.op}:after`] });
  });

  it("leave nothing of a thread that is deleted on one while another executes its run", async () => {
    const run = await startHeld(cluster, replica(0), {
      op: newOp("delete"),
      hold: "b",
      extra: { stream_resumable: true },
    });
    const queued = await startRun(replica(1), { op: newOp("delete"), threadId: run.threadId });
    const [other = replica(0)] = run.others;
    expect((await call(other.url, "DELETE", `/threads/${run.threadId}`)).status).toBe(204);
    cluster.open(run.op);
    // Whatever its process still does, it does before it has executed this one.
    for (const each of replicas) {
      const body = runBody({ op: newOp("after") });
      expect((await call(each.url, "POST", "/runs/wait", body)).status).toBe(200);
    }
    expect(await cluster.rowsWith("thread_id", run.threadId)).toEqual({});
    expect(await cluster.rowsWith("run_id", run.runId)).toEqual({});
    expect(await cluster.rowsWith("run_id", queued.runId)).toEqual({});
    expect(counts(cluster, run.op)).toEqual({ "begin a": 1, "end a": 1, "begin b": 1 });
    expect(cluster.ledger(queued.op)).toEqual([]);
    for (const each of replicas) {
      expect((await call(each.url, "GET", `/threads/${run.threadId}`)).status).toBe(404);
    }
  });

  it("give one run for every cron that is due", async () => {
    const cronIds: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const target = index % 2 === 0 ? "/runs/crons" : `/threads/${await newThread(replica(index))}/runs/crons`;
      const { status, body } = await call(replica(index).url, "POST", target, {
        ...runBody({ op: newOp("cron") }),
        schedule: "0 0 1 1 *",
        ...(index % 2 === 0 ? { on_run_completed: "keep" } : {}),
      });
      expect(status, JSON.stringify(body)).toBe(200);
      cronIds.push((body as { cron_id: string }).cron_id);
    }
    const now = Date.now();
    await cluster.query("update crons set next_run_at = $1 where cron_id = any($2)", [now - 1, cronIds]);
    // A change of a cron makes a replica look at once.
    const wake = { assistant_id: "steps", input: {}, schedule: "0 0 1 1 *" };
    await Promise.all(replicas.map((each) => call(each.url, "POST", "/runs/crons", wake)));
    const started = (): Promise<{ cron: string; status: string }[]> =>
      cluster.query(
        "select metadata::json->>'cron_id' as cron, status from runs where metadata::json->>'cron_id' = any($1)",
        [cronIds],
      );
    await vi.waitFor(async () => {
      const runs = await started();
      expect(runs.filter(({ status }) => status === "success").length).toBeGreaterThanOrEqual(cronIds.length);
    }, WAIT);
    expect((await started()).map(({ cron }) => cron).sort()).toEqual(cronIds.sort());
  });

  it("send every webhook once", async () => {
    const ops = Array.from({ length: 18 }, () => newOp("hook"));
    const runs = await Promise.all(
      ops.map((op, index) => startRun(replica(index), { op, extra: { webhook: `${hooks.url}/${op}` } })),
    );
    await Promise.all(runs.map((run, index) => join(replica(index + 1), run)));
    await vi.waitFor(() => expect(ops.every((op) => hooks.of(op).length > 0)).toBe(true), WAIT);
    // A replica that is to send one has nothing left to send.
    await vi.waitFor(async () => expect(await cluster.query("select run_id from run_webhooks")).toEqual([]), WAIT);
    for (const [index, op] of ops.entries()) {
      expect(hooks.of(op), op).toHaveLength(1);
      expect(hooks.of(op)[0]).toMatchObject({ run_id: runs[index]?.runId, status: "success" });
    }
  });

  it("share the long-term store", async () => {
    const [byNode, byRequest] = [newOp("store"), newOp("store")];
    const remember = { assistant_id: "remember", hold: "" };
    const item = { namespace: ["ops"], key: byRequest, value: { op: byRequest } };
    await call(replica(0).url, "POST", "/runs/wait", runBody({ op: byNode, extra: remember }));
    for (const each of replicas) {
      const { body } = await call(each.url, "GET", `/store/items?namespace=ops&key=${byNode}`);
      expect(body).toMatchObject({ value: { op: byNode } });
    }
    expect((await call(replica(1).url, "PUT", "/store/items", item)).status).toBe(204);
    for (const each of replicas) {
      const { body } = await call(each.url, "POST", "/runs/wait", runBody({ op: newOp("store"), extra: remember }));
      expect((body as { log: string[] }).log).toEqual(expect.arrayContaining([byNode, byRequest]));
    }
  });
});
