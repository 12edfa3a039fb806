import { planColumns } from "../../../engine/data/design/plan.ts";
import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import { type Generator, createGenerator } from "../../../engine/data/generate.ts";
import { compileSchemaTransform } from "../../../engine/data/processors/schema-transform.ts";
import type { GenerationServices } from "../generation-services.ts";
import { parseCode } from "../validators/parse-code.ts";
import { type RunRowGroup, createRowGroupRunner } from "./row-group.ts";
import type { WorkerSetup } from "./worker.ts";

export interface PrepareOptions extends WorkerSetup {
  readonly services?: GenerationServices;
  readonly onEvent?: (event: GenerationEvent) => void;
}

export interface PreparedRowGroups {
  readonly run: RunRowGroup;
  readonly models?: Generator["models"];
  readonly embeddings?: Generator["embeddings"];
}

/** Compiles the design once for many row groups. Throws `invalid_input` or `not_supported` with the column's name. */
export async function prepareRowGroups(options: PrepareOptions): Promise<PreparedRowGroups> {
  const { design, seed, seedRows, folder, services, onEvent } = options;
  const plan = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  const generator = await createGenerator({
    design,
    plan,
    seed,
    ...(seedRows === undefined ? {} : { seedRows }),
    // A thread has no services, but the parsers of this process are everywhere.
    services: services ?? { parseCode },
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const transforms = (design.processors ?? []).flatMap((processor) =>
    processor.processor_type === "schema_transform"
      ? [{ name: processor.name, apply: compileSchemaTransform(processor) }]
      : [],
  );
  const run = createRowGroupRunner({ generator, transforms, folder });
  const { models, embeddings } = generator;
  return { run, ...(models === undefined ? {} : { models }), ...(embeddings === undefined ? {} : { embeddings }) };
}
