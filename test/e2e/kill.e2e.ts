import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { seededRandom } from "../../lib/random.ts";
import { type KillLoad, type Operation, createKillLoad } from "./kill-load.ts";
import { type KilledServer, createKilledServer } from "./kills.ts";

/** Two worlds at the same time, so that two cores are used. */
const KILLS_PER_WORLD = 100;
const MAX_LIFE_MS = 300;
const SETTLE_MS = 60_000;

interface WireRun {
  readonly run_id: string;
  readonly status: string;
  readonly metadata: { readonly op?: string };
}

/** Receives the webhooks of runs, also of those whose client is not there any more. */
async function listenForHooks(): Promise<{
  url: string;
  onBody: (take: (body: string) => void) => void;
  close(): void;
}> {
  let take: (body: string) => void = () => undefined;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      take(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on TCP has an address object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, onBody: (next) => (take = next), close: () => server.close() };
}

async function getJson<Body>(server: KilledServer, target: string): Promise<Body> {
  const response = await fetch(`${server.url()}${target}`);
  expect(response.status, target).toBe(200);
  return (await response.json()) as Body;
}

/** Kills server after server, then lets the last one finish what they left. */
async function play(server: KilledServer, load: KillLoad, random: () => number): Promise<void> {
  for (let kill = 0; kill < KILLS_PER_WORLD; kill += 1) {
    await server.start();
    const dying = new AbortController();
    const asking = (async () => {
      while (!dying.signal.aborted) await load.step();
    })();
    await sleep(Math.floor(random() * MAX_LIFE_MS));
    await server.kill();
    dying.abort();
    await asking;
  }
  await server.start();
  const untilMs = Date.now() + SETTLE_MS;
  for (;;) {
    const waiting = await load.answer();
    const response = await fetch(`${server.url()}/threads/count`, { method: "POST", body: '{"status":"busy"}' });
    if (waiting === 0 && (await response.text()) === "0") break;
    expect(Date.now(), "threads still busy").toBeLessThan(untilMs);
    await sleep(50);
  }
  await load.reading();
  while (load.operations.some((operation) => isAccepted(operation) && !load.hooks.has(operation.op))) {
    expect(Date.now(), "webhooks still missing").toBeLessThan(untilMs);
    await sleep(50);
  }
}

/** Its answer has arrived, and it was to send a webhook: one that was rolled back may or may not. */
function isAccepted({ runId, kind }: Operation): boolean {
  return runId !== undefined && kind !== "rollback";
}

async function runsOf(server: KilledServer, threadId: string): Promise<WireRun[]> {
  return (await getJson<WireRun[]>(server, `/threads/${threadId}/runs?limit=1000`)).reverse();
}

const STEPS = ["a", "b", "c", "d"];

async function checkThreads(server: KilledServer, { operations }: KillLoad): Promise<void> {
  for (const threadId of new Set(operations.map((operation) => operation.threadId))) {
    if (threadId === undefined) continue;
    const ofThread = operations.filter((operation) => operation.threadId === threadId);
    const runs = await runsOf(server, threadId);
    const thread = await getJson<{ status: string; values: { log: string[] } | null }>(server, `/threads/${threadId}`);
    expect(thread.status).toBe("idle");
    for (const { op, kind, runId, isStopped } of ofThread) {
      const found = runs.filter(({ metadata }) => metadata.op === op);
      // One that was not answered may be there or not; none is there twice.
      expect(found.length, op).toBeLessThanOrEqual(1);
      if (kind === "rollback") {
        if (isStopped && found[0] !== undefined) expect(found[0].status, op).toBe("success");
        continue;
      }
      if (runId !== undefined) expect(found[0]?.run_id, op).toBe(runId);
      const endings = kind === "cancel" ? ["success", "interrupted"] : kind === "ask" ? ["interrupted"] : ["success"];
      if (found[0] !== undefined) expect(endings, op).toContain(found[0].status);
    }
    const kinds = new Set(ofThread.map(({ kind }) => kind));
    if (kinds.has("enqueue") || kinds.has("delayed") || kinds.has("stream")) {
      // Every node of every run once, and the runs in the order of their acceptance.
      const ops = runs.flatMap(({ metadata }) => metadata.op ?? []);
      expect(thread.values?.log ?? []).toEqual(ops.flatMap((op) => STEPS.map((name) => `${op}:${name}`)));
    }
    const asked = ofThread.find(({ kind }) => kind === "ask");
    if (asked !== undefined && runs.length > 0) {
      const { op } = asked;
      expect(thread.values?.log).toEqual([`${op}:before`, `${op}:first:second`, `${op}:after`]);
    }
  }
}

/** With `sync` checkpoints a node is over when the next one has an effect: it never has one again. */
function checkEffects(server: KilledServer, { operations }: KillLoad): void {
  const effects = server.effects();
  for (const { op, kind, durability } of operations) {
    const names = effects.filter((line) => line.startsWith(`${op} `)).map((line) => line.slice(op.length + 1));
    if (durability === "sync" && kind !== "ask") expect(names, op).toEqual([...names].sort());
  }
}

function checkStreams({ readings }: KillLoad): void {
  for (const { op, ids, events, data } of readings) {
    expect(ids, op).toEqual(ids.map((_, index) => index));
    expect(events.at(-1), op).toBe("end");
    expect(
      events.filter((event) => event === "end" || event === "error"),
      op,
    ).toHaveLength(1);
    // What every node sent is there, however often its process died; `updates` and `custom` alike.
    for (const name of STEPS) {
      expect(data, op).toContain(JSON.stringify({ op, name }));
      expect(data, op).toContain(JSON.stringify({ [name]: { log: [`${op}:${name}`] } }));
    }
    const attempts = events.flatMap((event, index) =>
      event === "metadata" ? [(JSON.parse(data[index] ?? "") as { attempt: number }).attempt] : [],
    );
    expect(attempts, op).toEqual([...attempts].sort((left, right) => left - right));
  }
}

/** Every accepted run told its receiver how it ended, and never two endings. */
function checkHooks({ operations, hooks }: KillLoad): void {
  for (const { op, kind, runId } of operations) {
    const bodies = (hooks.get(op) ?? []).map((body) => body as { run_id: string; status: string; values: unknown });
    if (runId !== undefined && kind !== "rollback") expect(bodies.length, op).toBeGreaterThanOrEqual(1);
    expect(new Set(bodies.map(({ run_id, status, values }) => JSON.stringify([run_id, status, values]))).size, op).toBe(
      Math.min(bodies.length, 1),
    );
    if (kind === "stateless" && bodies[0] !== undefined) {
      expect(bodies[0], op).toMatchObject({ status: "success", values: { log: STEPS.map((name) => `${op}:${name}`) } });
    }
  }
}

describe.concurrent("a server that is killed at random moments", () => {
  it.for([1, 2])(
    `ends every accepted run exactly once (seed %i, ${KILLS_PER_WORLD} kills)`,
    { timeout: 600_000 },
    async (seed) => {
      const random = seededRandom(seed);
      const readers = new AbortController();
      const receiver = await listenForHooks();
      const server = createKilledServer();
      try {
        const load = createKillLoad({ server, random, hookUrl: receiver.url, signal: readers.signal });
        receiver.onBody((body) => load.takeHook(body));
        await play(server, load, random);
        await checkThreads(server, load);
        checkEffects(server, load);
        checkStreams(load);
        checkHooks(load);
        // The load was one: runs of every kind were accepted, and streams were broken off.
        expect(new Set(load.operations.filter(({ runId }) => runId !== undefined).map(({ kind }) => kind)).size).toBe(
          7,
        );
        expect(load.readings.some(({ events }) => events.filter((event) => event === "metadata").length > 1)).toBe(
          true,
        );
      } finally {
        readers.abort();
        receiver.close();
        await server.close();
      }
    },
  );
});
