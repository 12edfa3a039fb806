import { END, START, StateGraph } from "@langchain/langgraph";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ToolClient } from "../../mcp/client/tool-client.ts";
import type { ModelHandle } from "../model/types.ts";
import { hasCalls } from "../reason.ts";
import { MAX_STEPS, RunContext } from "../run-context.ts";
import { type GpuOpsNodeOptions, reasoner, toolExecutor } from "./nodes.ts";
import { gpuOpsPolicy } from "./offline-policy/policy.ts";
import { GpuOpsState } from "./state.ts";

export interface GpuOpsGraphOptions {
  readonly model: ModelHandle;
  readonly tools: ToolClient;
  /** Most model turns in a run, unless the caller asks for another number. */
  readonly maxSteps: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The GPU agent. It has no checkpointer of its own: the server that runs it sets one. Tools are listed anew for each
 * turn; the client knows when its list still holds.
 */
export function createGpuOpsGraph(options: GpuOpsGraphOptions) {
  const { model, tools, maxSteps, clock, log } = options;
  const nodes: GpuOpsNodeOptions = {
    tools,
    maxSteps,
    clock,
    log,
    bindModel: (offered) => model.bind({ tools: offered, policy: gpuOpsPolicy }),
  };

  return new StateGraph(GpuOpsState, { context: RunContext })
    .addNode("reasoner", (state, config) => reasoner(state, config, nodes))
    .addNode("tool_executor", (state, config) => toolExecutor(state, config, nodes))
    .addEdge(START, "reasoner")
    .addConditionalEdges("reasoner", (state) => (hasCalls(state.messages.at(-1)) ? "tool_executor" : END), [
      "tool_executor",
      END,
    ])
    .addEdge("tool_executor", "reasoner")
    .compile({ name: "gpu_ops" })
    .withConfig({ recursionLimit: RECURSION_LIMIT });
}

/** Two nodes a step, for the most steps a caller may ask for; `max_steps` is the bound that ends a run with a report. */
const RECURSION_LIMIT = 2 * MAX_STEPS;

export type GpuOpsGraph = ReturnType<typeof createGpuOpsGraph>;
