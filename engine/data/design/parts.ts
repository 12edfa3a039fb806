import { z } from "zod";

import { configObject } from "./object-schema.ts";

const Operator = z.enum(["lt", "le", "gt", "ge"]);
export type InequalityOperator = z.infer<typeof Operator>;

const NumberOrNumeric = z.preprocess((value) => (isNumeric(value) ? Number(value) : value), z.number());

/** The value of `target_column` compared with a number. */
export const ScalarInequality = configObject({
  constraint_type: z.literal("scalar_inequality"),
  target_column: z.string().min(1),
  operator: Operator,
  rhs: NumberOrNumeric,
});

/** The value of `target_column` compared with that of the column `rhs` in the same row. */
export const ColumnInequality = configObject({
  constraint_type: z.literal("column_inequality"),
  target_column: z.string().min(1),
  operator: Operator,
  rhs: z.string().min(1),
});

/**
 * Constraints of old configs have no `constraint_type`: a right-hand side that is a number, or text that reads as a
 * finite one, makes it scalar, any other text names a column.
 */
export const Constraint = z.preprocess(
  (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || "constraint_type" in value) return value;
    const isColumn = "rhs" in value && typeof value.rhs === "string" && !isNumeric(value.rhs);
    return { ...value, constraint_type: isColumn ? "column_inequality" : "scalar_inequality" };
  },
  z.discriminatedUnion("constraint_type", [ScalarInequality, ColumnInequality]),
);
export type Constraint = z.infer<typeof Constraint>;

/** Names may hold `*`, which stands for any letters. */
export const DropColumnsProcessor = configObject({
  processor_type: z.literal("drop_columns"),
  name: z.string().min(1),
  column_names: z.array(z.string().min(1)),
});

/** Writes a second dataset: each key of `template` becomes a column, its texts are templates over the row. */
export const SchemaTransformProcessor = configObject({
  processor_type: z.literal("schema_transform"),
  name: z.string().min(1),
  template: z.record(z.string(), z.json()),
});

export const Processor = z.discriminatedUnion("processor_type", [DropColumnsProcessor, SchemaTransformProcessor]);
export type Processor = z.infer<typeof Processor>;

/** Python's `float(text)` also reads `1e3`, `+5` and ` 5 `, but no hexadecimal number and no empty text. */
function isNumeric(value: unknown): boolean {
  return typeof value === "string" && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value);
}
