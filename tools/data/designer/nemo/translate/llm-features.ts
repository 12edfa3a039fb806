import type { Column, LlmColumn } from "../../../../../engine/data/design/design.ts";
import { type FeatureCheck, compact } from "./translation.ts";

/** Fields of every column that services before 2026 have not. */
export function checkCommon(column: Column, check: FeatureCheck): void {
  if (column.skip !== null) check.refuse(column.name, "skip", "this version makes every cell");
  if (!column.propagate_skip) check.refuse(column.name, "propagate_skip", "this version makes every cell");
}

/** Fields of columns of models that services before 2026 have not. */
export function checkLlm(column: LlmColumn, check: FeatureCheck): void {
  if (column.tool_alias !== null) check.refuse(column.name, "tool_alias", "this version's models call no tools");
  if (column.with_trace !== "none") check.refuse(column.name, "with_trace", "this version keeps no traces");
  if (column.extract_reasoning_content) {
    check.refuse(column.name, "extract_reasoning_content", "this version keeps no reasoning");
  }
}

/** Images whose kind of data is said. Source: NeMo Data Designer API 1.4.0, `ImageContext`. */
export function toContext(column: LlmColumn, check: FeatureCheck): unknown {
  return column.multi_modal_context?.map((context) => {
    if (context.modality !== "image") {
      check.refuse(column.name, `multi_modal_context ${context.modality}`, "this version shows models images only");
    } else if (context.data_type === null) {
      check.refuse(column.name, "multi_modal_context without data_type", "say url or base64");
    }
    return compact(context);
  });
}
