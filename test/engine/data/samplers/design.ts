import { expect } from "vitest";

import type { Design } from "../../../../engine/data/design/design.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { compileSamplers, type SamplerGroup } from "../../../../engine/data/samplers/compile-samplers.ts";
import { loadPersonLibrary } from "../../../../engine/data/samplers/person-library.ts";
import { compileCells } from "../../../../engine/data/table-rows.ts";
import type { JsonValue, Table } from "../../../../engine/data/table.ts";

export interface ColumnDraft {
  readonly name: string;
  readonly sampler_type: string;
  readonly params: object;
  readonly conditional_params?: Readonly<Record<string, object>>;
  readonly convert_to?: string;
}

/** A design of sampler columns, read like a user's file. */
export function designOf(columns: readonly ColumnDraft[], constraints: readonly object[] = []): Design {
  const { design } = parseDesign({
    columns: columns.map((column) => ({ column_type: "sampler", ...column })),
    ...(constraints.length === 0 ? {} : { constraints }),
  });
  if (design === undefined) throw new Error("the test's design cannot be read");
  return design;
}

export function groupOf(
  columns: readonly ColumnDraft[],
  { constraints = [], seed = 1 }: { readonly constraints?: readonly object[]; readonly seed?: number } = {},
): SamplerGroup {
  const design = designOf(columns, constraints);
  return compileSamplers({ design, plan: planColumns(design), seed });
}

export async function personGroupOf(columns: readonly ColumnDraft[], seed = 1): Promise<SamplerGroup> {
  const design = designOf(columns);
  return compileSamplers({ design, plan: planColumns(design), seed, persons: await loadPersonLibrary(design) });
}

/** The values of one column, as the dataset shows them. */
export function shown(table: Table, name: string): readonly JsonValue[] {
  const column = table.columns.get(name);
  expect(column, `column ${name}`).toBeDefined();
  if (column === undefined) return [];
  const cell = compileCells(column);
  return Array.from({ length: table.rowCount }, (_, row) => cell(row));
}

/** The numbers of one column: its values, or Unix seconds. */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = table.columns.get(name);
  if (column?.type === "int" || column?.type === "float") return column.values;
  if (column?.type === "time") return column.seconds;
  throw new Error(`${name} is no column of numbers`);
}

/** A cell as text; anything but text as JSON. */
export function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
