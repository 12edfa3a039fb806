import type { Column, SamplerColumn } from "./design.ts";
import type { Violation } from "./violation.ts";

/** Columns that are generated together: all seed columns, all samplers, then each other column alone. */
export interface PlanGroup {
  readonly kind: "seed" | "samplers" | "column";
  readonly columns: readonly string[];
}

/** The order in which a design's columns are generated. */
export interface ColumnPlan {
  /** Every column once, after all it needs: seed columns, samplers, others. Side-effect columns are not in it. */
  readonly order: readonly string[];
  readonly groups: readonly PlanGroup[];
  /** The samplers in their inner order. */
  readonly samplers: readonly string[];
  /** Every column by name, in dataset order; seed columns and the hidden row id are in it though no design lists them. */
  readonly columns: ReadonlyMap<string, Column>;
  /** The columns each column needs directly, without those that do not exist. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  /** Extra columns that an LLM column makes beside its own, for example `review__trace`; absent when there are none. */
  readonly sideEffects: ReadonlyMap<string, readonly string[]>;
  /** Columns that are generated and then taken out: `drop`, drop processors, the hidden row id. In dataset order. */
  readonly dropped: readonly string[];
  /** Columns of the finished dataset in order, side effects after their column, without the dropped ones. */
  readonly output: readonly string[];
  /** Columns the plan adds: the row id when a design has neither sampler nor seed. */
  readonly hidden: readonly SamplerColumn[];
  /** One error for each cycle. A plan with errors must not be run. */
  readonly violations: readonly Violation[];
}

/** Names of the columns in the seed dataset, when they are known. */
export interface PlanOptions {
  readonly seedColumns?: readonly string[];
}

/** Generated when nothing else says how many rows there are; never in the finished dataset. */
export const INTERNAL_ROW_ID = "_internal_row_id";
