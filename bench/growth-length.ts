import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

import { median } from "./row.ts";
import { createThreads, send } from "./support/http.ts";
import { runLoad, timeToEvent } from "./support/load.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";

type LengthSizes = { messages: readonly number[]; requests: number };

export const LENGTH_SIZES: SizeChoice<LengthSizes> = {
  full: { messages: [10, 100, 1_000, 2_000], requests: 15 },
  quick: { messages: [10, 100], requests: 5 },
};
const QUESTION = "why is this training run slow? ".repeat(11).slice(0, 350);

/** How one conversation gets slower as it gets longer: each run adds a question and an answer. */
export async function benchGrowthLength(sizes: LengthSizes): Promise<BenchTable[]> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const service = await startNemops({ project: BENCH_PROJECT, home });
  const agent = new Agent({ keepAlive: true });
  const run = JSON.stringify({ assistant_id: "chat", input: { messages: [{ role: "user", content: QUESTION }] } });
  const updates = JSON.stringify({ ...(JSON.parse(run) as object), stream_mode: ["updates"] });
  const p50 = async (call: () => Promise<unknown>): Promise<number> =>
    median((await runLoad(sizes.requests, 1, call)).timesMs);
  const columns: (readonly [string, number][])[] = [];
  try {
    const [threadId = ""] = await createThreads(agent, service.url, 1);
    const thread = `${service.url}/threads/${threadId}`;
    let messages = 0;
    for (const length of sizes.messages) {
      for (; messages < length; messages += 2) await send({ agent, url: `${thread}/runs/wait`, body: run });
      const { text } = await send({ agent, url: `${thread}/state` });
      const read = [
        ["GET state, size of the answer, KB", text.length / 1000],
        ["GET state", await p50(() => send({ agent, url: `${thread}/state` }))],
        ["POST history, the last 10", await p50(() => send({ agent, url: `${thread}/history`, body: "{}" }))],
      ] as [string, number][];
      const firsts: number[] = [];
      for (let index = 0; index < sizes.requests; index += 1) {
        firsts.push(await timeToEvent({ agent, url: `${thread}/runs/stream`, body: updates }, "updates"));
      }
      const waitMs = await p50(() => send({ agent, url: `${thread}/runs/wait`, body: run }));
      messages += 4 * sizes.requests;
      columns.push([
        ["POST runs/wait, answer with all messages", waitMs],
        ["POST runs/stream of updates, first update", median(firsts)],
        ...read,
      ]);
    }
  } finally {
    agent.destroy();
    await service.stop();
    rmSync(home, { recursive: true, force: true });
  }
  const names = columns[0]?.map(([name]) => name) ?? [];
  return [
    {
      title: "growth with the length of a thread",
      size: `${describeSizes(sizes)}; messages of 350 characters, SQLite; the requests themselves add messages`,
      columns: [
        "p50 in ms unless it says so",
        ...sizes.messages.map((count) => `${count.toLocaleString("en-US")} messages`),
      ],
      rows: names.map((name, index) => [name, ...columns.map((column) => column[index]?.[1] ?? Number.NaN)]),
    },
  ];
}
