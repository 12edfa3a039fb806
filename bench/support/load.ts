import { type Call, open, send } from "./http.ts";

export interface Load {
  readonly timesMs: readonly number[];
  readonly perSecond: number;
}

/** So many clients call, each one again as soon as it has its answer, `count` times in all. */
export async function runLoad(
  count: number,
  clients: number,
  call: (client: number) => Promise<unknown>,
): Promise<Load> {
  const timesMs: number[] = [];
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (; left > 0;) {
        left -= 1;
        const sentAt = performance.now();
        await call(client);
        timesMs.push(performance.now() - sentAt);
      }
    }),
  );
  return { timesMs, perSecond: (timesMs.length * 1000) / (performance.now() - startedAt) };
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;
}

/** Throws unless the answer is that of the graph with two nodes. */
export async function waitForRun(call: Call): Promise<void> {
  const { text } = await send(call);
  if (!text.includes('"second"')) throw new Error(`unexpected answer: ${text.slice(0, 200)}`);
}

/**
 * Until the first event of that name has begun to arrive; `metadata` comes before what a graph sends. The stream is read
 * to its end.
 */
export async function timeToEvent(call: Call, event: string): Promise<number> {
  const startedAt = performance.now();
  const response = await open(call);
  const needle = `event: ${event}`;
  let text = "";
  let firstMs = Number.NaN;
  response.setEncoding("utf8");
  for await (const part of response) {
    if (!Number.isNaN(firstMs)) continue;
    text += String(part);
    if (text.includes(needle)) firstMs = performance.now() - startedAt;
  }
  if (Number.isNaN(firstMs)) throw new Error(`${call.url} sent no ${event}: ${text.slice(0, 200)}`);
  return firstMs;
}
