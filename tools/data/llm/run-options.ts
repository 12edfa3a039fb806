import type { AimdRules } from "../../../engine/data/llm/aimd.ts";
import type { LadderLimits } from "../../../engine/data/llm/conversation.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Random } from "../../../lib/random.ts";
import type { CellProgress } from "./cell-book.ts";
import type { CellTools } from "./cell-tools.ts";
import type { CellColumn, CellRecord, ColumnUsage, ModelLane } from "./cells.ts";
import type { Lanes } from "./lanes.ts";

export interface RunCellsOptions {
  /** What is known of each row before; LLM values are added as they come. */
  readonly records: readonly CellRecord[];
  /** Number of the first record in the whole dataset. */
  readonly firstRow: number;
  readonly columns: readonly CellColumn[];
  /** By alias; every alias of the columns must be there. */
  readonly models: ReadonlyMap<string, ModelLane>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Shared with other runs of a job, of which those with lower `order` go first; own ones when left out. */
  readonly lanes?: Lanes;
  readonly order?: number;
  /** By column name. */
  readonly tools?: ReadonlyMap<string, CellTools>;
  /** What earlier steps skipped: column to a mask over the records. */
  readonly skipped?: ReadonlyMap<string, Uint8Array>;
  /** Figures to add to, by column. */
  readonly usage?: Map<string, ColumnUsage>;
  readonly limits?: LadderLimits;
  readonly rules?: AimdRules;
  /** After each settled cell. */
  readonly onProgress?: (attempt: CellProgress) => void;
}
