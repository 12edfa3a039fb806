import { AIMessage, HumanMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import {
  Annotation,
  END,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  Send,
  StateGraph,
  entrypoint,
  interrupt,
} from "@langchain/langgraph";

/** Small graphs of every kind that `langgraph.json` may name. */

const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
  input: Annotation<string>,
});

/** Two nodes without a model: what the server itself costs. */
export const twoNodes = new StateGraph(Log)
  .addNode("first", () => ({ log: ["first"] }))
  .addNode("second", () => ({ log: ["second"] }))
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile();

/** An uncompiled builder, answered from the last message. */
export const echo = new StateGraph(MessagesAnnotation)
  .addNode("reply", ({ messages }) => {
    const last = messages.at(-1);
    return { messages: [new AIMessage({ id: `reply-${messages.length}`, content: `you said: ${last?.text ?? ""}` })] };
  })
  .addEdge(START, "reply")
  .addEdge("reply", END);

/** A chat model that streams its words. */
export const chat = new StateGraph(MessagesAnnotation)
  .addNode("model", async ({ messages }, config: RunnableConfig) => {
    const model = new FakeStreamingChatModel({ responses: [new AIMessage("hello out there")], sleep: 0 });
    return { messages: [await model.invoke(messages, config)] };
  })
  .addEdge(START, "model")
  .addEdge("model", END)
  .compile();

const Approval = Annotation.Root({
  answers: Annotation<unknown[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** Stops once and goes on with the answer. */
export const approval = new StateGraph(Approval)
  .addNode("ask", () => ({ answers: [interrupt({ question: "go on?" })] }))
  .addNode("done", () => ({ answers: ["done"] }))
  .addEdge(START, "ask")
  .addEdge("ask", "done")
  .addEdge("done", END)
  .compile();

/** Two interrupts at the same time. */
export const twoApprovals = new StateGraph(Approval)
  .addNode("left", () => ({ answers: [{ left: interrupt<string, unknown>("left?") }] }))
  .addNode("right", () => ({ answers: [{ right: interrupt<string, unknown>("right?") }] }))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .compile();

const child = new StateGraph(Log)
  .addNode("inner", () => ({ log: ["inner"] }))
  .addEdge(START, "inner")
  .compile();

export const parent = new StateGraph(Log)
  .addNode("before", () => ({ log: ["before"] }))
  .addNode("child", child)
  .addEdge(START, "before")
  .addEdge("before", "child")
  .compile();

const asking = new StateGraph(Approval)
  .addNode("ask", () => ({ answers: [interrupt("inner?")] }))
  .addEdge(START, "ask")
  .compile();

export const parentOfApproval = new StateGraph(Approval).addNode("child", asking).addEdge(START, "child").compile();

/** Fails when told to, writes custom events, waits until it is let go, or never ends. */
const Behaviour = Annotation.Root({ mode: Annotation<string>, result: Annotation<unknown> });

export interface Gate {
  /** Resolves when a run of `behaving` in mode `wait` has reached its node. */
  readonly reached: Promise<void>;
  open(): void;
}

const gates = new Map<string, { reached: () => void; opened: Promise<void> }>();

/** Lets a test decide when a run in mode `wait:<name>` goes on. */
export function createGate(name: string): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  gates.set(name, { reached: reached.resolve, opened: opened.promise });
  return { reached: reached.promise, open: opened.resolve };
}

export const behaving = new StateGraph(Behaviour)
  .addNode("act", async ({ mode }, config: LangGraphRunnableConfig) => {
    const [kind = "", name = ""] = mode.split(":");
    switch (kind) {
      case "fail":
        throw new RangeError("the node broke");
      case "custom":
        for (const step of [1, 2, 3]) config.writer?.({ step });
        return { result: "written" };
      case "wait": {
        const gate = gates.get(name);
        gate?.reached();
        await gate?.opened;
        return { result: "waited" };
      }
      case "hang": {
        gates.get(name)?.reached();
        await new Promise((_, reject) => {
          config.signal?.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
        });
        return {};
      }
      case "bigint":
        return { result: { big: 12345678901234567890n } };
      case "circular": {
        const loop: Record<string, unknown> = { name: "loop" };
        loop["self"] = loop;
        return { result: loop };
      }
      case "flood":
        for (let index = 0; index < 2_000; index += 1) config.writer?.({ index });
        return { result: "flooded" };
      case "config":
        return { result: { configurable: visible(config.configurable), context: config.context } };
      default:
        return { result: mode };
    }
  })
  .addEdge(START, "act")
  .compile();

function visible(configurable: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configurable ?? {}).filter(([key]) => !key.startsWith("__")));
}

/** Fans out with Send. */
export const fanOut = new StateGraph(Log)
  .addNode("worker", ({ input }) => ({ log: [`worked on ${input}`] }))
  .addConditionalEdges(START, () => ["a", "b"].map((input) => new Send("worker", { input })))
  .compile();

/** The functional API. */
export const doubled = entrypoint({ name: "doubled" }, async (input: { value: number }) => ({
  value: input.value * 2,
}));

/** A factory that depends on the config of the run. */
export async function configured(config: RunnableConfig) {
  const name = String(config.configurable?.["greeting"] ?? "nobody");
  return new StateGraph(MessagesAnnotation)
    .addNode("greet", () => ({ messages: [new HumanMessage({ id: "greeting", content: `for ${name}` })] }))
    .addEdge(START, "greet");
}

/** A factory that reads `configurable` without a look whether there is one, and gives other nodes for every config. */
export function perTenant(config: RunnableConfig) {
  // Upstream users write it with `!` or in JavaScript.
  const { tenant = "nobody" } = config.configurable as { tenant?: string };
  if (tenant === "") throw new Error("no such tenant");
  const name = `node_${tenant}`;
  return new StateGraph(Log)
    .addNode(name, () => ({ log: [`for ${tenant}`] }))
    .addEdge(START, name)
    .compile();
}

export const TEST_GRAPHS = {
  two_nodes: twoNodes,
  echo,
  chat,
  approval,
  two_approvals: twoApprovals,
  parent,
  parent_of_approval: parentOfApproval,
  behaving,
  fan_out: fanOut,
  doubled,
  configured,
  per_tenant: perTenant,
};
