import { type BenchRow, median } from "./row.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import type { SizeChoice } from "./support/sizes.ts";
import { TOKEN_KINDS, loadTokens } from "./support/token-load.ts";

type TokenSizes = { streams: number; tokens: number; rounds: number };

export const TOKEN_SIZES: SizeChoice<TokenSizes> = {
  full: { streams: 64, tokens: 2_000, rounds: 3 },
  quick: { streams: 16, tokens: 500, rounds: 1 },
};
const BUDGET = ">= 20,000 events/s";

/** Events delivered in all while many streams run; the readers are in this process, the server in another. */
export async function benchTokenStreams({ streams, tokens, rounds }: TokenSizes): Promise<BenchRow[]> {
  const service = await startNemops({ project: BENCH_PROJECT, env: { MAX_CONCURRENT_RUNS: String(streams) } });
  try {
    for (const kind of TOKEN_KINDS) await loadTokens(service.url, { streams: 8, tokens: Math.min(tokens, 500), kind });
    const perSecond = new Map(TOKEN_KINDS.map((kind) => [kind, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [kind, figures] of perSecond) {
        figures.push((await loadTokens(service.url, { streams, tokens, kind })).perSecond);
      }
    }
    const size = `${streams} streams of ${tokens} tokens, ${rounds} round(s), a thread each, SQLite`;
    return [...perSecond].map(([{ name }, figures]) => ({
      what: `token streams, ${name}`,
      size,
      figure: median(figures),
      unit: "events/s",
      budget: BUDGET,
    }));
  } finally {
    await service.stop();
  }
}
