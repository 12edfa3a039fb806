import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type { EmbeddingModels } from "../../../engine/data/steps/embedding.ts";
import type { ColumnModelUsage } from "../../../engine/data/steps/model-cells.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Random } from "../../../lib/random.ts";
import { type ColumnUsage, emptyUsage } from "../llm/cells.ts";
import { createLane } from "../llm/lane.ts";
import type { ModelProvider } from "../llm/providers.ts";
import { embedCells } from "./embed-cells.ts";
import type { EmbeddingResult } from "./embedding-endpoint.ts";

export interface SessionEmbedder {
  readonly model: string;
  readonly provider: string;
  readonly prices: ModelProvider["prices"];
  readonly maxParallel: number;
  readonly ask: (texts: readonly string[], signal: AbortSignal) => Promise<EmbeddingResult>;
}

export interface EmbeddingSessionOptions {
  /** By alias. */
  readonly models: ReadonlyMap<string, SessionEmbedder>;
  /** Embedding column to its alias. */
  readonly aliasOf: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: (event: GenerationEvent) => void;
}

/** A reader wants to see that it goes on, not every cell. */
const REPORT_EVERY_MS = 1_000;

/** The embedding models of one generator: limits and figures are shared by all its row groups. */
export function createEmbeddingSession(options: EmbeddingSessionOptions): EmbeddingModels {
  const { models, aliasOf, clock, random, onEvent } = options;
  const usage = new Map<string, ColumnUsage>([...aliasOf.keys()].map((column) => [column, emptyUsage()]));
  const progress = new Map<string, { done: number; total: number; startedAtMs: number; toldAtMs: number }>();
  const lanes = new Map(
    [...models].map(([alias, { maxParallel }]) => [
      alias,
      createLane({
        maxParallel,
        clock,
        hasRoom: () => true,
        count: () => undefined,
        onLimit: (limit) => onEvent({ type: "throttle", alias, limit }),
      }),
    ]),
  );

  function usageOfColumn(column: string, alias: string): ColumnModelUsage {
    const figures = usage.get(column) ?? emptyUsage();
    const { model = "", provider = "", prices } = models.get(alias) ?? {};
    const cost = prices === undefined ? {} : { cost: (figures.inputTokens * prices.input_per_million) / 1_000_000 };
    return { column, alias, model, provider, ...figures, ...cost };
  }

  function report(column: string, alias: string): void {
    const now = clock.now();
    const known = progress.get(column);
    if (known === undefined) return;
    known.toldAtMs = now;
    const { done, total, startedAtMs } = known;
    const rowsPerSecond = now > startedAtMs ? Math.round((done * 1_000) / (now - startedAtMs)) : 0;
    onEvent({ type: "column_progress", column, done, total, rowsPerSecond });
    const { requests, inputTokens, outputTokens, reasoningTokens, cost } = usageOfColumn(column, alias);
    const figures = { requests, inputTokens, outputTokens, reasoningTokens, ...(cost === undefined ? {} : { cost }) };
    onEvent({ type: "model_usage", alias, ...figures });
  }

  return {
    label: [...models.values()].map(({ model, provider }) => `${model} (${provider})`).join(", "),
    usage: () => [...aliasOf].map(([column, alias]) => usageOfColumn(column, alias)),
    embed: async ({ column, cells, firstRow, signal }) => {
      const alias = aliasOf.get(column) ?? "";
      const model = models.get(alias);
      const lane = lanes.get(alias);
      const figures = usage.get(column);
      if (model === undefined || lane === undefined || figures === undefined) {
        throw new Error(`no model for the embedding column "${column}"`);
      }
      const now = clock.now();
      const known = progress.get(column) ?? { done: 0, total: 0, startedAtMs: now, toldAtMs: now };
      known.total += cells.length;
      progress.set(column, known);
      const answers = await embedCells({
        column,
        cells,
        order: firstRow,
        lane,
        ask: model.ask,
        usage: figures,
        clock,
        random,
        signal: signal ?? new AbortController().signal,
        onCells: (count) => {
          known.done += count;
          if (clock.now() - known.toldAtMs >= REPORT_EVERY_MS) report(column, alias);
        },
      });
      report(column, alias);
      return answers;
    },
  };
}
