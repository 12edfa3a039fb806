import { type GpuOpsGraphOptions, createGpuOpsGraph } from "./gpu-ops/graph.ts";

/** Every agent of the project by its graph id: one row each. */
export const GRAPHS = {
  gpu_ops: {
    description:
      "Reads GPU health, events and logs, diagnoses with evidence, raises alerts and proposes a remediation plan.",
    create: createGpuOpsGraph,
  },
} as const;

export type GraphId = keyof typeof GRAPHS;
export type { GpuOpsGraphOptions };
