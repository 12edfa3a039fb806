import { designFromBrief } from "../engine/data/brief/design-from-brief.ts";
import { type BenchRow, median } from "./row.ts";

const REPETITIONS = 51;
const OPTIONS = { today: "2026-03-15" };

const BRIEFS = [
  "I need 500 fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date",
  "10k orders with order id, order date in 2024, ship date 1 to 10 days after the order date, price between 5 and 200, discount lower than price, quantity Poisson with mean 3, total = price * quantity",
  "columns: user_id (uuid), signup_date (date in 2023), plan (free 60%, pro 30%, enterprise 10%), monthly_spend (float, 0-500)",
  "a customer churn dataset",
  "GPU telemetry with failures",
];

/** A brief of one sentence to a checked design, in this process, the lexicon loaded. */
export function benchBriefParse(): BenchRow[] {
  const times = BRIEFS.flatMap((brief) => {
    const run = (): number => {
      const start = performance.now();
      designFromBrief(brief, OPTIONS);
      return performance.now() - start;
    };
    run();
    return Array.from({ length: REPETITIONS }, run);
  });
  const words = "users with name and " + "plan between and after the ".repeat(4_000);
  const long = (): number => {
    const start = performance.now();
    designFromBrief(words, OPTIONS);
    return performance.now() - start;
  };
  return [
    {
      what: "brief of a sentence to a checked design",
      size: `${BRIEFS.length} briefs, ${REPETITIONS} times each`,
      figure: median(times),
      unit: "ms",
      budget: "<= 50 ms",
    },
    {
      what: "brief of 100 kB without sense",
      size: `${words.length} characters, median of 5`,
      figure: median(Array.from({ length: 5 }, long)),
      unit: "ms",
    },
  ];
}
