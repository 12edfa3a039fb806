import { END, START, StateGraph } from "@langchain/langgraph";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ToolClient } from "../../mcp/client/tool-client.ts";
import type { ModelHandle } from "../model/types.ts";
import { MAX_STEPS } from "../run-context.ts";
import {
  type DataDesignerNodeOptions,
  afterReasoner,
  afterSubmission,
  afterTools,
  reasoner,
  submitter,
  toolExecutor,
} from "./nodes.ts";
import type { BriefReader } from "./offline-policy/brief-reader.ts";
import { DataDesignerContext, DataDesignerState } from "./state.ts";

export interface DataDesignerGraphOptions {
  readonly model: ModelHandle;
  readonly tools: ToolClient;
  readonly brief: BriefReader;
  /** Most model turns in a run, unless the caller asks for another number; a design takes at least `LEAST_STEPS`. */
  readonly maxSteps: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Design, repair, preview, submission and answer, with room for a second round. */
const LEAST_STEPS = 10;

/** The agent that makes datasets. It has no checkpointer of its own: the server that runs it sets one. */
export function createDataDesignerGraph({ model, maxSteps, ...options }: DataDesignerGraphOptions) {
  const nodes: DataDesignerNodeOptions = {
    ...options,
    maxSteps: Math.max(maxSteps, LEAST_STEPS),
    bindModel: (offered, policy) => model.bind({ tools: offered, policy }),
  };

  return new StateGraph(DataDesignerState, { context: DataDesignerContext })
    .addNode("reasoner", (state, config) => reasoner(state, config, nodes))
    .addNode("tool_executor", (state, config) => toolExecutor(state, config, nodes))
    .addNode("submitter", (state, config) => submitter(state, config, nodes))
    .addEdge(START, "reasoner")
    .addConditionalEdges("reasoner", afterReasoner, { tool_executor: "tool_executor", end: END })
    .addConditionalEdges("tool_executor", afterTools, ["submitter", "reasoner"])
    .addConditionalEdges("submitter", afterSubmission, ["submitter", "reasoner"])
    .compile({ name: "data_designer" })
    .withConfig({ recursionLimit: RECURSION_LIMIT });
}

/** Two nodes a step and two more for a submission; `max_steps` is the bound that ends a run with a summary. */
const RECURSION_LIMIT = 4 * MAX_STEPS;

export type DataDesignerGraph = ReturnType<typeof createDataDesignerGraph>;
