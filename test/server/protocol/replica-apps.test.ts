import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestPostgres, hasPostgres, startTestPostgres } from "../../support/postgres.ts";
import {
  type Stage,
  type TestReplica,
  createStage,
  endLease,
  request,
  startReplica,
  startRun,
  untilDone,
} from "../replicas/apps.ts";

interface Envelope {
  readonly seq: number;
  readonly method: string;
  readonly params: { readonly namespace: readonly string[]; readonly data: { readonly event?: string } };
}

const statusesOf = (events: readonly Envelope[]): unknown[] =>
  events
    .filter(({ method, params }) => method === "lifecycle" && params.namespace.length === 0)
    .map(({ params }) => params.data.event);

const ENDS = ["completed", "interrupted"];

/** Events of the thread until the run has ended; `onEvents` hears of them as they come. */
async function follow(
  { url }: TestReplica,
  threadId: string,
  onEvents: (events: readonly Envelope[]) => void = () => undefined,
): Promise<readonly Envelope[]> {
  const response = await fetch(`${url}/threads/${threadId}/stream/events`, {
    method: "POST",
    body: JSON.stringify({ channels: ["lifecycle", "updates"] }),
  });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.slice(0, text.lastIndexOf("\n\n")).split("\n");
    const data = lines.filter((line) => line.startsWith("data: "));
    const events = data.map((line) => JSON.parse(line.slice(6)) as Envelope);
    onEvents(events);
    if (statusesOf(events).some((status) => ENDS.includes(String(status)))) return events;
  }
  throw new Error("the stream ended");
}

describe.skipIf(!hasPostgres())("the thread-centric protocol on several replicas", () => {
  let postgres: TestPostgres;
  let uri: string;
  let stage: Stage;
  let first: TestReplica;
  let second: TestReplica;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    uri = await postgres.createSchema();
    stage = createStage();
    first = await startReplica({ name: "first", uri, stage });
    second = await startReplica({ name: "second", uri, stage });
  });
  afterAll(async () => {
    await Promise.all([first.close(), second.close()]);
    await postgres.stop();
  });

  const start = (threadId: string, op: string): Promise<unknown> =>
    request(first, "POST", `/threads/${threadId}/commands`, {
      id: 1,
      method: "run.start",
      params: { assistant_id: "steps", input: { op, hold: "hold" } },
    });

  it("shows a run at every replica alike, while it is executed and after", async () => {
    const threadId = crypto.randomUUID();
    await start(threadId, "alike");
    await untilDone(stage, "first alike:b");
    // It goes on when the reader at the other replica has seen that it runs.
    const there = await follow(second, threadId, () => stage.open("alike"));
    expect(statusesOf(there)).toEqual(["running", "completed"]);
    expect(there.filter(({ method }) => method === "updates")).toHaveLength(3);
    expect(await follow(first, threadId)).toEqual(there);
  });

  it("tells at another replica how a run of the other API ends that nobody followed when it began", async () => {
    const { threadId } = await startRun(first, "plain", { hold: "hold" });
    await untilDone(stage, "first plain:b");
    const events = await follow(second, threadId, () => stage.open("plain"));
    expect(statusesOf(events)).toEqual(["running", "completed"]);
  });

  it("shows nothing of a run from a replica that has lost it", async () => {
    const threadId = crypto.randomUUID();
    await request(first, "POST", `/threads/${threadId}/commands`, {
      id: 1,
      method: "run.start",
      params: { assistant_id: "steps", input: { op: "late", hold: "deaf" } },
    });
    await untilDone(stage, "first late:b");
    first.clock.stop();
    await endLease(postgres, uri, first.owner);
    await untilDone(stage, "second late:b");
    stage.open("second late");
    const events = await follow(second, threadId);
    // The first one ends the step that it was in and hears that the run is another's.
    stage.open("late");
    const runs = (await request(second, "GET", `/threads/${threadId}/runs`)).body as { run_id: string }[];
    await request(first, "GET", `/threads/${threadId}/runs/${runs[0]?.run_id}/join`);
    first.clock.go();
    const stored = await second.storage.store.threadEvents.read(threadId, events.at(-1)?.seq ?? 0);
    expect(stored).toEqual([]);
    expect(await follow(first, threadId)).toEqual(events);
  });

  it("shows the end of a run that is rolled back", async () => {
    const threadId = crypto.randomUUID();
    await start(threadId, "back");
    await untilDone(stage, "first back:b");
    const runs = (await request(first, "GET", `/threads/${threadId}/runs`)).body as { run_id: string }[];
    await request(first, "POST", `/threads/${threadId}/runs/${runs[0]?.run_id}/cancel?wait=true&action=rollback`);
    expect(statusesOf(await follow(second, threadId))).toEqual(["running", "interrupted"]);
  });

  it("goes on without gap or double when the replica that executes the run is lost", async () => {
    const threadId = crypto.randomUUID();
    await start(threadId, "lost");
    await untilDone(stage, "first lost:b");
    const following = follow(second, threadId);
    first.clock.stop();
    await endLease(postgres, uri, first.owner);
    await untilDone(stage, "second lost:b");
    stage.open("lost");
    const events = await following;
    first.clock.go();
    expect(statusesOf(events)).toEqual(["running", "completed"]);
    const seqs = events.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((left, right) => left - right));
    expect(await follow(first, threadId)).toEqual(events);
  });
});
