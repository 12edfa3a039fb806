import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph, interrupt } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import { approvalRequest, readDecisions } from "../../graphs/approve.ts";

/**
 * A graph in the place of `gpu_ops` that does what the words ask for: `wait` does not end before the run is cancelled,
 * `approve` asks for a yes, `fail` throws, anything else is repeated. It lets the CLI be tested at moments that the real
 * graph reaches only with hardware.
 */
export function createAgentGraph() {
  return new StateGraph(MessagesAnnotation)
    .addNode("reasoner", reasoner)
    .addEdge(START, "reasoner")
    .addEdge("reasoner", END)
    .compile();
}

async function reasoner(
  { messages }: typeof MessagesAnnotation.State,
  config: LangGraphRunnableConfig,
): Promise<typeof MessagesAnnotation.Update> {
  const asked = messages.findLast((message) => HumanMessage.isInstance(message))?.text ?? "";
  if (asked.includes("fail")) throw new Error("the graph broke");
  if (asked.includes("approve")) {
    const pending = [{ name: "run_diagnostic", args: { gpu_id: 3 }, reason: "it loads the GPU" }];
    const [decision] = readDecisions(interrupt(approvalRequest(pending)), 1);
    return { messages: [new AIMessage(`decision: ${decision?.type}`)] };
  }
  config.writer?.({ type: "tool_start", name: "gpu_health_check", call_id: "1", args: { gpu_id: 3 } });
  if (asked.includes("wait")) {
    await new Promise((_, reject) => {
      config.signal?.addEventListener("abort", () => reject(new Error("cancelled")), { once: true });
    });
  }
  config.writer?.({ type: "tool_end", name: "gpu_health_check", call_id: "1", is_error: false, duration_ms: 2 });
  const turns = messages.filter((message) => HumanMessage.isInstance(message)).length;
  return { messages: [new AIMessage(`turn ${turns}: ${asked}`)] };
}
