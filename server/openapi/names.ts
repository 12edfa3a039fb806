import type { z } from "zod";

/**
 * Schemas that stand under a name in the OpenAPI document. A list of its own rather than zod's: tools describe their schemas
 * to models, where a name would turn them into references.
 */
export const namedSchemas: ReadonlyMap<string, z.ZodType> = new Map();

/** Gives a schema its name in the document, and is the schema. A copy of it, such as `.describe()` makes, has none. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  const present = namedSchemas.get(id);
  if (present !== undefined && present !== schema) throw new Error(`two schemas are named ${id}`);
  // Only here may it be written to.
  (namedSchemas as Map<string, z.ZodType>).set(id, schema);
  return schema;
}
