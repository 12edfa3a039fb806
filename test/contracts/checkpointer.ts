import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Annotation, Command, DeltaValue, END, START, StateGraph, StateSchema, interrupt } from "@langchain/langgraph";
import { BaseCheckpointSaver, type Checkpoint, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { z } from "zod";

import { newUuid } from "../../lib/ids.ts";
import type { Checkpointer } from "../../server/store/checkpointer.ts";
import type { Storage } from "../../server/store/open-storage.ts";
import { createTestRun } from "../support/test-run.ts";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

const ODD = "a \u0000 and half of \ud83d";

function compile({ saver }: Checkpointer) {
  return new StateGraph(State)
    .addNode("echo", ({ log }) => ({ log: [`after ${log.at(-1) ?? ""}`] }))
    .addEdge(START, "echo")
    .addEdge("echo", END)
    .compile({ checkpointer: saver });
}

const concat = (state: string[], writes: string[][]): string[] => state.concat(...writes);

/** Keeps what each step adds, and the whole list at every fourth. */
function compileDelta({ saver }: Checkpointer) {
  const texts = z.array(z.string());
  const log = new DeltaValue(texts, { reducer: concat, snapshotFrequency: 4 });
  const unused = new DeltaValue(texts, { reducer: concat });
  return new StateGraph(new StateSchema({ log, unused }))
    .addNode("right", () => ({ log: ["right"] }))
    .addNode("left", async () => {
      // After the other one.
      await new Promise((resolve) => setImmediate(resolve));
      return { log: ["left"] };
    })
    .addEdge(START, "right")
    .addEdge(START, "left")
    .compile({ checkpointer: saver });
}

/** Asks, and refuses the answer "wrong". */
function compileAsking({ saver }: Checkpointer) {
  return new StateGraph(State)
    .addNode("ask", () => ({ log: [interrupt<string, string>("which?")] }))
    .addNode("hear", ({ log }) => {
      if (log.at(-1) === "wrong") throw new Error("refused");
      return { log: [`heard ${log.at(-1) ?? ""}`] };
    })
    .addEdge(START, "ask")
    .addEdge("ask", "hear")
    .compile({ checkpointer: saver });
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What the service needs of checkpoints beyond LangGraph's own contract, on every engine. */
export function describeCheckpointer(name: string, open: () => Promise<Storage>): void {
  describe(`the checkpointer on ${name}`, () => {
    let storage: Storage;
    let checkpointer: Checkpointer;
    let graph: ReturnType<typeof compile>;
    beforeAll(async () => {
      storage = await open();
      checkpointer = storage.checkpointer;
      graph = compile(checkpointer);
    });
    afterAll(() => storage.close());

    /** A run of this process that says something. */
    const say = async (threadId: string, text: string, name: string, checkpointId?: string): Promise<string[]> => {
      const { runId } = idOf(threadId, name);
      await storage.store.runs.insert(createTestRun({ runId, threadId, owner: storage.guard.owner }));
      const fork = checkpointId === undefined ? {} : { checkpoint_id: checkpointId };
      const configurable = { thread_id: threadId, ...fork };
      return (await graph.invoke({ log: [text] }, { configurable, metadata: { run_id: runId, note: ODD } })).log;
    };
    const idOf = (threadId: string, name: string): { runId: string } => ({ runId: `${threadId} ${name}` });
    const history = (threadId: string, filter?: Record<string, unknown>) =>
      allOf(graph.getStateHistory({ configurable: { thread_id: threadId } }, filter === undefined ? {} : { filter }));
    const logOf = async (threadId: string): Promise<unknown> =>
      ((await graph.getState({ configurable: { thread_id: threadId } })).values as { log?: unknown }).log;

    it("finds checkpoints by the metadata of their run, odd text included", async () => {
      const threadId = newUuid();
      await say(threadId, "one", "first");
      await say(threadId, "two", "second");
      expect(await history(threadId, { run_id: idOf(threadId, "second").runId })).toHaveLength(3);
      expect(await history(threadId, { 'no"such': 1 })).toEqual([]);
    });

    it("keeps the values of a fork apart from those of its origin", async () => {
      const threadId = newUuid();
      await say(threadId, "one", "first");
      const at = (await history(threadId))[0]?.config.configurable?.["checkpoint_id"] as string;
      await say(threadId, "left", "left");
      expect(await say(threadId, "right", "right", at)).toEqual(["one", "after one", "right", "after right"]);
      expect(await logOf(threadId)).toEqual(["one", "after one", "right", "after right"]);
      const left = (await history(threadId, { run_id: idOf(threadId, "left").runId }))[0]?.values as { log: string[] };
      expect(left.log).toEqual(["one", "after one", "left", "after left"]);
    });

    it("deletes what one run wrote and leaves the state before it", async () => {
      const threadId = newUuid();
      await say(threadId, "one", "first");
      await say(threadId, "two", "second");
      await checkpointer.deleteRun(threadId, idOf(threadId, "second").runId);
      expect(await history(threadId)).toHaveLength(3);
      expect(await logOf(threadId)).toEqual(["one", "after one"]);
      expect(await say(threadId, "again", "third")).toEqual(["one", "after one", "again", "after again"]);
    });

    it("keeps what delta channels consist of when a history is cut down", async () => {
      const threadId = newUuid();
      const config = { configurable: { thread_id: threadId } };
      const talk = compileDelta(checkpointer);
      const texts = async (): Promise<unknown> => ((await talk.getState(config)).values as { log?: unknown }).log;
      const expected: string[] = [];
      for (let turn = 0; turn < 7; turn += 1) {
        await talk.invoke({ log: [`turn ${turn}`] }, config);
        // Both nodes of a step: in the order of their names, whichever was first to end.
        expected.push(`turn ${turn}`, "left", "right");
        expect(await texts()).toEqual(expected);
        if (turn % 3 === 1) await checkpointer.keepLatest(threadId);
        expect(await texts()).toEqual(expected);
      }
      const found = await allOf(talk.getStateHistory(config));
      expect(found.length).toBeLessThan(14);
      const copy = newUuid();
      await checkpointer.copyThread(threadId, copy);
      await checkpointer.saver.deleteThread(threadId);
      expect((await talk.getState({ configurable: { thread_id: copy } })).values).toMatchObject({ log: expected });
    });

    it("cuts a history down although a delta channel was never written", async () => {
      const threadId = newUuid();
      const config = { configurable: { thread_id: threadId } };
      const talk = compileDelta(checkpointer);
      for (let turn = 0; turn < 4; turn += 1) await talk.invoke({ log: [`turn ${turn}`] }, config);
      await checkpointer.keepLatest(threadId);
      expect((await allOf(talk.getStateHistory(config))).length).toBeLessThan(6);
    });

    it("keeps all values of a checkpoint whose parent is deleted while it is on its way", async () => {
      const { saver } = checkpointer;
      const place = { configurable: { thread_id: newUuid(), checkpoint_ns: "" } };
      const metadata = { source: "loop", step: 0, parents: {} } as const;
      const [kept, first, second] = [saver.getNextVersion(undefined), 2.25, 3.25];
      const put = (parent: typeof place, clock: number, n: number, versions: Record<string, number>) =>
        saver.put(
          parent,
          {
            ...emptyCheckpoint(),
            id: uuid6(clock),
            channel_values: { text: "long ".repeat(1_000), short: "s", n },
            channel_versions: { text: kept, short: kept, n: versions["n"] ?? 0 },
          },
          metadata,
          versions,
        );
      const origin = (await put(place, 1, 1, { text: kept, short: kept, n: first })) as typeof place;
      const newest: Checkpoint = {
        ...emptyCheckpoint(),
        id: uuid6(2),
        channel_values: { n: 2 },
        channel_versions: { n: second },
      };
      await saver.put(origin, newest, metadata, { n: second });
      await checkpointer.keepLatest(place.configurable.thread_id);
      await put(origin, 3, 3, { n: 4.25 });
      expect((await saver.getTuple(place))?.checkpoint.channel_values).toEqual({
        text: "long ".repeat(1_000),
        short: "s",
        n: 3,
      });
    });

    it("deletes what a run wrote to the checkpoint that it went on from", async () => {
      const threadId = newUuid();
      const config = { configurable: { thread_id: threadId } };
      const asking = compileAsking(checkpointer);
      const answer = async (resume: string, name: string): Promise<void> => {
        const { runId } = idOf(threadId, name);
        await storage.store.runs.insert(createTestRun({ runId, threadId, owner: storage.guard.owner }));
        await asking.invoke(new Command({ resume }), { ...config, metadata: { run_id: runId } });
      };
      await asking.invoke({ log: ["start"] }, config);
      // Its first node answers, and so what it says is kept beside the question while the second one fails.
      await expect(answer("wrong", "first")).rejects.toThrow("refused");
      await checkpointer.deleteRun(threadId, idOf(threadId, "first").runId);
      const { next, values } = await asking.getState(config);
      expect([next, values]).toEqual([["ask"], { log: ["start"] }]);
      await answer("right", "second");
      expect((await asking.getState(config)).values).toEqual({ log: ["start", "right", "heard right"] });
    });

    it("gives the history of delta channels as LangGraph's walk does", async () => {
      const threadId = newUuid();
      const config = { configurable: { thread_id: threadId } };
      const talk = compileDelta(checkpointer);
      for (let turn = 0; turn < 5; turn += 1)
        await talk.invoke({ log: [`turn ${turn} ${ODD}`, "x".repeat(9_000)] }, config);
      const { saver } = checkpointer;
      const places = (await allOf(talk.getStateHistory(config))).map((found) => found.config);
      for (const place of [config, ...places, { configurable: { thread_id: newUuid(), checkpoint_ns: "" } }]) {
        const options = { config: place, channels: ["log", "branch:to:left", "none"] };
        const expected = await BaseCheckpointSaver.prototype.getDeltaChannelHistory.call(saver, options);
        expect(await saver.getDeltaChannelHistory(options)).toEqual(expected);
      }
    });

    it("copies a thread, and cuts a history down to its state", async () => {
      const [from, to] = [newUuid(), newUuid()];
      await say(from, "one", "first");
      await checkpointer.copyThread(from, to);
      await say(to, "two", "second");
      expect(await logOf(from)).toEqual(["one", "after one"]);
      await checkpointer.keepLatest(to);
      expect(await history(to)).toHaveLength(1);
      expect(await logOf(to)).toEqual(["one", "after one", "two", "after two"]);
      await checkpointer.saver.deleteThread(to);
      expect(await history(to)).toEqual([]);
      await checkpointer.truncate();
      expect(await history(from)).toEqual([]);
    });
  });
}
