import type { ColumnPlan } from "../design/column-plan.ts";
import { type Column, type LlmColumn, isLlmColumn } from "../design/design.ts";

/** One column alone, or model columns that are asked for together. */
export type Stage =
  | { readonly kind: "column"; readonly column: Column }
  | { readonly kind: "models"; readonly columns: readonly LlmColumn[] };

/**
 * Puts the columns that are neither sampled nor read into stages. What needs no model and is ready goes first, so that a row that is
 * dropped for it costs no request; then all model columns that wait for nothing but each other go together.
 */
export function stageColumns(plan: Pick<ColumnPlan, "groups" | "columns" | "upstream">): Stage[] {
  let waiting = plan.groups
    .filter(({ kind }) => kind === "column")
    .flatMap(({ columns }) => columns)
    .flatMap((name) => plan.columns.get(name) ?? []);
  const open = new Set(waiting.map(({ name }) => name));
  const isReady = ({ name }: Column): boolean => (plan.upstream.get(name) ?? []).every((need) => !open.has(need));
  const stages: Stage[] = [];
  while (waiting.length > 0) {
    const before = waiting.length;
    // The plan's order has each column after those it needs, so one pass takes all that is ready.
    waiting = waiting.filter((column) => {
      if (isLlmColumn(column) || !isReady(column)) return true;
      stages.push({ kind: "column", column });
      open.delete(column.name);
      return false;
    });
    const together: LlmColumn[] = [];
    waiting = waiting.filter((column) => {
      if (!isLlmColumn(column) || !isReady(column)) return true;
      together.push(column);
      open.delete(column.name);
      return false;
    });
    if (together.length > 0) stages.push({ kind: "models", columns: together });
    if (waiting.length === before) throw new Error("columns that need each other cannot be staged");
  }
  return stages;
}
