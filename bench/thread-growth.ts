import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

import { createCheckpointer } from "../server/store/checkpointer.ts";
import { openStorage } from "../server/store/open-storage.ts";
import { type BenchRow, median } from "./row.ts";
import { openBenchPostgres } from "./support/postgres.ts";

/** Runs on one thread after which it is measured; each run adds two messages. */
const RUNS = [100, 500, 1_000];
const MESSAGE_CHARS = 350;
const MEASURED_RUNS = 5;

/** Where checkpoints are kept while they are measured. */
interface Engine {
  readonly name: string;
  readonly saver: BaseCheckpointSaver;
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** What one conversation takes on disk and how its length shows in time, through the checkpointer. */
export async function benchThreadGrowth(): Promise<BenchRow[]> {
  const postgres = await openPostgres();
  return [...(await measure(openSqlite())), ...(postgres === undefined ? [] : await measure(postgres))];
}

function openSqlite(): Engine {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const file = path.join(home, "checkpoints.sqlite");
  const checkpointer = createCheckpointer({ path: file });
  return {
    name: "SQLite",
    saver: checkpointer.saver,
    bytes: () => Promise.resolve(statSync(file).size + statSync(`${file}-wal`).size),
    async close() {
      await checkpointer.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function openPostgres(): Promise<Engine | undefined> {
  const postgres = await openBenchPostgres();
  if (postgres === undefined) return undefined;
  const storage = await openStorage({ home: "", databaseUri: postgres.uri });
  return {
    name: "Postgres",
    saver: storage.checkpointer.saver,
    async bytes() {
      const [row] = await postgres.query(
        `select sum(pg_total_relation_size(table_name::regclass))::float8 as bytes
           from information_schema.tables where table_schema = current_schema() and table_name like 'checkpoint%'`,
      );
      return Number(row?.["bytes"]);
    },
    async close() {
      await storage.close();
      await postgres.stop();
    },
  };
}

async function measure(engine: Engine): Promise<BenchRow[]> {
  const { name, saver } = engine;
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("answer", ({ messages }) => ({ messages: [new AIMessage(text(`answer ${messages.length}`))] }))
    .addEdge(START, "answer")
    .addEdge("answer", END)
    .compile({ checkpointer: saver });
  const config = { configurable: { thread_id: "long" } };
  const rows: BenchRow[] = [];
  const runsMs: number[] = [];
  try {
    for (let run = 1; run <= Math.max(...RUNS); run += 1) {
      runsMs.push(await timeMs(() => graph.invoke({ messages: [new HumanMessage(text(`question ${run}`))] }, config)));
      if (!RUNS.includes(run)) continue;
      const size = `${run} runs on a thread, ${run * 2} messages of ${MESSAGE_CHARS} characters, ${name}`;
      const add = (what: string, figure: number, unit: string): number =>
        rows.push({ what, size, figure: Math.round(figure * 100) / 100, unit });
      add("thread growth, database", (await engine.bytes()) / 1e6, "MB");
      add("thread growth, all runs", runsMs.reduce((left, right) => left + right, 0) / 1000, "s");
      add("thread growth, one more run", median(runsMs.slice(-MEASURED_RUNS)), "ms");
      add("thread growth, state", await timeMs(() => graph.getState(config)), "ms");
      add("thread growth, last 10 of the history", await timeMs(() => readHistory()), "ms");
    }
    return rows;
  } finally {
    await engine.close();
  }

  async function readHistory(): Promise<void> {
    let count = 0;
    for await (const { values } of graph.getStateHistory(config, { limit: 10 })) count += Object.keys(values).length;
    if (count === 0) throw new Error("the history is empty");
  }
}

/** Differs in every word, as talk does. */
function text(subject: string): string {
  let written = subject;
  for (let word = 1; written.length < MESSAGE_CHARS; word += 1) written += ` ${subject} ${word * 7_919}`;
  return written.slice(0, MESSAGE_CHARS);
}

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
