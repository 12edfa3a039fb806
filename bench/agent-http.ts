import { z } from "zod";

import type { BenchRow } from "./row.ts";
import { timeGraph } from "./support/time-graph.ts";

const QUESTION = "Why is training slow on this node?";
const Values = z.object({ report: z.object({ verdict: z.string() }) });

/** A whole diagnosis: question in, report out. */
export function benchAgentHttp(): Promise<BenchRow[]> {
  return timeGraph({
    graphId: "gpu_ops",
    what: "gpu_ops run",
    question: QUESTION,
    size: `"${QUESTION}", four tool calls, 4 simulated GPUs, SQLite`,
    budget: "<= 150 ms",
    check(values) {
      const { verdict } = Values.parse(values).report;
      if (verdict !== "driver") throw new Error(`unexpected verdict ${verdict}`);
    },
  });
}
