import type { Design } from "../../../../../engine/data/design/design.ts";
import { type Translation, checkValidator, createFeatureCheck } from "./translation.ts";

/**
 * The design as the workspaces of 2026 take it: the open-source config itself, with its defaults. Refused is what only
 * the process that wrote it has: Python functions and rows in memory. Throws `not_supported`.
 */
export function toV2Config(design: Design): Translation {
  const check = createFeatureCheck("the v2 API of the NeMo service");
  for (const column of design.columns) {
    if (column.column_type === "custom") check.refuse(column.name, "custom", "a Python function cannot be sent");
    if (column.column_type === "validation") checkValidator(column, check);
  }
  const source = design.seed_config?.source;
  if (source?.seed_type === "df") {
    check.refuse(null, "seed_config.source df", "rows in memory cannot be sent; save them as a file of the service");
  } else if (source !== undefined && source.seed_type !== "hf") {
    check.warnings.push(
      `the seed dataset is read from ${source.path ?? "a folder"} on the service's machine, not on this one`,
    );
  }
  check.finish();
  return { config: { ...design }, warnings: check.warnings };
}
