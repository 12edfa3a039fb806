import type { DraftColumn } from "../design/draft.ts";

/** Plain JSON as it stands in a draft. */
export type Json = DraftColumn[string];
export type JsonObject = { [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parameters of a sampler; empty for any other column. */
export function paramsOf(column: DraftColumn): JsonObject {
  const params = column["params"];
  return isObject(params) ? params : {};
}

export function nameOf(column: DraftColumn): string {
  return typeof column["name"] === "string" ? column["name"] : "";
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A value of a list as people see it. */
export function labelOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
