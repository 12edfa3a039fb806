import type { ColumnPlan } from "../column-plan.ts";
import type { Column, Design } from "../design.ts";
import { suggestName } from "../nearest.ts";

/** What the checks of a design look at. */
export interface CheckContext {
  readonly design: Design;
  readonly plan: ColumnPlan;
  /** Columns whose shape could not be read: they exist, but nothing else is known of them. */
  readonly brokenNames: ReadonlySet<string>;
  /** Whether the names in the seed dataset are known, unknown, or there is no seed dataset. */
  readonly seed: "none" | "known" | "unknown";
}

/** Whether a template may name it: a column, a side-effect column, or a column that could not be read. */
export function isReferable(context: CheckContext, name: string): boolean {
  return (
    context.plan.columns.has(name) ||
    context.brokenNames.has(name) ||
    [...context.plan.sideEffects.values()].some((effects) => effects.includes(name))
  );
}

/** The column, or undefined when there is none or its shape could not be read. */
export function columnNamed(context: CheckContext, name: string): Column | undefined {
  return context.plan.columns.get(name);
}

/** ` Did you mean "price"?` or the list of columns; with a leading space. */
export function suggestColumn(context: CheckContext, name: string): string {
  return suggestName(name, visibleNames(context), "The columns are");
}

/** Names a design's author knows: without the hidden row id. */
export function visibleNames(context: CheckContext): string[] {
  const hidden = new Set(context.plan.hidden.map((column) => column.name));
  return [...context.plan.columns.keys(), ...context.brokenNames].filter((name) => !hidden.has(name));
}
