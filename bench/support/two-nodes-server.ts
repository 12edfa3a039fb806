import type { AddressInfo } from "node:net";

import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { buildApp } from "../../server/app.ts";
import { createGraphRegistry } from "../../server/graph-registry.ts";
import { openStorage } from "../../server/store/open-storage.ts";

/** A process of its own: serves a two-node graph from the folder, or the Postgres, given as argument and prints its URL. */
const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});
const graph = new StateGraph(State)
  .addNode("first", () => ({ log: ["first"] }))
  .addNode("second", () => ({ log: ["second"] }))
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile();

const [, , home = ".", databaseUri] = process.argv;
const { store, checkpointer } = await openStorage({ home, databaseUri });
const app = await buildApp({
  config: loadConfig({ LOG_LEVEL: "warn" }),
  log: createLog({ level: "warn" }),
  clock: systemClock,
  graphs: createGraphRegistry({ graphs: { two_nodes: graph } }),
  store,
  checkpointer,
});
await app.listen({ host: "127.0.0.1", port: 0 });
// A server that listens on TCP has an address object.
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
