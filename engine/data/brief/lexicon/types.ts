import { z } from "zod";

/** What a field's values are; decides which wishes ("between", "share", "after") fit it. */
export const FieldKind = z.enum([
  "id",
  "category",
  "integer",
  "number",
  "money",
  "date",
  "datetime",
  "boolean",
  "person",
  "text",
  "code",
  "expression",
  "duration",
  "geo",
]);
export type FieldKind = z.infer<typeof FieldKind>;

const Id = z.string().regex(/^[a-z][a-z0-9_]*$/);

/** Lower case, singular, without hyphens: the form that `normaliseWords` gives. */
const Phrases = z.array(z.string().regex(/^[a-z0-9&+/.% ]+$/));

/**
 * A column in the design file's format. In all its texts and keys `@field_id` stands for the name of that field's main
 * column and `@self` for the name of this one.
 */
export const FieldColumn = z.looseObject({
  role: z.enum(["main", "helper"]).default("main"),
  name: Id,
  column_type: z.string(),
});
export type FieldColumn = z.infer<typeof FieldColumn>;

const Operator = z.enum(["lt", "le", "gt", "ge"]);

/** As in a design: `rhs` is a number, or `@field_id`. */
export const FieldConstraint = z.object({
  target_column: z.string(),
  operator: Operator,
  rhs: z.union([z.number(), z.string()]),
});
export type FieldConstraint = z.infer<typeof FieldConstraint>;

export const FieldEntry = z.object({
  id: Id,
  /** Phrases that mean the field; empty for a field that exists only to be needed by others. */
  words: Phrases,
  title: z.string(),
  kind: FieldKind,
  columns: z.array(FieldColumn).min(1),
  /** Fields that must be present; hidden ones (`drop: true`) when nobody asked for them. */
  needs: z.array(Id).default([]),
  constraints: z.array(FieldConstraint).default([]),
});
export type FieldEntry = z.infer<typeof FieldEntry>;

const Params = z.record(z.string(), z.json());

/** What holds between the fields of a domain. It counts when all fields it names are in the design. */
export const Relation = z.discriminatedUnion("type", [
  /** `field` becomes a time `min` to `max` (both inclusive) units after `reference`. */
  z.object({
    type: z.literal("after"),
    field: Id,
    reference: Id,
    min: z.number().int().min(0),
    max: z.number().int().min(1),
    unit: z.enum(["D", "h", "m", "s"]),
  }),
  z.object({ type: z.literal("compare"), field: Id, operator: Operator, rhs: z.union([z.number(), z.string()]) }),
  /** `field` is computed from others: `{{ @unit_price * @quantity }}`. */
  z.object({
    type: z.literal("expression"),
    field: Id,
    expr: z.string(),
    dtype: z.enum(["int", "float", "str", "bool"]),
  }),
  /** Where the condition over sampler columns holds, the parameters of `field` change. */
  z.object({ type: z.literal("conditional"), field: Id, when: z.string(), params: Params }),
]);
export type Relation = z.infer<typeof Relation>;

export const DomainEntry = z.object({
  id: Id,
  words: Phrases.min(1),
  title: z.string(),
  /** The default columns, in order. */
  fields: z.array(Id).min(1),
  /** Parameters of fields that differ from the field's own, by field. */
  overrides: z.record(Id, Params).default({}),
  /** Column names that differ from the field's own, by field. */
  names: z.record(Id, Id).default({}),
  relations: z.array(Relation).default([]),
});
export type DomainEntry = z.infer<typeof DomainEntry>;
