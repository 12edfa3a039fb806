import { appendFileSync, existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph, interrupt } from "@langchain/langgraph";

/** Graphs whose nodes write down, in one file for all replicas, that they were executed and by which process. */
const folder = process.env["REPLICAS_FOLDER"] ?? ".";
const GATE_POLL_MS = 10;

const State = Annotation.Root({
  op: Annotation<string>,
  pauseMs: Annotation<number>,
  /** The step that waits until the test opens its gate; empty for none. */
  hold: Annotation<string>,
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});
type State = typeof State.State;

function note(op: string, what: "begin" | "end", step: string): void {
  // One write of a few bytes to a file opened for appending: lines of several processes do not mix.
  appendFileSync(path.join(folder, "ledger.txt"), `${JSON.stringify({ op, what, step, pid: process.pid })}\n`);
}

async function untilOpened(op: string, options: { readonly signal?: AbortSignal }): Promise<void> {
  const gate = path.join(folder, "gates", op);
  while (!existsSync(gate)) await sleep(GATE_POLL_MS, undefined, options);
}

const step =
  (name: string) =>
  async ({ op, pauseMs, hold }: State, config: LangGraphRunnableConfig): Promise<Partial<State>> => {
    note(op, "begin", name);
    config.writer?.({ op, begin: name });
    const options = config.signal === undefined ? {} : { signal: config.signal };
    await sleep(pauseMs, undefined, options);
    if (hold === name) await untilOpened(op, options);
    note(op, "end", name);
    config.writer?.({ op, name });
    return { log: [`${op}:${name}`] };
  };

export const steps = new StateGraph(State)
  .addNode("a", step("a"))
  .addNode("b", step("b"))
  .addNode("c", step("c"))
  .addNode("d", step("d"))
  .addEdge(START, "a")
  .addEdge("a", "b")
  .addEdge("b", "c")
  .addEdge("c", "d")
  .addEdge("d", END)
  .compile();

export const ask = new StateGraph(State)
  .addNode("before", step("before"))
  .addNode("question", ({ op }) => ({ log: [`${op}:${interrupt<string, string>(`question of ${op}`)}`] }))
  .addNode("after", step("after"))
  .addEdge(START, "before")
  .addEdge("before", "question")
  .addEdge("question", "after")
  .addEdge("after", END)
  .compile();

export const broken = new StateGraph(State)
  .addNode("a", step("a"))
  .addNode("b", async (state: State, config: LangGraphRunnableConfig) => {
    await step("b")(state, config);
    throw new RangeError(`the node of ${state.op} broke`);
  })
  .addEdge(START, "a")
  .addEdge("a", "b")
  .compile();

/** Keeps what it is given in the long-term store, and shows what others kept there. */
export const remember = new StateGraph(State)
  .addNode("keep", async ({ op }, { store }: LangGraphRunnableConfig) => {
    const found = (await store?.search(["ops"], { limit: 100 })) ?? [];
    await store?.put(["ops"], op, { op });
    return { log: found.map(({ key }) => key).sort() };
  })
  .addEdge(START, "keep")
  .compile();
