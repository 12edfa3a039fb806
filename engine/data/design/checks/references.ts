import type { Column } from "../design.ts";
import { isLlmColumn } from "../design.ts";
import { columnReferences } from "../references.ts";
import type { Reference, ReferenceKind } from "../references.ts";
import { sideEffectColumns } from "../side-effects.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation, ViolationType } from "../violation.ts";
import { isReferable, suggestColumn, visibleNames } from "./context.ts";
import type { CheckContext } from "./context.ts";

const MISSING_TYPES: Readonly<Record<ReferenceKind, ViolationType>> = {
  prompt: "invalid_reference",
  system_prompt: "invalid_reference",
  context: "invalid_reference",
  target: "invalid_reference",
  expression: "expression_reference_missing",
  skip: "skip_reference_missing",
  condition: "condition_reference_missing",
  parent: "subcategory_parent",
  time_reference: "timedelta_reference",
  constraint: "constraint_reference_missing",
};

/** Templates that cannot be read, names in them that do not exist, and prompts that are probably meant otherwise. */
export function checkReferences(context: CheckContext): Violation[] {
  return context.design.columns.flatMap((column) => {
    const { references, broken } = columnReferences(column);
    return [
      ...broken.map(({ where, message }) =>
        violationError("template_syntax", column.name, `${where} cannot be read: ${message}`),
      ),
      ...unique(references).flatMap((reference) => checkReference(column, reference, context)),
      ...checkSkip(
        column,
        references,
        broken.some(({ kind }) => kind === "skip"),
      ),
      ...checkPrompts(
        column,
        references,
        broken.some(({ kind }) => kind === "prompt"),
        context,
      ),
    ];
  });
}

function checkReference(column: Column, { name, kind, where }: Reference, context: CheckContext): Violation[] {
  // The target of a code validator has a violation type of its own, see `checkValidation`.
  const isCodeTarget = kind === "target" && column.column_type === "validation" && column.validator_type === "code";
  if (isCodeTarget) return [];
  const type = MISSING_TYPES[kind];
  if (isReferable(context, name)) {
    const target = context.plan.columns.get(name);
    if (kind !== "condition" || target === undefined || target.column_type === "sampler") return [];
    const message = `${where} names "${name}", which is not a sampler column; conditions can look at other samplers only`;
    return [violationError(type, column.name, message)];
  }
  const isSelf = kind === "skip" && [column.name, ...sideEffectColumns(column)].includes(name);
  if (isSelf) return [];
  const canBeSeed = context.seed === "unknown" && !["condition", "parent", "time_reference"].includes(kind);
  if (canBeSeed) {
    const message = `${where} names "${name}", which is no column of the design; the seed dataset must have it`;
    return [violationWarning(type, column.name, message)];
  }
  const message = `${where} names "${name}", which does not exist.${suggestColumn(context, name)}`;
  return [violationError(type, column.name, message)];
}

function checkSkip(column: Column, references: readonly Reference[], isBroken: boolean): Violation[] {
  if (column.skip === null) return [];
  const { name } = column;
  if (column.column_type === "sampler" || column.column_type === "seed-dataset") {
    const message = `skip is not possible on a ${column.column_type} column, which is generated together with the others of its kind; remove it or move the condition to a later column`;
    return [violationError("skip_on_sampler_seed", name, message)];
  }
  if (isBroken) return [];
  const names = references.filter(({ kind }) => kind === "skip").map((reference) => reference.name);
  if (names.length === 0) {
    const message = `skip.when "${column.skip.when}" names no column; write it with braces, for example {{ in_stock == 0 }}`;
    return [violationError("invalid_value", name, message)];
  }
  // A column that waits for itself is a circle of one, which the plan names.
  return [];
}

function checkPrompts(
  column: Column,
  references: readonly Reference[],
  isBroken: boolean,
  context: CheckContext,
): Violation[] {
  if (!isLlmColumn(column) && column.column_type !== "image") return [];
  const violations: Violation[] = [];
  const hasReference = references.some(({ kind }) => kind === "prompt" || kind === "context");
  if (!hasReference && !isBroken) {
    const message =
      "the prompt names no column, so every row gets the same prompt; use at least one, for example {{ topic }}";
    violations.push(violationWarning("prompt_without_references", column.name, message));
  }
  const known = new Set(visibleNames(context));
  const prompts = [
    ["prompt", column.prompt],
    ["system_prompt", isLlmColumn(column) ? column.system_prompt : null],
  ] as const;
  for (const [field, text] of prompts) {
    const names = singleBraceNames(text ?? "").filter((name) => known.has(name));
    if (names.length === 0) continue;
    const list = names.map((name) => `{${name}}`).join(", ");
    const message = `${field} has ${list} in single braces, which stays as it is; write {{ ${names[0]} }}`;
    violations.push(violationWarning("f_string_syntax", column.name, message));
  }
  return violations;
}

/** Names in `{name}`, `{name!r}` and `{name:>5}` that are not `{{ name }}`. */
function singleBraceNames(text: string): string[] {
  const matches = text.matchAll(/(?<!\{)\{([^{}!:%]+)(?:![sra])?(?::[^{}]*)?\}(?!\})/g);
  return [...new Set([...matches].map((match) => (match[1] ?? "").trim()))];
}

/** One entry for each name and place, however often a template says it. */
function unique(references: readonly Reference[]): Reference[] {
  return [...new Map(references.map((reference) => [`${reference.where}\n${reference.name}`, reference])).values()];
}
