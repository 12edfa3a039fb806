import type { Column } from "./design.ts";
import { isLlmColumn } from "./design.ts";

/** Names of the columns that come with this one: the model's messages and its reasoning. */
export function sideEffectColumns(column: Column): string[] {
  if (!isLlmColumn(column)) return [];
  const names: string[] = [];
  if (column.with_trace !== "none") names.push(`${column.name}__trace`);
  if (column.extract_reasoning_content) names.push(`${column.name}__reasoning_content`);
  return names;
}
