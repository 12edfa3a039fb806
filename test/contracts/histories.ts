import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  BaseCheckpointSaver,
  ChannelVersions,
  Checkpoint,
  CheckpointTuple,
  PendingWrite,
} from "@langchain/langgraph-checkpoint";
import * as fc from "fast-check";
import { expect, it } from "vitest";

import type { Checkpointer } from "../../server/store/checkpointer.ts";
import { openFullCopies } from "../server/store/checkpoints/full-copies.ts";

const THREADS = ["one", "two", "three"];
const thread = fc.constantFrom(...THREADS);
const RUNS = ["run-1", "run-2", "run-3"];
const run = fc.constantFrom(...RUNS);
const ns = fc.constantFrom("", "child:1");
const change = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("edit" as const), at: fc.nat(40) }),
  fc.record({ kind: fc.constant("trim" as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant("grow text" as const), characters: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constant("bytes" as const), size: fc.integer({ min: 0, max: 5_000 }) }),
  fc.record({ kind: fc.constant("none" as const) }),
  fc.record({ kind: fc.constant("drop" as const) }),
);
const put = fc.record({
  type: fc.constant("put" as const),
  thread,
  run,
  ns,
  change,
  parent: fc.nat(),
  isFork: fc.boolean(),
});
const step = fc.oneof(
  { weight: 8, arbitrary: put },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("writes" as const), thread, ns, task: fc.nat(2), size: fc.nat(9_000) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("copy" as const), thread, to: thread }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("keep latest" as const), thread }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("delete run" as const), thread, run }) },
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

let count = 0;

function message(index: number): BaseMessage {
  const content = `message ${index} `.repeat((index % 30) + 1);
  return index % 2 === 0 ? new HumanMessage({ content, id: `${index}` }) : new AIMessage({ content, id: `${index}` });
}

/** The values after a change, and the name of the channel it was in. */
function apply(values: Record<string, unknown>, how: Change): [values: Record<string, unknown>, channel?: string] {
  // The channels hold what is put in below.
  const messages = (values["messages"] as BaseMessage[] | undefined) ?? [];
  const withMessages = (changed: BaseMessage[]): [Record<string, unknown>, string] => [
    { ...values, messages: changed },
    "messages",
  ];
  switch (how.kind) {
    case "append":
      return withMessages([...messages, ...Array.from({ length: how.count }, () => message((count += 1)))]);
    case "edit":
      return withMessages(messages.map((old, index) => (index === how.at ? message((count += 1)) : old)));
    case "trim":
      return withMessages(messages.slice(how.count));
    case "grow text":
      return [
        {
          ...values,
          text: `${(values["text"] as string | undefined) ?? ""}${`é${(count += 1)} `.repeat(how.characters / 4)}`,
        },
        "text",
      ];
    case "bytes":
      return [{ ...values, bytes: Uint8Array.from({ length: how.size }, (_, index) => (index * 7) % 251) }, "bytes"];
    case "drop": {
      const { text: _, ...rest } = values;
      return [rest, "text"];
    }
    case "none":
      return [values];
  }
}

async function listAll(saver: BaseCheckpointSaver, config: RunnableConfig = {}): Promise<CheckpointTuple[]> {
  const all: CheckpointTuple[] = [];
  for await (const tuple of saver.list(config)) all.push(tuple);
  const place = ({ config: { configurable } }: CheckpointTuple): string => JSON.stringify(configurable);
  return all.sort((left, right) => (place(left) < place(right) ? -1 : 1));
}

export interface HistoriesOptions {
  /** An empty checkpointer that takes what `runs` write. */
  readonly open: (runs: readonly string[]) => Promise<Checkpointer>;
  /** Some savers keep one value a version and thread, so that versions must not be counted by each branch for itself. */
  readonly hasUniqueVersions: boolean;
  readonly numRuns: number;
}

/** Histories of checkpoints, whatever happens to them, as LangGraph's saver keeps them with all values in each. */
export function describeHistories(name: string, { open, hasUniqueVersions, numRuns }: HistoriesOptions): void {
  it(`answers as LangGraph's saver does after any sequence of changes, forks, copies and deletions on ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const ours = await open(RUNS);
        const theirs = openFullCopies(":memory:");
        const savers: BaseCheckpointSaver[] = [ours.saver, theirs.saver];
        const existing = (threadId: string, space: string) =>
          listAll(theirs.saver, { configurable: { thread_id: threadId, checkpoint_ns: space } });
        try {
          for (const one of steps) {
            const threadId = one.thread;
            if (one.type === "put") {
              const known = await existing(threadId, one.ns);
              const parent = one.isFork ? known[one.parent % Math.max(known.length, 1)] : known.at(-1);
              const before = parent?.checkpoint.channel_values ?? {};
              const [values, channel] = apply(before, one.change);
              const versions = { ...parent?.checkpoint.channel_versions };
              const newVersions: ChannelVersions = {};
              if (channel !== undefined) {
                // Plain counting gives branches the same versions.
                newVersions[channel] = hasUniqueVersions ? (count += 1) : Number(versions[channel] ?? 0) + 1;
                Object.assign(versions, newVersions);
              }
              const checkpoint: Checkpoint = {
                v: 4,
                id: `id-${String((count += 1)).padStart(9, "0")}`,
                ts: "2026-01-01T00:00:00.000Z",
                channel_values: values,
                channel_versions: versions,
                versions_seen: {},
              };
              const parentId: unknown = parent?.config.configurable?.["checkpoint_id"];
              const config: RunnableConfig = {
                configurable: {
                  thread_id: threadId,
                  checkpoint_ns: one.ns,
                  ...(parentId === undefined ? {} : { checkpoint_id: parentId }),
                },
                metadata: { run_id: one.run },
              };
              for (const saver of savers)
                await saver.put(config, checkpoint, { source: "loop", step: 1, parents: {} }, newVersions);
            } else if (one.type === "writes") {
              const latest = (await existing(threadId, one.ns)).at(-1);
              if (latest === undefined) continue;
              const writes: PendingWrite[] = [
                ["text", "w".repeat(one.size)],
                ["messages", [message(one.size)]],
              ];
              for (const saver of savers) await saver.putWrites(latest.config, writes, `task-${one.task}`);
            } else if (one.type === "copy") {
              if (one.to === threadId) continue;
              for (const saver of savers) await saver.deleteThread(one.to);
              await ours.copyThread(threadId, one.to);
              theirs.copyThread(threadId, one.to);
            } else if (one.type === "keep latest") {
              await ours.keepLatest(threadId);
              theirs.keepLatest(threadId);
            } else {
              await ours.deleteRun(threadId, one.run);
              theirs.deleteRun(threadId, one.run);
            }
          }
          expect(await listAll(ours.saver)).toEqual(await listAll(theirs.saver));
          for (const thread_id of THREADS) {
            const config = { configurable: { thread_id } };
            expect(await ours.saver.getTuple(config)).toEqual(await theirs.saver.getTuple(config));
          }
        } finally {
          await ours.close();
          theirs.close();
        }
      }),
      { numRuns, seed: 4 },
    );
  }, 60_000);
}
