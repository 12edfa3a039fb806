import { type BenchRow, median } from "../row.ts";
import { startNemops } from "./nemops.ts";

const WARM_UP_RUNS = 5;
const RUNS = 30;

export interface TimedGraph {
  readonly graphId: string;
  /** What is measured, as the rows name it. */
  readonly what: string;
  readonly question: string;
  /** What was processed. */
  readonly size: string;
  readonly budget: string;
  /** Throws on an answer that is not what the question asks for. */
  readonly check: (values: unknown) => void;
}

/** One question to one graph over loopback HTTP, offline model, a new thread each: the first time, and when warm. */
export async function timeGraph({ graphId, what, question, size, budget, check }: TimedGraph): Promise<BenchRow[]> {
  const service = await startNemops();
  const timeRun = async (): Promise<number> => {
    const startedAt = performance.now();
    const response = await fetch(`${service.url}/runs/wait`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ assistant_id: graphId, input: { messages: [{ role: "user", content: question }] } }),
    });
    check(await response.json());
    return performance.now() - startedAt;
  };
  try {
    const first = await timeRun();
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await timeRun();
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) times.push(await timeRun());
    return [
      { what: `${what} over HTTP, p50`, size: `${size}, ${RUNS} runs`, figure: median(times), unit: "ms", budget },
      { what: `${what} over HTTP, the first after the start`, size: `${size}, one run`, figure: first, unit: "ms" },
    ];
  } finally {
    await service.stop();
  }
}
