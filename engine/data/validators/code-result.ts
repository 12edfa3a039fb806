import type { JsonValue } from "../table.ts";
import { checkCode } from "./check-code.ts";
import type { SyntaxCheck } from "./syntax-check.ts";

export type ValidationResult = { readonly [field: string]: JsonValue };

export type ParseCode = (code: string, language: string) => SyntaxCheck | undefined;

/**
 * What a code validator says of one cell: `is_valid`, `error_messages` (the problems as text, empty when there are none), `problems` with
 * their places, and which check said so. There is no score and no severity: nothing here judges style. Text that is
 * missing or no text is not judged: `is_valid` is null.
 */
export function codeResult(value: JsonValue | undefined, language: string, parse?: ParseCode): ValidationResult {
  if (typeof value !== "string") {
    return unjudged(value === null || value === undefined ? "there is no code" : "the value is no text");
  }
  const check = parse?.(value, language) ?? checkCode(value, language);
  if (check === undefined) return unjudged(`nothing here can check ${language}`);
  const { is_valid, validator, proves, problems } = check;
  const messages = problems.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`);
  return {
    is_valid,
    error_messages: messages.join("; "),
    validator,
    proves,
    problems: problems.map((problem) => ({ ...problem })),
  };
}

/** The results of several columns as one: valid when all are, not when one is not, and otherwise not judged. */
export function joinResults(results: readonly (readonly [column: string, ValidationResult])[]): ValidationResult {
  const [first] = results;
  if (first !== undefined && results.length === 1) return first[1];
  const verdicts = results.map(([, result]) => result["is_valid"]);
  const messages = results.flatMap(([column, { error_messages: text, error }]) =>
    [text, error].flatMap((said) => (typeof said === "string" && said !== "" ? [`${column}: ${said}`] : [])),
  );
  return {
    is_valid: verdicts.includes(false) ? false : verdicts.every((verdict) => verdict === true) ? true : null,
    error_messages: messages.join("; "),
    columns: Object.fromEntries(results),
  };
}

/** A cell that was not judged, and why. */
export function unjudged(error: string): ValidationResult {
  return { is_valid: null, error };
}
