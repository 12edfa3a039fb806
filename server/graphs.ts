import type { DataDesignerGraph } from "../graphs/data-designer/graph.ts";
import type { GpuOpsGraph } from "../graphs/gpu-ops/graph.ts";
import { sharedDependencies } from "./dependencies.ts";

/** What `langgraph.json` names: each export gives the graph, ready to be run by any LangGraph server. */
export async function gpu_ops(): Promise<GpuOpsGraph> {
  return (await sharedDependencies()).graphs.gpu_ops;
}

export async function data_designer(): Promise<DataDesignerGraph> {
  return (await sharedDependencies()).graphs.data_designer;
}
