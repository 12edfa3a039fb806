import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { buildApp } from "../../server/app.ts";
import { createGraphRegistry } from "../../server/graph-registry.ts";
import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { createStore } from "../../server/store/store.ts";

/** A process of its own: serves a graph that talks for a while from the folder given as argument and prints its URL. */
const State = Annotation.Root({ count: Annotation<number>, said: Annotation<number> });

async function say({ count }: typeof State.State, { writer }: LangGraphRunnableConfig): Promise<{ said: number }> {
  for (let tick = 0; tick < count; tick += 1) {
    writer?.({ tick });
    // Long enough for readers to leave in the middle.
    if (tick % 5 === 4) await sleep(2);
  }
  return { said: count };
}

const graph = new StateGraph(State).addNode("say", say).addEdge(START, "say").addEdge("say", END).compile();

const home = process.argv[2] ?? ".";
const app = await buildApp({
  config: loadConfig({ LOG_LEVEL: "warn" }),
  log: createLog({ level: "warn" }),
  clock: systemClock,
  graphs: createGraphRegistry({ graphs: { talker: graph } }),
  store: await createStore({ path: path.join(home, "nemops.sqlite") }),
  checkpointer: createCheckpointer({ path: path.join(home, "checkpoints.sqlite") }),
});
await app.listen({ host: "127.0.0.1", port: 0 });
// A server that listens on TCP has an address object.
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
