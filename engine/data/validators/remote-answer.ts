import { z } from "zod";

import { type JsonSchema, checkSchema, isObject } from "../llm/json-schema.ts";
import type { ValidationResult } from "./code-result.ts";

const Answer = z.object({
  data: z.array(z.record(z.string(), z.json()).and(z.object({ is_valid: z.boolean().nullable() }))),
});

export type RemoteAnswer =
  | { readonly kind: "results"; readonly results: readonly ValidationResult[] }
  /** Why the answer cannot be used. */
  | { readonly kind: "unusable"; readonly problem: string };

/**
 * Reads what a remote validator answers: `{"data": [{"is_valid": true, …}]}`, one result for each record in order. A
 * schema that has a property `data` is of the whole answer, any other one of each result; it is checked and changes nothing. Never throws.
 */
export function readRemoteAnswer(text: string, count: number, schema: JsonSchema | null): RemoteAnswer {
  const unusable = (problem: string): RemoteAnswer => ({ kind: "unusable", problem });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return unusable(`the answer is no JSON: ${text.slice(0, 100)}`);
  }
  const parsed = Answer.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    return unusable(
      `the answer is not {"data": [{"is_valid": true or false}]}: ${where} ${issue?.message ?? ""}`.trim(),
    );
  }
  const { data } = parsed.data;
  if (data.length !== count) return unusable(`the answer has ${data.length} results for ${count} records`);
  const problem = schema === null ? undefined : schemaProblem(data, schema);
  return problem === undefined ? { kind: "results", results: data } : unusable(problem);
}

function schemaProblem(data: readonly ValidationResult[], schema: JsonSchema): string | undefined {
  const properties = schema["properties"];
  const isWhole = isObject(properties) && Object.hasOwn(properties, "data");
  for (const value of isWhole ? [{ data }] : data) {
    const [problem] = checkSchema(schema, value).problems;
    if (problem !== undefined) return `the answer does not fit output_schema: ${problem.path} ${problem.message}`;
  }
  return undefined;
}
