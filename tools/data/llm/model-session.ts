import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type {
  CellsRequest,
  ColumnModelUsage,
  FilledCells,
  ModelCells,
} from "../../../engine/data/steps/model-cells.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import type { CellTools } from "./cell-tools.ts";
import { type ColumnUsage, type ModelLane, emptyUsage } from "./cells.ts";
import { createLanes } from "./lanes.ts";
import { runCells } from "./run-cells.ts";

export interface SessionModel {
  readonly model: string;
  readonly provider: string;
  readonly prices: { readonly input_per_million: number; readonly output_per_million: number } | undefined;
}

export interface ModelSessionOptions {
  /** By alias. */
  readonly models: ReadonlyMap<string, SessionModel & ModelLane>;
  /** Model column to its alias. */
  readonly aliasOf: ReadonlyMap<string, string>;
  /** By column. */
  readonly tools: ReadonlyMap<string, CellTools>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: (event: GenerationEvent) => void;
}

/** A reader wants to see that it goes on, not every cell. */
const REPORT_EVERY_MS = 1_000;

/** The models of one generator: limits and figures are shared by all its row groups, also those at work at once. */
export function createModelSession(options: ModelSessionOptions): ModelCells {
  const { models, aliasOf, tools, clock, random, onEvent } = options;
  const usage = new Map<string, ColumnUsage>([...aliasOf.keys()].map((column) => [column, emptyUsage()]));
  const progress = new Map<string, { done: number; total: number; startedAtMs: number }>();
  const limitsToldAtMs = new Map<string, { atMs: number; limit: number }>();
  let reportedAtMs = clock.now();

  const lanes = createLanes({
    models,
    clock,
    onLimit: (alias, limit) => {
      const told = limitsToldAtMs.get(alias);
      const isLower = limit < (told?.limit ?? Number.POSITIVE_INFINITY);
      const isFull = limit === models.get(alias)?.maxParallel;
      const now = clock.now();
      if (!isLower && !isFull && now - (told?.atMs ?? 0) < REPORT_EVERY_MS) return;
      limitsToldAtMs.set(alias, { atMs: now, limit });
      onEvent({ type: "throttle", alias, limit });
    },
  });

  function usageOfColumn(column: string, alias: string): ColumnModelUsage {
    const figures = usage.get(column) ?? emptyUsage();
    const { model = "", provider = "", prices } = models.get(alias) ?? {};
    return { column, alias, model, provider, ...figures, ...costOf(figures, prices) };
  }

  function report(columns: Iterable<string>): void {
    const now = clock.now();
    reportedAtMs = now;
    for (const column of columns) {
      const { done, total, startedAtMs } = progress.get(column) ?? { done: 0, total: 0, startedAtMs: now };
      const rowsPerSecond = now > startedAtMs ? Math.round((done * 1_000) / (now - startedAtMs)) : 0;
      onEvent({ type: "column_progress", column, done, total, rowsPerSecond });
    }
    for (const alias of models.keys()) {
      const parts = [...aliasOf].filter(([, other]) => other === alias).map(([column]) => usageOfColumn(column, alias));
      const sum = (read: (part: ColumnModelUsage) => number): number =>
        parts.reduce((total, part) => total + read(part), 0);
      onEvent({
        type: "model_usage",
        alias,
        requests: sum((part) => part.requests),
        inputTokens: sum((part) => part.inputTokens),
        outputTokens: sum((part) => part.outputTokens),
        reasoningTokens: sum((part) => part.reasoningTokens),
        ...(parts.every((part) => part.cost === undefined) ? {} : { cost: sum((part) => part.cost ?? 0) }),
      });
    }
  }

  async function fillCells({ records, rows, columns, skipped, signal }: CellsRequest): Promise<FilledCells> {
    const names = columns.map(({ column }) => column.name);
    for (const name of names) {
      const known = progress.get(name) ?? { done: 0, total: 0, startedAtMs: clock.now() };
      progress.set(name, { ...known, total: known.total + records.length });
    }
    const run = await runCells({
      records,
      firstRow: 0,
      // Whatever order row groups come in: the first rows of the dataset are finished first.
      order: rows[0] ?? 0,
      columns,
      models,
      lanes,
      tools,
      skipped,
      usage,
      clock,
      random,
      signal: signal ?? new AbortController().signal,
      onProgress: ({ column }) => {
        const known = progress.get(column);
        if (known !== undefined) known.done += 1;
        if (clock.now() - reportedAtMs >= REPORT_EVERY_MS) report(progress.keys());
      },
    });
    report(names);
    if (run.outcome === "cancelled") signal?.throwIfAborted();
    if (run.outcome !== "complete") throw new ServiceError("model_failed", run.problem ?? "the models gave no answers");
    return { values: run.values, skipped: run.skipped, failures: run.failures };
  }

  return {
    label: [...models.values()].map(({ model, provider }) => `${model} (${provider})`).join(", "),
    fillCells,
    usage: () => [...aliasOf].map(([column, alias]) => usageOfColumn(column, alias)),
  };
}

function costOf(figures: ColumnUsage, prices: SessionModel["prices"]): { readonly cost?: number } {
  if (prices === undefined) return {};
  const { inputTokens, outputTokens } = figures;
  const { input_per_million: input, output_per_million: output } = prices;
  return { cost: (inputTokens * input + outputTokens * output) / 1_000_000 };
}
