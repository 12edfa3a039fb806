import { errorMessage } from "../../../lib/errors.ts";
import { parseTemplate } from "../template/parse.ts";
import type { Column, Constraint, Design } from "./design.ts";
import { isLlmColumn } from "./design.ts";

export type ReferenceKind =
  | "prompt"
  | "system_prompt"
  | "context"
  | "expression"
  | "skip"
  | "target"
  | "condition"
  | "parent"
  | "time_reference"
  | "constraint";

/** A column reads another one. */
export interface Reference {
  /** As written: a column, a side-effect column, or something that does not exist. */
  readonly name: string;
  readonly kind: ReferenceKind;
  /** Where it stands, for a message: `its prompt`, `the condition "age > 21"`. */
  readonly where: string;
}

/** A template or condition that cannot be read. */
export interface BrokenTemplate {
  readonly kind: ReferenceKind;
  readonly where: string;
  readonly message: string;
}

export interface ColumnReferences {
  readonly references: readonly Reference[];
  readonly broken: readonly BrokenTemplate[];
}

/** Everything the column reads, in the order of its fields; a name can come up once for each place. Never throws. */
export function columnReferences(column: Column): ColumnReferences {
  const references: Reference[] = [];
  const broken: BrokenTemplate[] = [];
  const addTemplate = (source: string | null, kind: ReferenceKind, where: string): void => {
    if (source === null) return;
    const read = readVariables(source);
    if (read.problem !== undefined) broken.push({ kind, where, message: read.problem });
    references.push(...read.variables.map((name) => ({ name, kind, where })));
  };

  if (isLlmColumn(column) || column.column_type === "image") {
    addTemplate(column.prompt, "prompt", "its prompt");
    if (isLlmColumn(column)) addTemplate(column.system_prompt, "system_prompt", "its system_prompt");
    for (const context of column.multi_modal_context ?? []) {
      references.push({ name: context.column_name, kind: "context", where: "its multi_modal_context" });
    }
  } else if (column.column_type === "expression") {
    addTemplate(column.expr, "expression", "its expression");
  } else if (column.column_type === "validation") {
    for (const name of column.target_columns) references.push({ name, kind: "target", where: "its target_columns" });
  } else if (column.column_type === "embedding") {
    references.push({ name: column.target_column, kind: "target", where: "its target_column" });
  } else if (column.column_type === "sampler") {
    for (const condition of Object.keys(column.conditional_params)) {
      addTemplate(asTemplate(condition), "condition", `the condition "${condition}"`);
    }
    if (column.sampler_type === "subcategory") {
      for (const { category } of allParams(column)) {
        references.push({ name: category, kind: "parent", where: "its parent category" });
      }
    } else if (column.sampler_type === "timedelta") {
      for (const params of allParams(column)) {
        references.push({ name: params.reference_column_name, kind: "time_reference", where: "its reference column" });
      }
    }
  }
  if (column.skip !== null) addTemplate(column.skip.when, "skip", "its skip.when");
  return { references, broken };
}

/** The parameters of a sampler and those of its conditions, the default ones first. */
export function allParams<Params>(column: {
  readonly params: Params;
  readonly conditional_params: Readonly<Record<string, Params>>;
}): Params[] {
  return [column.params, ...Object.values(column.conditional_params)];
}

/** References that constraints add to this column: those of which it is the target. */
export function constraintReferences(design: Design, columnName: string): Reference[] {
  return (design.constraints ?? []).flatMap((constraint) =>
    constraint.constraint_type === "column_inequality" && constraint.target_column === columnName
      ? [{ name: constraint.rhs, kind: "constraint" as const, where: `the constraint ${constraintText(constraint)}` }]
      : [],
  );
}

const OPERATOR_SIGNS = { lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

/** `price <= list_price`. */
export function constraintText(constraint: Constraint): string {
  return `${constraint.target_column} ${OPERATOR_SIGNS[constraint.operator]} ${constraint.rhs}`;
}

/** Conditions are written without braces. */
export function asTemplate(condition: string): string {
  return `{{ ${condition} }}`;
}

/** The names a template reads; with a syntax error none, and the reason. */
export function readVariables(source: string): { variables: readonly string[]; problem?: string } {
  try {
    return { variables: parseTemplate(source).variables };
  } catch (error) {
    return { variables: [], problem: errorMessage(error) };
  }
}
