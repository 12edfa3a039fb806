import type { Expression, Template } from "./ast.ts";
import { compileBody } from "./compile-body.ts";
import { compileExpression, Scope } from "./compile.ts";
import { templateError } from "./errors.ts";
import { parseTemplate } from "./parse.ts";
import { checkKnown, startRuntime, type TemplateOptions, type TemplateRecord } from "./record.ts";
import { isTrue } from "./values.ts";

/**
 * A condition without braces, such as `age > 21`. It holds when its text would be `True`; an undefined value does not.
 * Throws ServiceError when the source is not one expression; the function throws it when the condition fails.
 */
export function compileCondition(source: string, options: TemplateOptions = {}): (record: TemplateRecord) => boolean {
  if (/^\s*\{[{%]/.test(source))
    throw templateError(source, 0, "a condition is written without braces, as in `age > 21`");
  const template = parseTemplate(`{{ ${source} }}`);
  const expression = onlyExpression(template);
  if (expression === undefined) throw templateError(source, 0, "a condition must be one expression");
  checkKnown(template, options);
  const value = compileExpression(expression, new Scope(template.variables));
  const start = startRuntime(template.variables, options);
  return (record) => {
    const result = value(start(record));
    return result === true || result === "True";
  };
}

function onlyExpression(template: Template): Expression | undefined {
  const [only, ...others] = template.body;
  if (only?.kind !== "output" || others.length > 0 || only.parts.length !== 1) return undefined;
  const [part] = only.parts;
  return part === undefined || part.kind === "text" ? undefined : part;
}

/**
 * `skip.when` of a column, written with braces. True means that the cell is skipped: a true value, and, as in the
 * original, anything that fails. Throws ServiceError when the template is not accepted or names no column.
 */
export function compileSkip(source: string, options: TemplateOptions = {}): (record: TemplateRecord) => boolean {
  const template = parseTemplate(source);
  if (template.variables.length === 0) throw templateError(source, 0, "`skip.when` must use at least one column");
  const { variables } = template;
  const start = startRuntime(variables, options);
  const scope = new Scope(variables);
  const expression = onlyExpression(template);
  if (expression === undefined) {
    const body = compileBody(template.body, scope);
    return guarded(variables, (record) => isTrueText(body(start(record))));
  }
  const value = compileExpression(expression, scope);
  return guarded(variables, (record) => {
    const result = value(start(record));
    return typeof result === "string" ? isTrueText(result) : isTrue(result);
  });
}

/** A missing name or a failure counts as "skip". */
function guarded(names: readonly string[], test: (record: TemplateRecord) => boolean) {
  return (record: TemplateRecord): boolean => {
    if (names.some((name) => !Object.hasOwn(record, name))) return true;
    try {
      return test(record);
    } catch {
      return true;
    }
  };
}

/** The original reads the rendered text back as a Python value. */
function isTrueText(text: string): boolean {
  return !["", "False", "None", "0", "0.0", "[]", "{}", "()", "''"].includes(text.trim());
}
