import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph, interrupt } from "@langchain/langgraph";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { buildApp } from "../../server/app.ts";
import { createGraphRegistry } from "../../server/graph-registry.ts";
import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { createStore } from "../../server/store/store.ts";

/**
 * A server to be killed: `node kill-server.ts <home>`. It loads everything, says `loaded`, and opens its stores only when it
 * is told to on standard input, so that the next one can be made ready while this one runs. Then it prints its URL.
 */
const home = process.argv[2] ?? ".";
const effects = path.join(home, "effects.txt");

const State = Annotation.Root({
  op: Annotation<string>,
  pauseMs: Annotation<number>,
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});
type State = typeof State.State;

/** A node with an effect outside: a line in a file. */
const step =
  (name: string) =>
  async ({ op, pauseMs }: State, config: LangGraphRunnableConfig): Promise<Partial<State>> => {
    await sleep(pauseMs);
    appendFileSync(effects, `${op} ${name}\n`);
    config.writer?.({ op, name });
    return { log: [`${op}:${name}`] };
  };

const steps = new StateGraph(State)
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

/** Asks twice in one node: an answer must not be taken for the second question. */
const ask = new StateGraph(State)
  .addNode("before", step("before"))
  .addNode("ask", async ({ op, pauseMs }: State) => {
    await sleep(pauseMs);
    const first = interrupt<string, string>(`first ${op}`);
    const second = interrupt<string, string>(`second ${op}`);
    return { log: [`${op}:${first}:${second}`] };
  })
  .addNode("after", step("after"))
  .addEdge(START, "before")
  .addEdge("before", "ask")
  .addEdge("ask", "after")
  .addEdge("after", END)
  .compile();

async function open(): Promise<void> {
  const app = await buildApp({
    config: loadConfig({ LOG_LEVEL: "silent", OUTBOUND_ALLOW_PRIVATE: "1", RUN_MAX_ATTEMPTS: "1000" }),
    log: createLog({ level: "silent" }),
    clock: systemClock,
    graphs: createGraphRegistry({ graphs: { steps, ask } }),
    store: await createStore({ path: path.join(home, "nemops.sqlite") }),
    checkpointer: createCheckpointer({ path: path.join(home, "checkpoints.sqlite") }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on TCP has an address object.
  process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
}

process.stdin.once("data", () => void open());
// The one who started it is gone: nobody is left to kill it.
process.stdin.once("end", () => process.exit(0));
// Written only at an exit otherwise, and a process that is killed has none.
flushCompileCache();
process.stdout.write("loaded\n");
