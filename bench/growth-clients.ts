import { Agent } from "node:http";

import { median } from "./row.ts";
import { createThreads } from "./support/http.ts";
import { percentile, runLoad, timeToEvent, waitForRun } from "./support/load.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";

type ClientSizes = { clients: readonly number[]; requests: number; streams: number };

export const CLIENT_SIZES: SizeChoice<ClientSizes> = {
  full: { clients: [1, 8, 32, 64, 128], requests: 1_000, streams: 500 },
  quick: { clients: [1, 8, 32], requests: 100, streams: 64 },
};
const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

/** What more clients at the same time do to the rate and to each of them. */
export async function benchGrowthClients(sizes: ClientSizes): Promise<BenchTable[]> {
  const { url, stop } = await startNemops({ project: BENCH_PROJECT });
  const agent = new Agent({ keepAlive: true, maxSockets: Math.max(...sizes.clients) });
  try {
    const wait = (): Promise<void> => waitForRun({ agent, url: `${url}/runs/wait`, body });
    await runLoad(200, 8, wait);
    const rows: number[][] = [];
    for (const clients of sizes.clients) {
      const { timesMs, perSecond } = await runLoad(sizes.requests, clients, wait);
      // A thread each, new for every count of clients, so that none is longer than another's.
      const threads = await createThreads(agent, url, clients);
      const onThreads = await runLoad(sizes.streams, clients, (client) =>
        waitForRun({ agent, url: `${url}/threads/${threads[client]}/runs/wait`, body }),
      );
      const firsts: number[] = [];
      await runLoad(sizes.streams, clients, async () => {
        firsts.push(await timeToEvent({ agent, url: `${url}/runs/stream`, body }, "values"));
      });
      rows.push([
        clients,
        perSecond,
        median(timesMs),
        percentile(timesMs, 0.99),
        onThreads.perSecond,
        median(onThreads.timesMs),
        median(firsts),
        percentile(firsts, 0.99),
      ]);
    }
    return [
      {
        title: "growth with clients (32 runs at the same time, further ones wait)",
        size: `${describeSizes(sizes)}, SQLite; times in ms`,
        columns: ["clients", "/runs/wait per s", "p50", "p99", "on threads per s", "p50", "first event p50", "p99"],
        rows: rows.map(([clients = 0, ...figures]) => [clients.toLocaleString("en-US"), ...figures]),
      },
    ];
  } finally {
    agent.destroy();
    await stop();
  }
}
