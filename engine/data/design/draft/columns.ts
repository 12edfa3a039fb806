import { ServiceError } from "../../../../lib/errors.ts";
import { Column } from "../design.ts";
import { emptyDraft } from "../draft.ts";
import type { DesignDraft, DraftCheck, DraftColumn } from "../draft.ts";
import { listNames, nearestName } from "../nearest.ts";
import { columnReferences } from "../references.ts";
import { asExpression, finishEdit, referableNames } from "./edit.ts";
import type { DraftEdit } from "./edit.ts";
import { mapReferences } from "./map-references.ts";
import { makeName, plainName, resolveName } from "./names.ts";
import { draftConstraintText, textOf } from "./show.ts";
import { renameInCondition, renameVariables } from "./templates.ts";

/** Most columns of a design that is made call by call. */
export const MAX_COLUMNS = 500;

export type EditResult = DraftEdit & DraftCheck;

/**
 * Adds a column at the end. Its name is made valid; a name that exists in any spelling throws `already_exists`, a
 * column that cannot be read or drawn from throws `invalid_input`.
 */
export function addColumn(draft: DesignDraft, column: DraftColumn): EditResult {
  const wanted = nameOf(column);
  const name = makeName(wanted);
  const names = columnNames(draft);
  if (names.length >= MAX_COLUMNS) {
    throw new ServiceError("invalid_input", `the design has ${names.length} columns, more are not possible`);
  }
  const taken = names.find((other) => other === name || plainName(other) === plainName(name));
  if (taken !== undefined) {
    throw new ServiceError(
      "already_exists",
      `there is a column "${taken}" already; change it with update_column {"name": "${taken}", "changes": {…}} or choose another name`,
    );
  }
  const changes = name === wanted ? [] : [renamed(wanted, name)];
  const prepared = prepareColumn({ ...column, name }, referableNames(draft), changes);
  return finishEdit(draft, {
    draft: withColumns(draft, [...draft.config.columns, prepared]),
    column: prepared,
    changes,
  });
}

/** Throws `not_found`, with the nearest name, when the design has no such column. */
export function findColumn(draft: DesignDraft, written: string): DraftColumn {
  const names = columnNames(draft);
  const name = resolveName(written, names);
  const column = draft.config.columns.find((one) => one["name"] === name);
  if (name !== undefined && column !== undefined) return column;
  const near = nearestName(written, names);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : names.length === 0
        ? "the design has none yet"
        : `the columns are ${listNames(names)}`;
  throw new ServiceError("not_found", `there is no column "${written}"; ${hint}`);
}

/**
 * Puts another column in the place of one, under a new name where `column.name` differs; references to the old name are
 * rewritten everywhere.
 */
export function replaceColumn(draft: DesignDraft, oldName: string, column: DraftColumn): EditResult {
  const wanted = nameOf(column);
  const name = wanted === oldName ? oldName : makeName(wanted);
  const others = columnNames(draft).filter((other) => other !== oldName);
  const taken = others.find((other) => plainName(other) === plainName(name));
  if (taken !== undefined) throw new ServiceError("already_exists", `there is a column "${taken}" already`);
  const changes = name === wanted ? [] : [renamed(wanted, name)];
  const prepared = prepareColumn({ ...column, name }, referableNames(draft), changes);
  const columns = draft.config.columns.map((one) => (one["name"] === oldName ? prepared : one));
  const placed = withColumns(draft, columns);
  const moved = name === oldName ? placed : renameReferences(placed, oldName, name);
  return finishEdit(draft, { draft: moved, column: { ...prepared, name }, changes });
}

/**
 * Takes a column out. Columns, constraints and processors that refer to it go with it when `isCascading`; else they are
 * the reason of a `conflict`.
 */
export function removeColumn(draft: DesignDraft, written: string, isCascading: boolean): EditResult {
  const name = nameOf(findColumn(draft, written));
  const gone = dependants(draft, name);
  const constraints = (draft.config.constraints ?? []).filter(
    (one) => gone.has(textOf(one, "target_column")) || gone.has(textOf(one, "rhs")),
  );
  const columns = [...gone].filter((other) => other !== name);
  const users = [
    ...columns.map((other) => `the column "${other}"`),
    ...constraints.map((one) => `the constraint ${draftConstraintText(one)}`),
  ];
  if (users.length > 0 && !isCascading) {
    const message = `"${name}" is used by ${listNames(users)}; change them first, or send "cascade": true to remove them too`;
    throw new ServiceError("conflict", message, { data: { used_by: users.slice(0, 50) } });
  }
  const { config } = draft;
  const next = withColumns(
    draft,
    config.columns.filter((one) => !gone.has(nameOf(one))),
  );
  const processors = (config.processors ?? []).map((one) => withoutDropped(one, gone));
  return finishEdit(draft, {
    draft: {
      ...next,
      config: {
        ...next.config,
        ...(config.constraints && { constraints: config.constraints.filter((one) => !constraints.includes(one)) }),
        ...(config.processors && { processors }),
      },
    },
    column: null,
    changes: [`removed the column "${name}"`, ...users.map((user) => `removed ${user}`)],
  });
}

/** A fresh draft; what there was is gone. */
export function startDraft(start: Partial<Omit<DesignDraft, "config">>): EditResult {
  const draft = emptyDraft(start);
  return finishEdit(draft, { draft, column: null, changes: [] });
}

export function columnNames(draft: DesignDraft): string[] {
  return draft.config.columns.map(nameOf);
}

/** The column and all that cannot be without it, directly or through others. */
function dependants(draft: DesignDraft, name: string): Set<string> {
  const gone = new Set([name]);
  const needs = draft.config.columns.flatMap((column) => {
    const parsed = Column.safeParse(column);
    if (!parsed.success) return [];
    const names = columnReferences(parsed.data).references.map((reference) => reference.name);
    return [
      [parsed.data.name, new Set(names.map((one) => one.replace(/__(?:trace|reasoning_content)$/, "")))] as const,
    ];
  });
  for (let before = 0; before < gone.size;) {
    before = gone.size;
    for (const [column, names] of needs) if ([...gone].some((one) => names.has(one))) gone.add(column);
  }
  return gone;
}

function withoutDropped(processor: DraftColumn, gone: ReadonlySet<string>): DraftColumn {
  const names = processor["column_names"];
  if (!Array.isArray(names)) return processor;
  return { ...processor, column_names: names.filter((one) => typeof one !== "string" || !gone.has(one)) };
}

/** The columns that are made beside it move along. */
function renameReferences(draft: DesignDraft, from: string, to: string): DesignDraft {
  const rename = (name: string): string => {
    for (const suffix of ["", "__trace", "__reasoning_content"]) if (name === from + suffix) return to + suffix;
    return name;
  };
  const config = mapReferences(draft.config, {
    template: (text) => renameVariables(text, rename),
    condition: (text) => renameInCondition(text, rename),
    name: rename,
  });
  return { ...draft, config };
}

/** Puts braces around an expression or a skip condition that lacks them. */
function prepareColumn(column: DraftColumn, known: readonly string[], changes: string[]): DraftColumn {
  const { expr, dtype, skip } = column;
  let prepared = column;
  if (column["column_type"] === "expression" && typeof expr === "string") {
    const template = asExpression(expr, known, dtype === "int" || dtype === "float");
    if (template !== expr) changes.push(`${JSON.stringify(expr)} became ${JSON.stringify(template)}`);
    prepared = { ...prepared, expr: template };
  }
  if (typeof skip === "object" && skip !== null && !Array.isArray(skip) && typeof skip["when"] === "string") {
    const when = asExpression(skip["when"], known, true);
    if (when !== skip["when"]) changes.push(`${JSON.stringify(skip["when"])} became ${JSON.stringify(when)}`);
    prepared = { ...prepared, skip: { ...skip, when } };
  }
  return prepared;
}

function withColumns(draft: DesignDraft, columns: DesignDraft["config"]["columns"]): DesignDraft {
  return { ...draft, config: { ...draft.config, columns } };
}

function nameOf(column: DraftColumn): string {
  return textOf(column, "name");
}

function renamed(wanted: string, name: string): string {
  return `${JSON.stringify(wanted)} became ${name}`;
}
