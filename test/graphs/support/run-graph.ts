import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";

import { type GpuOpsGraph, createGpuOpsGraph } from "../../../graphs/gpu-ops/graph.ts";
import type { Report, ThreadAlert } from "../../../graphs/gpu-ops/state.ts";
import { createModel } from "../../../graphs/model/create-model.ts";
import type { ModelHandle } from "../../../graphs/model/types.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { createManualClock } from "../../support/manual-clock.ts";

export const log = createLog({ level: "silent" });

export function createTestModel(settings: Record<string, string> = {}): Promise<ModelHandle> {
  const { llm } = loadConfig({ LLM_PROVIDER: "offline", ...settings });
  const clock = createManualClock(undefined, { autoAdvanceUpToMs: 40_000 });
  return createModel({ config: llm, log, clock, random: () => 0.5 });
}

export interface Conversation {
  readonly graph: GpuOpsGraph;
  /** Threads need a checkpointer; the server sets its own, the tests this one. */
  readonly config: { configurable: { thread_id: string } };
  ask(question: string, options?: Record<string, unknown>): Promise<Answer>;
}

export interface Answer {
  readonly messages: readonly BaseMessage[];
  readonly text: string;
  readonly report: Report;
  readonly alerts: readonly ThreadAlert[];
}

export function startConversation(options: { tools: ToolClient; model: ModelHandle; maxSteps?: number }): Conversation {
  const { tools, model, maxSteps = 10 } = options;
  const graph = createGpuOpsGraph({ model, tools, maxSteps, clock: createManualClock(), log });
  graph.checkpointer = new MemorySaver();
  const config = { configurable: { thread_id: "thread-1" } };
  return {
    graph,
    config,
    async ask(question, extra = {}) {
      const state = await graph.invoke({ messages: [new HumanMessage(question)] }, { ...config, ...extra });
      if (state.report === null) throw new Error("the run left no report");
      return {
        messages: state.messages,
        text: state.messages.at(-1)?.text ?? "",
        report: state.report,
        alerts: state.alerts,
      };
    },
  };
}
