import { type JsonSchema, nameOfReference } from "./json-schemas.ts";

/**
 * A value that the schema describes: its own example, or one made of those of its parts. Optional fields are there when an
 * example was written for them. Deterministic; the depth is bounded, as schemas may refer to themselves.
 */
export function exampleOf(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>, depth = 0): unknown {
  const part = (inner: JsonSchema): unknown => (depth > 8 ? null : exampleOf(inner, components, depth + 1));
  const written = schema.examples?.[0] ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (written !== undefined) return written;
  if (schema.$ref !== undefined) return part(components[nameOfReference(schema.$ref)] ?? {});
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return part(options.find(({ type }) => type !== "null") ?? {});
  switch ([schema.type].flat()[0]) {
    case "object": {
      const { properties = {}, required = [] } = schema;
      const shown = Object.entries(properties).filter(
        ([name, property]) => required.includes(name) || (property.examples?.length ?? 0) > 0,
      );
      return Object.fromEntries(shown.map(([name, property]) => [name, part(property)]));
    }
    case "array":
      if (schema.prefixItems !== undefined) return schema.prefixItems.map(part);
      return schema.items === undefined ? [] : [part(schema.items)];
    case "string":
      return schema.format === "date-time" ? "2026-11-20T09:30:00.000Z" : "text";
    case "integer":
    case "number":
      return Math.max(0, schema.minimum ?? 0);
    case "boolean":
      return true;
    case undefined:
      return {};
    default:
      return null;
  }
}
