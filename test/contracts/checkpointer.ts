import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Annotation, END, START, StateGraph, type StateSnapshot } from "@langchain/langgraph";

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
    const history = async (threadId: string, filter?: Record<string, unknown>) => {
      const config = { configurable: { thread_id: threadId } };
      const found: StateSnapshot[] = [];
      for await (const snapshot of graph.getStateHistory(config, filter === undefined ? {} : { filter }))
        found.push(snapshot);
      return found;
    };
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
