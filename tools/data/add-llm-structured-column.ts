import { z } from "zod";

import { objectField } from "./design-tools/fields.ts";
import type { JsonObject } from "./design-tools/fields.ts";
import { defineLlmTool, LLM_FIELDS } from "./design-tools/llm-tool.ts";

export const addLlmStructuredColumn = defineLlmTool({
  name: "add_llm_structured_column",
  title: "Add a column of written JSON",
  description:
    "Add a column of JSON objects that a language model writes for each row; later columns reach their fields with {{ column.field }}.",
  example: {
    name: "ticket",
    prompt: "Write a support ticket about {{ product }}.",
    output_format: {
      type: "object",
      properties: { title: { type: "string" }, urgent: { type: "boolean" } },
      required: ["title", "urgent"],
    },
  },
  input: z.object({
    ...LLM_FIELDS,
    output_format: objectField(
      "JSON Schema of the object, or a map from field to type (string, integer, number, boolean)",
    ),
  }),
  column: ({ output_format, ...fields }) => ({
    column_type: "llm-structured",
    ...fields,
    output_format: toJsonSchema(output_format),
  }),
});

const TYPES = ["string", "integer", "number", "boolean", "array", "object"];

/** `{"title": "string"}` as the JSON Schema that it stands for. */
function toJsonSchema(given: JsonObject): JsonObject {
  const fields = Object.entries(given);
  const isShorthand = fields.length > 0 && fields.every(([, type]) => typeof type === "string" && TYPES.includes(type));
  if (!isShorthand || TYPES.some((type) => given["type"] === type && fields.length === 1)) return given;
  const properties = Object.fromEntries(fields.map(([key, type]) => [key, { type }]));
  return { type: "object", properties, required: Object.keys(properties) };
}
