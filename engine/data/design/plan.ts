import { INTERNAL_ROW_ID } from "./column-plan.ts";
import type { ColumnPlan, PlanGroup, PlanOptions } from "./column-plan.ts";
import { SeedDatasetColumn } from "./columns.ts";
import { SamplerColumn } from "./design.ts";
import type { Column, Design } from "./design.ts";
import { dropPatterns, matchesDropPattern } from "./drops.ts";
import { orderNodes } from "./graph.ts";
import type { Edge } from "./graph.ts";
import { columnReferences, constraintReferences } from "./references.ts";
import { sideEffectColumns } from "./side-effects.ts";
import { violationError } from "./violation.ts";
import type { Violation } from "./violation.ts";

/**
 * Orders the columns of a design for generation: each after what its templates, conditions, constraints, `skip.when`,
 * parent and reference columns need, in dataset order where that leaves a choice. References to columns that do not
 * exist are left out here (`validateDesign` reports them); cycles become violations. Never throws.
 */
export function planColumns(design: Design, options: PlanOptions = {}): ColumnPlan {
  const hidden = hiddenColumns(design);
  const columns = collectColumns(design, hidden, options.seedColumns ?? []);
  const sideEffects = new Map(
    [...columns.values()].flatMap((column) => {
      const names = sideEffectColumns(column);
      return names.length === 0 ? [] : [[column.name, names] as const];
    }),
  );
  const owners = new Map(
    [...sideEffects].flatMap(([name, effects]) => effects.map((effect) => [effect, name] as const)),
  );

  const edges = [...columns.values()].flatMap((column) => columnEdges(column, design, columns, owners));
  const samplerNames = namesOf(columns, (column) => column.column_type === "sampler");
  const seedNames = namesOf(columns, (column) => column.column_type === "seed-dataset");
  const otherNames = namesOf(columns, (column) => !["sampler", "seed-dataset"].includes(column.column_type));
  const samplers = orderNodes(samplerNames, edges);
  const others = orderNodes(otherNames, edges);

  const groups: PlanGroup[] = [];
  if (seedNames.length > 0) groups.push({ kind: "seed", columns: seedNames });
  if (samplerNames.length > 0) groups.push({ kind: "samplers", columns: samplers.order });
  groups.push(...others.order.map((name): PlanGroup => ({ kind: "column", columns: [name] })));

  const all = [...columns.keys()].flatMap((name) => [name, ...(sideEffects.get(name) ?? [])]);
  const isDropped = droppedTest(design, columns);
  return {
    order: [...seedNames, ...samplers.order, ...others.order],
    groups,
    samplers: samplers.order,
    columns,
    upstream: upstreamOf(columns, edges),
    sideEffects,
    dropped: all.filter(isDropped),
    output: all.filter((name) => !isDropped(name)),
    hidden,
    violations: [...samplers.cycles, ...others.cycles].map(cycleViolation),
  };
}

function hiddenColumns(design: Design): SamplerColumn[] {
  const hasRows = design.seed_config !== null || design.columns.some((column) => column.column_type === "sampler");
  if (hasRows) return [];
  const input = { column_type: "sampler", sampler_type: "uuid", name: INTERNAL_ROW_ID, drop: true, params: {} };
  return [SamplerColumn.parse(input)];
}

/** Seed columns that the design does not list come first, the others stand where it lists them. */
function collectColumns(
  design: Design,
  hidden: readonly SamplerColumn[],
  seedColumns: readonly string[],
): ReadonlyMap<string, Column> {
  const own = new Set(design.columns.map((column) => column.name));
  const added = seedColumns
    .filter((name) => !own.has(name))
    .map((name) => SeedDatasetColumn.parse({ column_type: "seed-dataset", name }));
  const columns = new Map<string, Column>();
  for (const column of [...hidden, ...added, ...design.columns]) {
    // Of columns with the same name, an error that validation reports, the first one counts.
    if (!columns.has(column.name)) columns.set(column.name, column);
  }
  return columns;
}

function columnEdges(
  column: Column,
  design: Design,
  columns: ReadonlyMap<string, Column>,
  owners: ReadonlyMap<string, string>,
): Edge[] {
  const references = [...columnReferences(column).references, ...constraintReferences(design, column.name)];
  return references.flatMap(({ name, where }) => {
    const to = columns.has(name) ? name : owners.get(name);
    return to === undefined ? [] : [{ from: column.name, to, why: where }];
  });
}

function upstreamOf(columns: ReadonlyMap<string, Column>, edges: readonly Edge[]): Map<string, readonly string[]> {
  const upstream = new Map([...columns.keys()].map((name) => [name, new Set<string>()]));
  for (const edge of edges) if (edge.from !== edge.to) upstream.get(edge.from)?.add(edge.to);
  return new Map([...upstream].map(([name, needs]) => [name, [...needs]]));
}

function droppedTest(design: Design, columns: ReadonlyMap<string, Column>): (name: string) => boolean {
  const patterns = dropPatterns(design);
  return (name) => columns.get(name)?.drop === true || patterns.some((pattern) => matchesDropPattern(pattern, name));
}

function namesOf(columns: ReadonlyMap<string, Column>, isWanted: (column: Column) => boolean): string[] {
  return [...columns.values()].filter(isWanted).map((column) => column.name);
}

/** Steps of a circle that a message tells; the rest is counted. */
const MAX_STEPS = 20;

function cycleViolation(cycle: readonly Edge[]): Violation {
  const first = cycle[0]?.from ?? "";
  const told = cycle.slice(0, MAX_STEPS);
  const left = cycle.length - told.length;
  const more = left === 0 ? [] : [`… ${left} more`];
  const path = [...told.map((edge) => edge.from), ...more, first].join(" → ");
  const steps = [...told.map((edge) => `"${edge.from}" needs "${edge.to}" for ${edge.why}`), ...more].join("; ");
  return violationError("cycle", first, `columns need each other in a circle, ${path}: ${steps}`);
}
