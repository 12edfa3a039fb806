import { Column } from "../../../engine/data/design/design.ts";
import { removeColumn } from "../../../engine/data/design/draft/columns.ts";
import type { DesignDraft, DraftColumn } from "../../../engine/data/design/draft.ts";
import { Constraint } from "../../../engine/data/design/parts.ts";
import { canonicalJson } from "../../../engine/data/design/python-json.ts";
import { columnReferences } from "../../../engine/data/design/references.ts";
import { isRecord } from "../../conversation.ts";
import { type DesignCall, addColumnCalls } from "./column-calls.ts";

/**
 * The tool calls that turn one draft into another: what has to go, then what is new or different, in the order in which
 * columns need each other. Where the tools cannot get there by small steps (another name, number of rows or seed,
 * a seed dataset that has to go) the design is made anew. Empty when nothing differs. Parts that no tool can say
 * (processors, tool configs, profilers, embedding columns) are left out. Pure.
 */
export function draftCalls(current: DesignDraft | null, wanted: DesignDraft): DesignCall[] {
  return (current === null ? undefined : smallSteps(current, wanted)) ?? wholeDesign(wanted);
}

/** Whether two drafts ask for the same number of rows under the same name with the same seed. */
function hasSameHeader(left: DesignDraft, right: DesignDraft): boolean {
  return left.name === right.name && left.num_records === right.num_records && left.seed === right.seed;
}

function wholeDesign(wanted: DesignDraft): DesignCall[] {
  const { name, num_records, seed, config } = wanted;
  const header = Object.entries({ name, num_records, seed }).filter(([, value]) => value !== null);
  return [
    { name: "init_config", args: Object.fromEntries(header) },
    ...(config.model_configs ?? []).map(modelCall),
    ...(config.seed_config == null ? [] : [seedCall(config.seed_config)]),
    ...inDependencyOrder(config.columns).flatMap(addColumnCalls),
    ...(config.constraints ?? []).flatMap((constraint) => constraintCalls(constraint)),
  ];
}

/** Undefined when small steps do not lead there. */
function smallSteps(current: DesignDraft, wanted: DesignDraft): DesignCall[] | undefined {
  if (!hasSameHeader(current, wanted)) return undefined;
  const calls: DesignCall[] = [];
  let draft = current;
  const wantedNames = new Set(wanted.config.columns.map(nameOf));
  for (const column of current.config.columns.toReversed()) {
    const name = nameOf(column);
    const isThere = draft.config.columns.some((one) => nameOf(one) === name);
    if (wantedNames.has(name) || !isThere) continue;
    calls.push({ name: "remove_column", args: { name, cascade: true } });
    // What the tool takes along has to be known, because some of it may be wanted.
    draft = removeColumn(draft, name, true).draft;
  }

  const models = keyed(draft.config.model_configs, normalModel);
  // An alias that is there is replaced; one that nobody uses any more does no harm.
  calls.push(...(wanted.config.model_configs ?? []).filter((model) => !models.has(normalModel(model))).map(modelCall));

  const seedConfig = wanted.config.seed_config ?? null;
  if (canonicalJson(draft.config.seed_config ?? null) !== canonicalJson(seedConfig)) {
    if (seedConfig === null) return undefined;
    calls.push(seedCall(seedConfig));
  }

  const present = new Map(draft.config.columns.map((column) => [nameOf(column), column]));
  for (const column of inDependencyOrder(wanted.config.columns)) {
    const before = present.get(nameOf(column));
    calls.push(...(before === undefined ? addColumnCalls(column) : updateCalls(before, column)));
  }

  const constraints = keyed(draft.config.constraints, normalConstraint);
  const wantedConstraints = keyed(wanted.config.constraints, normalConstraint);
  for (const [key, constraint] of constraints) {
    if (!wantedConstraints.has(key)) calls.unshift(...constraintCalls(constraint, { remove: true }));
  }
  for (const [key, constraint] of wantedConstraints) {
    if (!constraints.has(key)) calls.push(...constraintCalls(constraint));
  }
  return calls;
}

/** Only what differs; a field that is to go is sent as null. */
function updateCalls(before: DraftColumn, wanted: DraftColumn): DesignCall[] {
  if (normalColumn(before) === normalColumn(wanted)) return [];
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(before)])];
  const changes = names
    .filter((name) => canonicalJson(before[name] ?? null) !== canonicalJson(wanted[name] ?? null))
    .map((name) => [name, name === "params" ? paramChanges(before, wanted) : (wanted[name] ?? null)] as const);
  return [{ name: "update_column", args: { name: nameOf(wanted), changes: Object.fromEntries(changes) } }];
}

/** Parameters are merged by the tool, so that one that is to go is sent as null too. */
function paramChanges(before: DraftColumn, wanted: DraftColumn): Record<string, unknown> {
  const old = isRecord(before["params"]) && before["sampler_type"] === wanted["sampler_type"] ? before["params"] : {};
  const now = isRecord(wanted["params"]) ? wanted["params"] : {};
  return { ...Object.fromEntries(Object.keys(old).map((key) => [key, null])), ...now };
}

function modelCall({ alias, model, provider, inference_parameters: inference }: DraftColumn): DesignCall {
  const { generation_type: _type, ...parameters } = isRecord(inference) ? inference : {};
  const entries = Object.entries({ alias, model, provider, ...parameters }).filter(([, value]) => value != null);
  return { name: "add_model_config", args: Object.fromEntries(entries) };
}

function seedCall({ source, ...rest }: DraftColumn): DesignCall {
  const path = isRecord(source) ? source["path"] : undefined;
  return { name: "add_seed_dataset", args: { path, ...rest } };
}

/** Empty for a constraint that cannot be read. */
function constraintCalls(written: DraftColumn, extra: { readonly remove?: true } = {}): DesignCall[] {
  const parsed = Constraint.safeParse(written);
  if (!parsed.success) return [];
  const { constraint_type: type, target_column, operator, rhs } = parsed.data;
  const name = type === "scalar_inequality" ? "add_scalar_constraint" : "add_column_constraint";
  return [{ name, args: { target_column, operator, rhs, ...extra } }];
}

/** Columns that others read come first; the order is otherwise kept, also of columns that wait for each other. */
function inDependencyOrder(columns: readonly DraftColumn[]): DraftColumn[] {
  const byName = new Map(columns.map((column) => [nameOf(column), column]));
  const ordered = new Set<DraftColumn>();
  const visiting = new Set<DraftColumn>();
  const visit = (column: DraftColumn): void => {
    if (ordered.has(column) || visiting.has(column)) return;
    visiting.add(column);
    const parsed = Column.safeParse(column);
    for (const { name } of parsed.success ? columnReferences(parsed.data).references : []) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed);
    }
    ordered.add(column);
  };
  for (const column of columns) visit(column);
  return [...ordered];
}

function keyed(items: readonly DraftColumn[] | null | undefined, key: (item: DraftColumn) => string) {
  return new Map((items ?? []).map((item) => [key(item), item]));
}

/** Two columns are the same when they read the same, whichever defaults are written out. */
function normalColumn(column: DraftColumn): string {
  return canonicalJson(Column.safeParse(column).data ?? column);
}

function normalConstraint(constraint: DraftColumn): string {
  return canonicalJson(Constraint.safeParse(constraint).data ?? constraint);
}

function normalModel(model: DraftColumn): string {
  return canonicalJson(model);
}

function nameOf(column: DraftColumn): string {
  const { name } = column;
  return typeof name === "string" ? name : "";
}
