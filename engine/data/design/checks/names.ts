import { INTERNAL_ROW_ID } from "../column-plan.ts";
import { sideEffectColumns } from "../side-effects.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation } from "../violation.ts";
import type { CheckContext } from "./context.ts";

const MAX_NAME_CHARACTERS = 200;
/** Words of the template language, which no template can use as a name. */
const TEMPLATE_WORDS = ["and", "or", "not", "in", "is", "if", "else", "elif", "for", "true", "false", "none", "self"];

/** Names that are taken twice, by a seed dataset or by a side effect, and names that cannot be used. */
export function checkNames(context: CheckContext, seedColumns: readonly string[]): Violation[] {
  const violations: Violation[] = [];
  const seen = new Map<string, number>();
  const inSeed = new Set(seedColumns);
  for (const [index, column] of context.design.columns.entries()) {
    const { name } = column;
    violations.push(...checkName(name));
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const places = `columns[${earlier}] and columns[${index}]`;
      violations.push(
        violationError("duplicate_name", name, `two columns are named "${name}" (${places}); each needs its own name`),
      );
    }
    if (earlier === undefined) seen.set(name, index);
    if (inSeed.has(name) && column.column_type !== "seed-dataset") {
      const message = `"${name}" is also a column of the seed dataset; give the generated column another name`;
      violations.push(violationError("seed_column_collision", name, message));
    }
  }
  for (const column of context.design.columns) {
    for (const effect of sideEffectColumns(column)) {
      if (!seen.has(effect) && !inSeed.has(effect)) continue;
      const message = `"${effect}" is made beside "${column.name}", so no other column can have that name; rename that column`;
      violations.push(violationError("side_effect_collision", effect, message));
    }
  }
  return violations;
}

function checkName(name: string): Violation[] {
  const refused = refusal(name);
  if (refused !== undefined) return [violationError("invalid_name", name, `the column name ${refused}`)];
  if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !TEMPLATE_WORDS.includes(name.toLowerCase())) return [];
  const message = `templates cannot refer to "${name}"; a name of letters, digits and _ that starts with a letter can be used everywhere`;
  return [violationWarning("invalid_name", name, message)];
}

function refusal(name: string): string | undefined {
  if (name === INTERNAL_ROW_ID || name === "__proto__") return `"${name}" is reserved; choose another`;
  if (name.length > MAX_NAME_CHARACTERS)
    return `has ${name.length} characters; at most ${MAX_NAME_CHARACTERS} are allowed`;
  if (name.trim() !== name || name.trim() === "")
    return `${JSON.stringify(name)} must not be blank, nor begin or end with a space`;
  // Control characters and lone halves of surrogate pairs break CSV headers and Parquet's UTF-8.
  return /\p{Cc}|\p{Cs}/u.test(name) ? `${JSON.stringify(name)} holds characters that cannot be printed` : undefined;
}
