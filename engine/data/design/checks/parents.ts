import type { SamplerColumn } from "../design.ts";
import { listNames, nearestName } from "../nearest.ts";
import { allParams } from "../references.ts";
import { violationError } from "../violation.ts";
import type { Violation } from "../violation.ts";
import { columnNamed } from "./context.ts";
import type { CheckContext } from "./context.ts";

/**
 * A subcategory's parent must be a category sampler, and its lists must be there for exactly the values the parent can
 * take, also those of the parent's conditions. A missing parent is reported with the other missing references.
 */
export function checkParent(column: SamplerColumn, context: CheckContext): Violation[] {
  if (column.sampler_type !== "subcategory") return [];
  const sets = [["params", column.params] as const, ...Object.entries(column.conditional_params)];
  return sets.flatMap(([where, params]): Violation[] => {
    const parent = columnNamed(context, params.category);
    const isEmptyList = Object.entries(params.values).flatMap(([key, list]) => (list.length === 0 ? [key] : []));
    const violations = isEmptyList.map((key) =>
      violationError(
        "subcategory_keys",
        column.name,
        `${where}: the list of "${key}" is empty; give it at least one value`,
      ),
    );
    if (parent === undefined) return violations;
    if (parent.column_type !== "sampler" || parent.sampler_type !== "category") {
      const kind = parent.column_type === "sampler" ? `${parent.sampler_type} sampler` : `${parent.column_type} column`;
      const message = `${where}: the parent "${parent.name}" is a ${kind}; it must be a category sampler`;
      return [...violations, violationError("subcategory_parent", column.name, message)];
    }
    return [...violations, ...checkKeys(where, column.name, parent, params.values)];
  });
}

function checkKeys(
  where: string,
  name: string,
  parent: SamplerColumn<"category">,
  lists: Readonly<Record<string, readonly unknown[]>>,
): Violation[] {
  const parentValues = new Set(allParams(parent).flatMap((params) => params.values.map(String)));
  const keys = Object.keys(lists);
  const missing = [...parentValues].filter((value) => !Object.hasOwn(lists, value));
  const extra = keys.filter((key) => !parentValues.has(key));
  const violations: Violation[] = [];
  if (missing.length > 0) {
    const message = `${where}: "${parent.name}" can be ${quoted(missing)}, for which there is no list; add ${missing.length === 1 ? "one" : "them"} to values`;
    violations.push(violationError("subcategory_keys", name, message));
  }
  if (extra.length > 0) {
    const near = nearestName(extra[0] ?? "", missing);
    const hint = near === undefined ? "remove it or add it to the parent's values" : `did you mean "${near}"?`;
    const message = `${where}: "${parent.name}" is never ${quoted(extra)}; ${hint}`;
    violations.push(violationError("subcategory_keys", name, message));
  }
  return violations;
}

function quoted(names: readonly string[]): string {
  return listNames(names.map((name) => `"${name}"`));
}
