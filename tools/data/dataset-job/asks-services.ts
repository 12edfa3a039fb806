import { type Design, isLlmColumn } from "../../../engine/data/design/design.ts";
import type { GenerationServices } from "../generation-services.ts";

/** Whether making the design's rows asks something outside of this process. */
export function asksServices(design: Design, { models }: GenerationServices): boolean {
  return design.columns.some((column) => {
    if (column.column_type === "validation") return column.validator_type === "remote";
    return column.column_type === "embedding" || (models !== undefined && isLlmColumn(column));
  });
}
