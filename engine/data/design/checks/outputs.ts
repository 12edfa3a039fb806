import { dropPatterns, matchesDropPattern } from "../drops.ts";
import { readVariables } from "../references.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation } from "../violation.ts";
import { columnNamed, isReferable, suggestColumn } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** Validators of code, processors, and whether anything is left of the dataset. */
export function checkOutputs(context: CheckContext): Violation[] {
  return [
    ...checkValidation(context),
    ...checkDrops(context),
    ...checkTransforms(context),
    ...checkNothingLeft(context),
  ];
}

function checkValidation(context: CheckContext): Violation[] {
  return context.design.columns.flatMap((column) => {
    if (column.column_type !== "validation" || column.validator_type !== "code") return [];
    const language = column.validator_params.code_lang;
    return column.target_columns.flatMap((name): Violation[] => {
      const target = columnNamed(context, name);
      if (target === undefined) {
        if (isReferable(context, name)) return [];
        const message = `target_columns names "${name}", which does not exist.${suggestColumn(context, name)}`;
        return [violationError("code_column_missing", column.name, message)];
      }
      if (target.column_type !== "llm-code") {
        const message = `"${name}" is a ${target.column_type} column; what it holds may not be ${language} code`;
        return [violationWarning("code_column_not_code", column.name, message)];
      }
      if (target.code_lang === language) return [];
      const message = `the validator reads ${language} and "${name}" is written in ${target.code_lang}; make both the same`;
      return [violationError("code_lang_mismatch", column.name, message)];
    });
  });
}

function checkDrops(context: CheckContext): Violation[] {
  const names = [
    ...context.plan.columns.keys(),
    ...[...context.plan.sideEffects.values()].flat(),
    ...context.brokenNames,
  ];
  return dropPatterns(context.design).flatMap((pattern): Violation[] => {
    if (names.some((name) => matchesDropPattern(pattern, name)) || context.seed === "unknown") return [];
    if (pattern.includes("*")) {
      const message = `the drop pattern "${pattern}" matches no column`;
      return [violationWarning("invalid_column", null, message)];
    }
    const message = `the column "${pattern}" to drop does not exist.${suggestColumn(context, pattern)}`;
    return [violationError("invalid_column", pattern, message)];
  });
}

function checkTransforms(context: CheckContext): Violation[] {
  return (context.design.processors ?? []).flatMap((processor) => {
    if (processor.processor_type !== "schema_transform") return [];
    return Object.entries(processor.template).flatMap(([key, value]) =>
      textsIn(value).flatMap((text): Violation[] => {
        const where = `processor "${processor.name}", ${key}`;
        const { variables, problem } = readVariables(text);
        if (problem !== undefined) return [violationError("template_syntax", null, `${where}: ${problem}`)];
        return variables
          .filter((name) => !isReferable(context, name) && context.seed !== "unknown")
          .map((name) =>
            violationError(
              "invalid_reference",
              null,
              `${where} names "${name}", which does not exist.${suggestColumn(context, name)}`,
            ),
          );
      }),
    );
  });
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function checkNothingLeft(context: CheckContext): Violation[] {
  const { design, plan } = context;
  const isAnyLeft = plan.output.length > 0 || context.brokenNames.size > 0 || context.seed === "unknown";
  if (isAnyLeft || design.columns.length === 0) return [];
  return [violationError("all_columns_dropped", null, "every column is dropped; keep at least one with drop = false")];
}
