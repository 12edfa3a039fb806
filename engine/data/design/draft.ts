import { z } from "zod";

import { Column } from "./design.ts";
import { parseDesign } from "./parse-design.ts";
import { Constraint } from "./parts.ts";
import { columnReferences, constraintText } from "./references.ts";
import type { ReferenceKind } from "./references.ts";
import { sideEffectColumns } from "./side-effects.ts";
import { validateDesign } from "./validate.ts";
import type { Violation } from "./violation.ts";

/** Most rows that a design may ask for; a job of more is split by whoever wants it. */
export const MAX_RECORDS = 100_000_000;

const Part = z.record(z.string(), z.json());
const PartList = z.array(Part).nullable().optional();

/**
 * A design while it is made: the design file format, which may still have holes, and how much of it is wanted. Plain
 * JSON, so that it can be kept in a thread and sent along with a request. Null means not said yet.
 */
export const DesignDraft = z.object({
  name: z.string().max(200).nullable().default(null).describe("Name of the dataset"),
  num_records: z.number().int().min(1).max(MAX_RECORDS).nullable().default(null).describe("Rows to generate"),
  seed: z
    .union([z.number().int(), z.string().max(200)])
    .nullable()
    .default(null)
    .describe("Same seed, same rows; drawn by the job when null"),
  config: z
    .strictObject({
      columns: z.array(Part).default([]),
      model_configs: PartList,
      tool_configs: PartList,
      seed_config: Part.nullable().optional(),
      constraints: PartList,
      profilers: PartList,
      processors: PartList,
    })
    .default({ columns: [] })
    .describe("The design in its file format"),
});
export type DesignDraft = z.infer<typeof DesignDraft>;

/** A column as it stands in a draft: the file format, which may still be wrong. */
export type DraftColumn = DesignDraft["config"]["columns"][number];

export function emptyDraft(start: Partial<Omit<DesignDraft, "config">> = {}): DesignDraft {
  const { name = null, num_records = null, seed = null } = start;
  return { name, num_records, seed, config: { columns: [] } };
}

export interface DraftCheck {
  /** Everything that is wrong so far, errors first; that there are no columns yet is only missing. */
  readonly violations: readonly Violation[];
  /** What has still to be said or added before rows can be made, one phrase each. */
  readonly missing: readonly string[];
}

/** What is wrong with a draft and what it still lacks. Never throws. */
export function checkDraft(draft: DesignDraft): DraftCheck {
  const { config } = draft;
  const isEmpty = config.columns.length === 0 && (config.seed_config ?? null) === null;
  const missing = [
    ...(isEmpty ? ["columns: none yet"] : []),
    ...(draft.num_records === null ? ["num_records: how many rows are wanted"] : []),
    ...missingColumns(draft),
  ];
  const parsed = parseDesign(config);
  if (parsed.design === undefined) return { violations: parsed.violations, missing };
  const violations = validateDesign(parsed.design);
  // Once the shape is right, the only field that a design as a whole can lack is its columns.
  const isAboutNoColumns = (one: Violation): boolean => one.type === "missing_field" && one.column === null;
  return { violations: violations.filter((one) => !isAboutNoColumns(one)), missing };
}

/** A seed dataset may have these names, but a condition, a parent and a time are always sampler columns. */
const NEVER_FROM_SEED: readonly ReferenceKind[] = ["condition", "parent", "time_reference", "constraint"];

/** `column "order_date", which "ship_date" needs for its reference column`. */
function missingColumns({ config }: DesignDraft): string[] {
  const columns = config.columns.flatMap((column) => {
    const parsed = Column.safeParse(column);
    return parsed.success ? [parsed.data] : [];
  });
  const known = new Set([...config.columns.map((column) => column["name"]), ...columns.flatMap(sideEffectColumns)]);
  const hasSeed = (config.seed_config ?? null) !== null;
  const needs = columns.flatMap((column) =>
    columnReferences(column)
      .references.filter(({ kind }) => !hasSeed || NEVER_FROM_SEED.includes(kind))
      .map(({ name, where }) => ({ name, why: `which "${column.name}" needs for ${where}` })),
  );
  for (const item of config.constraints ?? []) {
    const parsed = Constraint.safeParse(item);
    if (!parsed.success) continue;
    const constraint = parsed.data;
    const names = [constraint.target_column];
    if (constraint.constraint_type === "column_inequality") names.push(constraint.rhs);
    needs.push(...names.map((name) => ({ name, why: `which the constraint ${constraintText(constraint)} needs` })));
  }
  const first = new Map<string, string>();
  for (const { name, why } of needs) if (!known.has(name) && !first.has(name)) first.set(name, why);
  return [...first].map(([name, why]) => `column "${name}", ${why}`);
}
