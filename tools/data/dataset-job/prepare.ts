import { planColumns } from "../../../engine/data/design/plan.ts";
import { createGenerator } from "../../../engine/data/generate.ts";
import { compileSchemaTransform } from "../../../engine/data/processors/schema-transform.ts";
import { type RunRowGroup, createRowGroupRunner } from "./row-group.ts";
import type { WorkerSetup } from "./worker.ts";

/** Compiles the design once for many row groups. Throws `invalid_input` or `not_supported` with the column's name. */
export async function prepareRowGroups({ design, seed, seedRows, folder }: WorkerSetup): Promise<RunRowGroup> {
  const plan = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  const generator = await createGenerator({ design, plan, seed, ...(seedRows === undefined ? {} : { seedRows }) });
  const transforms = (design.processors ?? []).flatMap((processor) =>
    processor.processor_type === "schema_transform"
      ? [{ name: processor.name, apply: compileSchemaTransform(processor) }]
      : [],
  );
  return createRowGroupRunner({ generator, transforms, folder });
}
