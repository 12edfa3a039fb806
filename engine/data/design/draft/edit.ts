import { ServiceError } from "../../../../lib/errors.ts";
import { checkDraft } from "../draft.ts";
import type { DesignDraft, DraftCheck, DraftColumn } from "../draft.ts";
import { readVariables } from "../references.ts";
import { sideEffectColumns } from "../side-effects.ts";
import { Column } from "../design.ts";
import type { Violation, ViolationType } from "../violation.ts";
import { mapReferences } from "./map-references.ts";
import { nameResolver } from "./names.ts";
import { textOf } from "./show.ts";
import { repairCondition, repairTemplate } from "./templates.ts";

/** A draft after a change, with the column it was about and what was done besides what was asked. */
export interface DraftEdit {
  readonly draft: DesignDraft;
  readonly column: DraftColumn | null;
  readonly changes: readonly string[];
}

/** What later calls can put right: these may stand in a draft for a while. */
const REPAIRED_LATER: readonly ViolationType[] = [
  "invalid_reference",
  "expression_reference_missing",
  "skip_reference_missing",
  "condition_reference_missing",
  "constraint_reference_missing",
  "subcategory_parent",
  "subcategory_keys",
  "timedelta_reference",
  "code_column_missing",
  "code_lang_mismatch",
  "invalid_model_config",
  "all_columns_dropped",
  "constraint_impossible",
  "constraint_not_comparable",
];

/** Most entries of a model's list that an answer shows. */
export const MAX_SHOWN_VIOLATIONS = 30;

/**
 * Repairs references that were written in another spelling, then accepts the change, or throws `invalid_input` with
 * the violations that it would bring in. `refused` are types that count although later calls could put them right.
 */
export function finishEdit(
  before: DesignDraft,
  edit: DraftEdit,
  refused: readonly ViolationType[] = [],
): DraftEdit & DraftCheck {
  const repaired = repairReferences(edit);
  const check = checkDraft(repaired.draft);
  const errors = check.violations.filter(
    ({ level, type }) => level === "error" && (!REPAIRED_LATER.includes(type) || refused.includes(type)),
  );
  // What was wrong before is no reason to refuse a change that may be the first of several repairs.
  const known = new Set(errors.length === 0 ? [] : checkDraft(before).violations.map(violationKey));
  const wrong = errors.filter((violation) => !known.has(violationKey(violation)));
  if (wrong.length > 0) {
    const told = wrong.slice(0, MAX_SHOWN_VIOLATIONS);
    const text = told.map(({ column, message }) => (column === null ? message : `"${column}": ${message}`)).join("; ");
    throw new ServiceError("invalid_input", `${text}. Nothing was changed.`, { data: { violations: told } });
  }
  return { ...repaired, ...check };
}

function violationKey({ type, column, message }: Violation): string {
  return [type, column ?? "", message].join("\n");
}

/** Names that templates can use: columns and what comes with them. */
export function referableNames(draft: DesignDraft): string[] {
  return draft.config.columns.flatMap((column) => {
    const parsed = Column.safeParse(column);
    return [textOf(column, "name"), ...(parsed.success ? sideEffectColumns(parsed.data) : [])];
  });
}

function repairReferences(edit: DraftEdit): DraftEdit {
  const resolve = nameResolver(referableNames(edit.draft));
  const changes: string[] = [];
  const report = (before: string, after: string): string => {
    if (before !== after) changes.push(`${JSON.stringify(before)} became ${JSON.stringify(after)}`);
    return after;
  };
  const config = mapReferences(edit.draft.config, {
    template: (text) => report(text, repairTemplate(text, resolve)),
    condition: (text) => report(text, repairCondition(text, resolve)),
    name: (text) => report(text, resolve(text) ?? text),
  });
  const name = edit.column?.["name"];
  const column = name === undefined ? null : (config.columns.find((one) => one["name"] === name) ?? null);
  return { draft: { ...edit.draft, config }, column, changes: [...edit.changes, ...changes] };
}

/** `price * qty`, which lacks its braces, as a template; text that is no expression over columns stays as it is. */
export function asExpression(text: string, known: readonly string[], isNumber: boolean): string {
  if (/\{[{%]/.test(text) || text.trim() === "") return text;
  const template = repairTemplate(`{{ ${text.trim()} }}`, nameResolver(known));
  const { variables, problem } = readVariables(template);
  if (problem !== undefined) return text;
  const isOverColumns = variables.some((name) => known.includes(name)) || (variables.length > 0 && isNumber);
  return isOverColumns ? template : text;
}
