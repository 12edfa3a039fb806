import type { DraftColumn } from "../draft.ts";

/** A field of a part of a draft as text; empty when it is missing, JSON when it is neither text nor a number. */
export function textOf(part: DraftColumn, key: string): string {
  const value = part[key];
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const SIGNS: Readonly<Record<string, string>> = { lt: "<", le: "<=", gt: ">", ge: ">=" };

/** `price <= list_price`, for a constraint that may still be wrong. */
export function draftConstraintText(constraint: DraftColumn): string {
  const operator = textOf(constraint, "operator");
  return `${textOf(constraint, "target_column")} ${SIGNS[operator] ?? operator} ${textOf(constraint, "rhs")}`;
}
