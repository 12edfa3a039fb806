import { expect } from "vitest";

import { seededRandom } from "../../../../lib/random.ts";
import type { CellColumn, CellRecord } from "../../../../tools/data/llm/cells.ts";
import type { ChatCall, ChatResult } from "../../../../tools/data/llm/chat-endpoint.ts";
import { type RunCellsOptions, runCells } from "../../../../tools/data/llm/run-cells.ts";
import { createVirtualClock } from "./virtual-clock.ts";

export const LATENCY_MS = 200;
const tokens = { input: 10, output: 5, reasoning: 1 };
export const answer = (text: string): ChatResult => ({ kind: "answer", text, isCut: false, tokens });
export const lastMessage = (call: ChatCall): string => call.messages.at(-1)?.content ?? "";

export function textColumn(name: string, dependsOn: readonly string[] = [], alias = "m"): CellColumn {
  const needs = dependsOn.length > 0 ? dependsOn : ["id"];
  return {
    column: { column_type: "llm-text", name },
    alias,
    dependsOn,
    render: (record: CellRecord) => ({
      prompt: `${name}(${needs.map((need) => JSON.stringify(record[need])).join()})`,
    }),
  };
}

export const CHAIN = [textColumn("a"), textColumn("b", ["a"]), textColumn("c", ["b"]), textColumn("d", ["c"])];

interface Setup {
  readonly rows?: number;
  readonly columns?: readonly CellColumn[];
  readonly maxParallel?: number;
  /** The answer to a request by its number, from 1, and the time at which it came in. */
  readonly reply: (call: ChatCall, number: number, startedAtMs: number) => ChatResult;
  /** How long the endpoint takes for a 429; as long as for an answer when left out. */
  readonly refusalMs?: number;
  readonly options?: Partial<RunCellsOptions>;
}

/** A run against an endpoint that takes 200 virtual milliseconds. */
export async function run({
  rows = 20,
  columns = CHAIN,
  maxParallel = 16,
  reply,
  refusalMs = LATENCY_MS,
  options,
}: Setup) {
  const clock = createVirtualClock();
  const seen = { calls: [] as { atMs: number; prompt: string }[], inFlight: 0, most: 0 };
  const ask = async (call: ChatCall): Promise<ChatResult> => {
    const startedAtMs = clock.now();
    seen.calls.push({ atMs: startedAtMs, prompt: lastMessage(call) });
    const number = seen.calls.length;
    seen.inFlight += 1;
    seen.most = Math.max(seen.most, seen.inFlight);
    try {
      if (refusalMs === LATENCY_MS) {
        await clock.sleep(LATENCY_MS, call.signal);
        return reply(call, number, startedAtMs);
      }
      const result = reply(call, number, startedAtMs);
      await clock.sleep(result.kind === "rate_limited" ? refusalMs : LATENCY_MS, call.signal);
      return result;
    } finally {
      seen.inFlight -= 1;
    }
  };
  const aliases = [...new Set(columns.map(({ alias }) => alias))];
  const result = await clock.drive(
    runCells({
      records: Array.from({ length: rows }, (_, id) => ({ id })),
      firstRow: 100,
      columns,
      models: new Map(
        aliases.map((alias) => [alias, { model: alias, ask, maxParallel, timeoutMs: 1000, parameters: () => ({}) }]),
      ),
      clock,
      random: seededRandom(1),
      signal: new AbortController().signal,
      ...options,
    }),
  );
  return { ...result, seen, elapsedMs: clock.now() };
}

export type Result = Awaited<ReturnType<typeof run>>;

/** Every cell has a value or exactly one failure. */
export function expectNothingLost({ values, failures }: Result, rows: number, columns: readonly CellColumn[]): void {
  for (const { column } of columns) {
    for (let row = 0; row < rows; row += 1) {
      const reported = failures.filter((failure) => failure.row === row + 100 && failure.column === column.name).length;
      const hasValue = values.get(column.name)?.[row] !== undefined;
      expect(reported + (hasValue ? 1 : 0), `${column.name} of row ${row}`).toBe(1);
    }
  }
}
