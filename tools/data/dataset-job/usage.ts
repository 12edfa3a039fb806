import { z } from "zod";

import type { ColumnModelUsage } from "../../../engine/data/steps/model-cells.ts";

const Figures = z.object({
  requests: z.number().int(),
  input_tokens: z.number().int(),
  output_tokens: z.number().int(),
  reasoning_tokens: z.number().int(),
  /** Answers with 429. */
  rate_limited: z.number().int(),
  /** Requests sent again after a 5xx, a timeout or a torn connection. */
  retries: z.number().int(),
  /** Answers that could not be used and were asked for again, in the same conversation or a new one. */
  corrections: z.number().int(),
  restarts: z.number().int(),
  /** Values that were used after a repair. */
  repaired: z.number().int(),
  tool_calls: z.number().int(),
  /** Absent when the prices are not known. */
  cost: z.number().optional(),
});
type Figures = z.infer<typeof Figures>;

const ModelEntry = z.object({ alias: z.string(), model: z.string(), provider: z.string() }).extend(Figures.shape);
const ColumnEntry = z.object({ column: z.string() }).extend(ModelEntry.shape);
type ColumnEntry = z.infer<typeof ColumnEntry>;

/** What models have cost a job, all its runs together; requests of a run that was killed after its last row group are not in it. */
export const Usage = z.object({ columns: z.array(ColumnEntry), models: z.array(ModelEntry) });
export type Usage = z.infer<typeof Usage>;

/** Nothing when no model was asked, now or before. */
export function addUsage(before: Usage | undefined, now: readonly ColumnModelUsage[]): { readonly usage?: Usage } {
  const columns = new Map((before?.columns ?? []).map((entry) => [keyOf(entry, entry.column), entry]));
  for (const part of now) {
    const entry = toEntry(part);
    const key = keyOf(entry, entry.column);
    columns.set(key, addFigures(columns.get(key), entry));
  }
  if (columns.size === 0) return {};
  const models = new Map<string, z.infer<typeof ModelEntry>>();
  for (const { column: _, ...entry } of columns.values()) {
    models.set(keyOf(entry), addFigures(models.get(keyOf(entry)), entry));
  }
  return { usage: { columns: [...columns.values()], models: [...models.values()] } };
}

function keyOf({ alias, model, provider }: Omit<z.infer<typeof ModelEntry>, keyof Figures>, column = ""): string {
  return JSON.stringify([column, alias, model, provider]);
}

function toEntry({ column, alias, model, provider, cost, ...figures }: ColumnModelUsage): ColumnEntry {
  return {
    column,
    alias,
    model,
    provider,
    requests: figures.requests,
    input_tokens: figures.inputTokens,
    output_tokens: figures.outputTokens,
    reasoning_tokens: figures.reasoningTokens,
    rate_limited: figures.rateLimited,
    retries: figures.retries,
    corrections: figures.corrections,
    restarts: figures.restarts,
    repaired: figures.repaired,
    tool_calls: figures.toolCalls,
    ...(cost === undefined ? {} : { cost }),
  };
}

function addFigures<Entry extends Figures>(left: Entry | undefined, right: Entry): Entry {
  if (left === undefined) return right;
  const cost =
    left.cost === undefined && right.cost === undefined ? {} : { cost: (left.cost ?? 0) + (right.cost ?? 0) };
  return {
    ...right,
    requests: left.requests + right.requests,
    input_tokens: left.input_tokens + right.input_tokens,
    output_tokens: left.output_tokens + right.output_tokens,
    reasoning_tokens: left.reasoning_tokens + right.reasoning_tokens,
    rate_limited: left.rate_limited + right.rate_limited,
    retries: left.retries + right.retries,
    corrections: left.corrections + right.corrections,
    restarts: left.restarts + right.restarts,
    repaired: left.repaired + right.repaired,
    tool_calls: left.tool_calls + right.tool_calls,
    ...cost,
  };
}
