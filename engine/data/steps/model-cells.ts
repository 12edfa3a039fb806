import type { Design } from "../design/design.ts";
import type { GenerationEvent } from "../generation-events.ts";
import type { LlmColumn } from "../llm/column.ts";
import type { RenderedPrompt } from "../llm/prompt.ts";
import type { JsonValue } from "../table.ts";
import type { ToolCaller } from "./services.ts";

export type CellRecord = Readonly<Record<string, JsonValue>>;

/** A model column as whoever asks the models needs it. */
export interface CellColumn {
  readonly column: LlmColumn;
  readonly alias: string;
  /** Columns of the same request that must be there first; they form no cycle. Others are in the records. */
  readonly dependsOn: readonly string[];
  /** Renders the prompts for a record; what it throws is reported as the cell's failure. */
  readonly render: (record: CellRecord) => RenderedPrompt;
  /** Asked once all needed cells are there; `wasSkipped` knows columns of this request and of earlier steps. */
  readonly isSkipped?: (record: CellRecord, wasSkipped: (name: string) => boolean) => boolean;
  /** The value of a skipped cell; null when left out. */
  readonly skipValue?: JsonValue;
}

export interface CellsRequest {
  readonly records: readonly CellRecord[];
  /** Numbers of the records in the whole dataset, ascending. */
  readonly rows: ArrayLike<number>;
  readonly columns: readonly CellColumn[];
  /** By column and record: 1 where an earlier step skipped the cell. */
  readonly skipped: ReadonlyMap<string, Uint8Array>;
  readonly signal?: AbortSignal;
}

export interface FilledCells {
  /** Column and side column to its cells by record; undefined where the cell failed. */
  readonly values: ReadonlyMap<string, readonly (JsonValue | undefined)[]>;
  readonly skipped: ReadonlyMap<string, Uint8Array>;
  /** Every cell has a value or one row here; `row` counts within the records. */
  readonly failures: readonly {
    readonly row: number;
    readonly column: string;
    /** `upstream`: failed only because a cell that it needs did. */
    readonly kind: string;
    readonly message: string;
  }[];
}

/** What a model column has cost so far. */
export interface ColumnModelUsage {
  readonly column: string;
  readonly alias: string;
  readonly model: string;
  readonly provider: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Answers with 429. */
  readonly rateLimited: number;
  /** Requests sent again after a gateway error, another 5xx, a timeout or a torn connection. */
  readonly retries: number;
  /** Answers that could not be used and were asked for again. */
  readonly corrections: number;
  readonly restarts: number;
  /** Values that were used after a repair. */
  readonly repaired: number;
  readonly toolCalls: number;
  /** Absent when the prices are not known. */
  readonly cost?: number;
}

/** The models of one generator. */
export interface ModelCells {
  /** Says in the dataset's metadata who wrote the columns of models. */
  readonly label: string;
  /**
   * Asks for every cell. Rejects with `model_failed` when an endpoint is down, or most cells fail for good; with the
   * signal's reason when it aborts.
   */
  fillCells(request: CellsRequest): Promise<FilledCells>;
  usage(): readonly ColumnModelUsage[];
}

export interface ModelOpener {
  /**
   * Finds the endpoint of every model column. Throws `invalid_input` for a provider that nobody configured, `not_supported` for tools that
   * cannot be called.
   */
  open(options: {
    readonly design: Design;
    readonly tools: ToolCaller | undefined;
    readonly onEvent: (event: GenerationEvent) => void;
  }): Promise<ModelCells>;
}
