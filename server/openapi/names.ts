import { z } from "zod";

/**
 * Names under which schemas stand in the OpenAPI document. A registry of its own: tools describe their schemas to models,
 * where a name would turn them into references.
 */
export const wireNames = z.registry<{ readonly id: string }>();

/** Gives a schema its name in the document, and is the schema. A copy of it, such as `.describe()` makes, has none. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  wireNames.add(schema, { id });
  return schema;
}
