import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import type { RunnableConfig } from "@langchain/core/runnables";
import { type BaseCheckpointSaver, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { buildChunks } from "../../../../server/store/checkpoints/chunk-tree.ts";
import type { Checkpointer } from "../../../../server/store/checkpointer.ts";
import { openStorage } from "../../../../server/store/open-storage.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../../support/postgres.ts";

const config = { configurable: { thread_id: "thread" } };

const talk = (who: string, index: number): string =>
  Array.from({ length: 12 }, (_, word) => `${who} ${index * 7_919 + word * 104_729}`).join(" ");

function compile(saver: BaseCheckpointSaver) {
  return new StateGraph(MessagesAnnotation)
    .addNode("answer", ({ messages }) => ({ messages: [new AIMessage(talk("answer", messages.length))] }))
    .addEdge(START, "answer")
    .addEdge("answer", END)
    .compile({ checkpointer: saver });
}

async function say(saver: BaseCheckpointSaver, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1)
    await compile(saver).invoke({ messages: [new HumanMessage(talk("question", index))] }, config);
}

function expected(runs: number): string[] {
  return Array.from({ length: runs }, (_, run) => [talk("question", run), talk("answer", 2 * run + 1)]).flat();
}

async function textsOf(saver: BaseCheckpointSaver): Promise<string[]> {
  const { values } = await compile(saver).getState(config);
  return ((values as Partial<typeof MessagesAnnotation.State>).messages ?? []).map(({ text }) => text);
}

async function historyOf(saver: BaseCheckpointSaver): Promise<string[][]> {
  const found: string[][] = [];
  for await (const { values } of compile(saver).getStateHistory(config))
    found.push(((values as Partial<typeof MessagesAnnotation.State>).messages ?? []).map(({ text }) => text));
  return found;
}

/** Different enough for pieces that occur once. */
const WORDS = Array.from({ length: 1_000 }, (_, index) => `word ${index * 104_729}`);

/** Writes a checkpoint with a text, which follows another. */
function put(
  { saver }: Pick<Checkpointer, "saver">,
  parent: RunnableConfig | undefined,
  words: readonly string[],
  runId?: string,
): Promise<RunnableConfig> {
  const version = saver.getNextVersion(undefined);
  const checkpoint = {
    ...emptyCheckpoint(),
    id: uuid6(1),
    channel_values: { text: words.join(" ") },
    channel_versions: { text: version },
  };
  const metadata = {
    source: "update",
    step: 1,
    parents: {},
    ...(runId === undefined ? {} : { run_id: runId }),
  } as const;
  return saver.put(
    parent ?? { ...config, configurable: { ...config.configurable, checkpoint_ns: "" } },
    checkpoint,
    metadata,
    {
      text: version,
    },
  );
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function textOf({ saver }: Pick<Checkpointer, "saver">): Promise<unknown> {
  return (await saver.getTuple(config))?.checkpoint.channel_values["text"];
}

describe.skipIf(!hasPostgres())("checkpoints in pieces on Postgres", () => {
  let postgres: TestPostgres;
  let uri: string;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    uri = await postgres.createSchema();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** What a process has of the database, with a memory of its own. */
  const open = async (): Promise<Checkpointer> => {
    const storage = await openStorage({ home: "", databaseUri: uri });
    closers.push(() => storage.close());
    return storage.checkpointer;
  };
  const query = (text: string): Promise<unknown[]> => postgres.query(text.replaceAll("$schema", schemaOf(uri)));
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: uri });
    await client.connect();
    closers.unshift(() => client.end());
    return client;
  };
  const countWaiting = async (): Promise<unknown> => {
    const [row] = await query(
      "select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'nemops'",
    );
    return (row as { count: number }).count;
  };
  const untilWaiting = (count: number): Promise<void> =>
    vi.waitFor(async () => expect(await countWaiting()).toBe(count), 5_000);
  const storedBytes = async (): Promise<number> => {
    const sizes = ["chunks", "blobs", "writes"].map(
      (table) => `(select coalesce(sum(pg_column_size(row)), 0) from $schema.checkpoint_${table} as row)`,
    );
    const [row] = await query(`select (${sizes.join(" + ")})::int as bytes`);
    return (row as { bytes: number }).bytes;
  };

  it("take as much for the third 25 runs of a thread as for the second 25", async () => {
    const { saver } = await open();
    const sizes: number[] = [];
    for (let runs = 0; runs <= 75; runs += 25) {
      await say(saver, Math.max(runs - 25, 0), runs);
      sizes.push(await storedBytes());
    }
    const [, first = 0, second = 0, third = 0] = sizes;
    expect(third - second).toBeLessThan(1.2 * (second - first));
    expect(await textsOf(saver)).toEqual(expected(75));
  });

  it("are sent again when others have deleted what the process knew to be there", async () => {
    const [first, second] = [await open(), await open()];
    const before = await put(first, undefined, WORDS.slice(0, 600));
    await second.saver.deleteThread("thread");
    await put(first, before, WORDS.slice(0, 700));
    expect(await textOf(second)).toBe(WORDS.slice(0, 700).join(" "));
  });

  it("are sent again when they are deleted while the statement that relies on them waits", async () => {
    const { saver } = await open();
    const before = await put({ saver }, undefined, WORDS.slice(0, 600));
    const blocker = await connect();
    await blocker.query("begin");
    const lock = `"${schemaOf(uri)}".checkpoint_chunks thread`;
    await blocker.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [lock]);
    const writing = put({ saver }, before, WORDS.slice(0, 700));
    await untilWaiting(1);
    await blocker.query(`delete from ${schemaOf(uri)}.checkpoint_chunks`);
    await blocker.query("commit");
    await writing;
    expect(await textOf({ saver })).toBe(WORDS.slice(0, 700).join(" "));
  });

  it("are not deleted as unused while a checkpoint that needs them is written", async () => {
    const [writer, deleter] = [await open(), await open()];
    const shared = WORDS.slice(0, 600);
    await put(deleter, undefined, shared, "run");
    // Longer until the statement comes to a piece that is stored before it comes to one that is not.
    const keysOf = (words: readonly string[]): string[] => {
      const waiting = [buildChunks(Buffer.from(JSON.stringify(words.join(" ")))).root];
      for (const chunk of waiting) waiting.push(...chunk.children);
      return waiting.map(({ key }) => key.toString("hex")).sort();
    };
    const stored = new Set(keysOf(shared));
    const isStored = (key: string): boolean => stored.has(key);
    const longer = Array.from({ length: 200 }, (_, more) => WORDS.slice(0, 700 + more)).find((words) => {
      const keys = keysOf(words);
      return keys.findIndex(isStored) >= 0 && keys.findIndex(isStored) < keys.findLastIndex((key) => !isStored(key));
    });
    if (longer === undefined) throw new Error("no such value");
    const key = keysOf(longer).findLast((one) => !isStored(one));
    const blocker = await connect();
    await blocker.query("begin");
    const insert = `insert into ${schemaOf(uri)}.checkpoint_chunks values ('thread', decode($1, 'hex'), '')`;
    await blocker.query(insert, [key]);
    const writing = put(writer, undefined, longer);
    await untilWaiting(1);
    let isDeleted = false;
    const deleting = deleter.deleteRun("thread", "run").then(() => (isDeleted = true));
    await vi.waitFor(async () => expect(isDeleted || (await countWaiting()) === 2).toBe(true), 5_000);
    await blocker.query("rollback");
    await Promise.all([writing, deleting]);
    expect(await textOf(writer)).toBe(longer.join(" "));
  });

  it("are not missed when their checkpoint is deleted between its row and them", async () => {
    const { saver } = await open();
    await put({ saver }, undefined, WORDS.slice(0, 600));
    const blocker = await connect();
    await blocker.query("begin");
    await blocker.query(`lock table ${schemaOf(uri)}.checkpoint_chunks in access exclusive mode`);
    const reading = saver.getTuple(config);
    const listing = all(saver.list(config));
    await untilWaiting(2);
    for (const table of ["chunks", "blobs", "points"])
      await blocker.query(`delete from ${schemaOf(uri)}.${table === "points" ? "checkpoints" : `checkpoint_${table}`}`);
    await blocker.query("commit");
    expect(await reading).toBeUndefined();
    expect(await listing).toEqual([]);
  });

  it("go on while another process cuts the history down", async () => {
    const [writer, cutter] = [await open(), await open()];
    const runs = 40;
    const ending = new AbortController();
    const cutting = (async () => {
      for (let cuts = 0; ; cuts += 1) {
        await cutter.keepLatest("thread");
        if (ending.signal.aborted) return cuts;
      }
    })();
    await say(writer.saver, 0, runs);
    ending.abort();
    expect(await cutting).toBeGreaterThan(0);
    expect(await textsOf(cutter.saver)).toEqual(expected(runs));
    await cutter.keepLatest("thread");
    expect(await historyOf(writer.saver)).toEqual([expected(runs)]);
  });

  it("leave nothing behind that no checkpoint refers to", async () => {
    const checkpointer = await open();
    const { saver } = checkpointer;
    await say(saver, 0, 10);
    const before = await storedBytes();
    await checkpointer.copyThread("thread", "copy");
    await checkpointer.keepLatest("thread");
    expect(await textsOf(saver)).toEqual(expected(10));
    await saver.deleteThread("copy");
    expect(await storedBytes()).toBeLessThan(before);
    await checkpointer.deleteRun("thread", "unknown");
    await saver.deleteThread("thread");
    expect(await storedBytes()).toBe(0);
  });

  it("are written with all that their task writes, or not at all", async () => {
    const { saver } = await open();
    const at = await put({ saver }, undefined, WORDS.slice(0, 10));
    await query(`create function $schema.refuse() returns trigger language plpgsql as
      $$ begin if new.idx = 19999 then raise 'refused'; end if; return new; end $$`);
    await query(`create trigger refuse before insert on $schema.checkpoint_writes
      for each row execute function $schema.refuse()`);
    const writes = Array.from({ length: 20_000 }, (_, index): [string, string] => ["sends", `to ${index} "\\{}`]);
    await expect(saver.putWrites(at, writes, "task")).rejects.toThrow("refused");
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([]);
    await query("drop trigger refuse on $schema.checkpoint_writes");
    await saver.putWrites(at, writes, "task");
    expect((await saver.getTuple(config))?.pendingWrites?.map(([, , value]) => value)).toEqual(
      writes.map(([, value]) => value),
    );
  });

  it("continue what LangGraph's saver wrote, with its history", async () => {
    const pool = new Pool({ connectionString: uri });
    // Its connections may still be closing when the server stops.
    pool.on("error", () => undefined);
    closers.push(() => pool.end());
    const theirs = new PostgresSaver(pool, undefined, { schema: schemaOf(uri) });
    await theirs.setup();
    await say(theirs, 0, 5);
    const history = await historyOf(theirs);
    const { saver } = await open();
    expect(await historyOf(saver)).toEqual(history);
    await say(saver, 5, 8);
    expect(await textsOf(saver)).toEqual(expected(8));
    expect((await historyOf(saver)).slice(-history.length)).toEqual(history);
  });
});
