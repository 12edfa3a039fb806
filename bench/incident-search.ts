import { createLog } from "../lib/log.ts";
import { loadConfig } from "../lib/config.ts";
import { createIncidentIndex } from "../tools/gpu/incidents/create-index.ts";
import { type BenchRow, median } from "./row.ts";

const QUERIES = [
  "one card is missing from nvidia-smi",
  "GPU busy but slow, low clocks",
  "xid 48 and 63 after the job died",
  "InfiniBand port flaps every few minutes",
  "loss became NaN on one rank",
];
const ROUNDS = 20;

/** Warm search over the shipped incidents, with and without dense vectors. */
export async function benchIncidentSearch(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [provider, what, budget] of [
    ["builtin", "incident search, dense and lexical, p50", "<= 25 ms"],
    ["none", "incident search, lexical, p50", "<= 2 ms"],
  ] as const) {
    const index = await createIncidentIndex({
      config: loadConfig({ EMBEDDINGS_PROVIDER: provider }).incidents,
      home: ":memory:",
      log: createLog({ level: "silent" }),
    });
    for (const query of QUERIES) await index.search(query, { topK: 3 });
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const query of QUERIES) {
        const start = performance.now();
        await index.search(query, { topK: 3 });
        times.push(performance.now() - start);
      }
    }
    await index.close();
    rows.push({ what, size: `26 incidents, ${times.length} searches`, figure: median(times), unit: "ms", budget });
  }
  return rows;
}
