import { type DataDesignerGraphOptions, createDataDesignerGraph } from "./data-designer/graph.ts";
import { type GpuOpsGraphOptions, createGpuOpsGraph } from "./gpu-ops/graph.ts";

/** Every agent of the project by its graph id: one row each. */
export const GRAPHS = {
  gpu_ops: {
    description:
      "Reads GPU health, events and logs, diagnoses with evidence, raises alerts and proposes a remediation plan.",
    create: createGpuOpsGraph,
  },
  data_designer: {
    description: "Turns a brief into a checked dataset design, previews it, asks for approval and makes the rows.",
    create: createDataDesignerGraph,
  },
} as const;

export type GraphId = keyof typeof GRAPHS;
export type { DataDesignerGraphOptions, GpuOpsGraphOptions };
