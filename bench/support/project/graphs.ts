import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  END,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";

import { TokenModel } from "./token-model.ts";

/** What the benchmarks of the server run, as a project that any LangGraph server loads. */
const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** Two nodes without a model: what the server itself costs. */
export const twoNodes = new StateGraph(Log)
  .addNode("first", () => ({ log: ["first"] }))
  .addNode("second", () => ({ log: ["second"] }))
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile();

const Calls = Annotation.Root({ ...Log.spec, callMs: Annotation<number> });

/** Two nodes that each wait, as for a model elsewhere. */
export const twoCalls = new StateGraph(Calls)
  .addNode("first", async ({ callMs }) => {
    await sleep(callMs);
    return { log: ["first"] };
  })
  .addNode("second", async ({ callMs }) => {
    await sleep(callMs);
    return { log: ["second"] };
  })
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile();

const ANSWER_CHARS = 350;

/** Adds one answer to a conversation; the words differ, as they do in talk. */
export const chat = new StateGraph(MessagesAnnotation)
  .addNode("answer", ({ messages }) => {
    let text = "";
    for (let word = 1; text.length < ANSWER_CHARS; word += 1) text += `answer ${messages.length} ${word * 7_919} `;
    return { messages: [new AIMessage(text.slice(0, ANSWER_CHARS))] };
  })
  .addEdge(START, "answer")
  .addEdge("answer", END)
  .compile();

const Tokens = Annotation.Root({ count: Annotation<number> });

/** Tokens that a node writes itself. */
export const customTokens = new StateGraph(Tokens)
  .addNode("write", async ({ count }, { writer }: LangGraphRunnableConfig) => {
    for (let token = 0; token < count; token += 1) {
      writer?.({ token: ` word${token}` });
      // As packets of a model do: some tokens each, and other work in between.
      if (token % 10 === 9) await nextTurn();
    }
    return {};
  })
  .addEdge(START, "write")
  .addEdge("write", END)
  .compile();

/** Tokens of a LangChain chat model, which take the way through its callbacks. */
export const modelTokens = new StateGraph(Tokens)
  .addNode("model", async ({ count }, config: LangGraphRunnableConfig) => {
    await new TokenModel(count).invoke([new HumanMessage("talk")], config);
    return {};
  })
  .addEdge(START, "model")
  .addEdge("model", END)
  .compile();

/** Runs until it is cancelled. */
export const waiting = new StateGraph(Log)
  .addNode("wait", async (_state, { signal }: LangGraphRunnableConfig) => {
    await sleep(600_000, undefined, { ...(signal === undefined ? {} : { signal }), ref: false });
    return {};
  })
  .addEdge(START, "wait")
  .addEdge("wait", END)
  .compile();
