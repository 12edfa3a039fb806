/** What generation tells while it waits for models. Counts are of the whole generator, from its start. */
export type GenerationEvent =
  | {
      readonly type: "column_progress";
      readonly column: string;
      /** Cells with a value, a skip or a failure, of all cells that were begun so far. */
      readonly done: number;
      readonly total: number;
      readonly rowsPerSecond: number;
    }
  | {
      readonly type: "model_usage";
      readonly alias: string;
      readonly requests: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      /** In the currency of the provider's prices; absent when they are not known. */
      readonly cost?: number;
    }
  /** What a reader should know though no row is lost for it. */
  | { readonly type: "log"; readonly level: "info" | "warning"; readonly message: string }
  /** How many requests of a model may be in flight from now on. */
  | { readonly type: "throttle"; readonly alias: string; readonly limit: number };
