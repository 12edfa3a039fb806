import type { IncomingHttpHeaders } from "node:http";

import { z } from "zod";

import type { OpenApi, Operation, ResponseObject } from "./fuzz-requests.ts";
import type { JsonSchema } from "./fuzz-values.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** False when the answer was left after its first part, as streams without an end are. */
  readonly isWhole: boolean;
}

/**
 * What an answer has that the document does not allow for the operation: its status, its media type, its body or a header.
 * Undefined when all is as declared. The `default` of an operation is for a service that fails, so it excuses no answer here;
 * it is what a path that leads to no operation gets.
 */
export type AnswerCheck = (operation: Operation | undefined, answer: Answer) => string | undefined;

export function createAnswerCheck(document: OpenApi): AnswerCheck {
  const schemas = new Map<JsonSchema, z.ZodType>();
  const zodOf = (schema: JsonSchema): z.ZodType => {
    const known = schemas.get(schema);
    if (known !== undefined) return known;
    const { schemas: components } = document.components;
    // References of OpenAPI as plain JSON Schema has them.
    const text = JSON.stringify({ ...schema, $defs: components }).replaceAll("#/components/schemas/", "#/$defs/");
    // The interface names the part of JSON Schema that the generator of values reads.
    const made = z.fromJSONSchema(JSON.parse(text) as z.core.JSONSchema.JSONSchema, { registry: z.registry() });
    schemas.set(schema, made);
    return made;
  };
  const misfit = (schema: JsonSchema, value: unknown, what: string): string | undefined => {
    const { error } = zodOf(schema).safeParse(value);
    return error === undefined ? undefined : `${what} is not what its schema says: ${z.prettifyError(error)}`;
  };

  return (operation, { status, headers, text, isWhole }) => {
    const declared =
      operation === undefined ? document.components.responses["Failure"] : operation.spec.responses[status];
    if (declared === undefined) return `${status} is not declared: ${text.slice(0, 300)}`;
    const { content, headers: declaredHeaders = {} } = resolve(document, declared);
    for (const [name, { schema }] of Object.entries(declaredHeaders)) {
      const value = headers[name.toLowerCase()];
      const problem = value === undefined ? undefined : misfit(schema, value, `the header ${name} (${String(value)})`);
      if (problem !== undefined) return `${status} ${problem}`;
    }
    if (content === undefined) return text === "" ? undefined : `${status} is to have no body: ${text.slice(0, 300)}`;
    const type = String(headers["content-type"]).split(";", 1)[0] ?? "";
    const media = content[type];
    if (media === undefined) return `${status} is not declared as ${type}: ${text.slice(0, 300)}`;
    if (!isWhole || media.schema === undefined) return undefined;
    const shown = `${status} ${type} (${text.slice(0, 300)})`;
    try {
      if (!/\b(jsonl|x-ndjson)$/.test(type))
        return misfit(media.schema, type.endsWith("json") ? JSON.parse(text) : text, shown);
      for (const line of text.trimEnd().split("\n")) if (line !== "") JSON.parse(line);
      return misfit(media.schema, text, shown);
    } catch (error) {
      return `${shown} cannot be read: ${String(error)}`;
    }
  };
}

function resolve(document: OpenApi, response: ResponseObject | { readonly $ref: string }): ResponseObject {
  if (!("$ref" in response)) return response;
  const named = document.components.responses[response.$ref.split("/").at(-1) ?? ""];
  if (named === undefined) throw new Error(`${response.$ref} is not in the document`);
  return named;
}

/**
 * The operation that a path leads to: as far to the left as they differ, a part as it is goes before a parameter. None when
 * a part cannot be decoded.
 */
export function operationAt(operations: readonly Operation[], method: string, target: string): Operation | undefined {
  const parts = (target.split("?", 1)[0] ?? "").split("/");
  if (!parts.every(canDecode)) return undefined;
  const fits = operations.filter((operation) => {
    const template = operation.path.split("/");
    return (
      operation.method === method &&
      template.length === parts.length &&
      template.every((part, index) => part.startsWith("{") || part === parts[index])
    );
  });
  return fits.sort((left, right) => (left.path < right.path ? -1 : 1)).at(0);
}

function canDecode(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
