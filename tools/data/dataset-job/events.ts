import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type { DatasetProfile } from "../../../engine/data/profile/profile.ts";
import type { RowFailure } from "../../../engine/data/row-generator.ts";

/** What a job tells while it works. The last event is `run_finished`, whatever the outcome. */
export type JobEvent =
  | {
      readonly type: "run_started";
      readonly configHash: string;
      readonly target: number;
      readonly columns: readonly string[];
      /** Rows that an earlier run of the same job had finished. */
      readonly resumedRows: number;
    }
  | { readonly type: "row_group_started"; readonly id: number; readonly rows: number }
  | {
      readonly type: "row_group_finished";
      readonly id: number;
      readonly rows: number;
      readonly dropped: number;
      /** Finished rows of the whole job, and how many are wanted. */
      readonly done: number;
      readonly target: number;
      readonly rowsPerSecond: number;
      /** Absent before the first figure is known. */
      readonly etaSeconds?: number;
    }
  /** At most `MAX_REPORTED_FAILURES` in a job; the count of all is in the metadata. */
  | ({ readonly type: "row_failed" } & RowFailure)
  | { readonly type: "log"; readonly level: "info" | "warning" | "error"; readonly message: string }
  | GenerationEvent
  | { readonly type: "analysis"; readonly profile: DatasetProfile }
  | {
      readonly type: "run_finished";
      readonly status: "completed" | "error" | "cancelled";
      readonly target: number;
      readonly actual: number;
    };

export const MAX_REPORTED_FAILURES = 100;
