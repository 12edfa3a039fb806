import { z } from "zod";

import type { BenchRow } from "./row.ts";
import { timeGraph } from "./support/time-graph.ts";

const BRIEF =
  "Design fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date";
const Values = z.object({ summary: z.object({ columns: z.array(z.string()) }) });

/** A brief to a checked and previewed design. */
export function benchBrief(): Promise<BenchRow[]> {
  return timeGraph({
    graphId: "data_designer",
    what: "data_designer brief",
    question: BRIEF,
    size: "a brief with five wishes, design, validation, preview of 5 rows, SQLite",
    budget: "<= 200 ms",
    check(values) {
      const { columns } = Values.parse(values).summary;
      if (!columns.includes("due_date")) throw new Error(`unexpected columns ${columns.join(", ")}`);
    },
  });
}
