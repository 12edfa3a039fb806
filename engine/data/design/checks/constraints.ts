import type { Constraint, SamplerColumn } from "../design.ts";
import { ANYTHING, half, hull, intersect, intervalText, isEmpty } from "../interval.ts";
import type { Interval } from "../interval.ts";
import { allParams, constraintText } from "../references.ts";
import { supportOf, valueKind } from "../support.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation } from "../violation.ts";
import { columnNamed, suggestColumn } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** Constraints on columns that are not there or do not compare, and those that no row can satisfy. */
export function checkConstraints(context: CheckContext): Violation[] {
  const violations: Violation[] = [];
  const usable: Constraint[] = [];
  for (const constraint of context.design.constraints ?? []) {
    const found = checkSides(constraint, context);
    violations.push(...found);
    if (found.length === 0) usable.push(constraint);
  }
  // In a circle there is no order in which one column limits the next.
  return context.plan.violations.length > 0 ? violations : [...violations, ...proveImpossible(usable, context)];
}

function checkSides(constraint: Constraint, context: CheckContext): Violation[] {
  const text = constraintText(constraint);
  const names =
    constraint.constraint_type === "column_inequality"
      ? [constraint.target_column, constraint.rhs]
      : [constraint.target_column];
  const report = (type: "constraint_reference_missing" | "constraint_not_comparable", message: string) =>
    violationError(type, constraint.target_column, `constraint ${text}: ${message}`);
  const violations: Violation[] = [];
  const sides: SamplerColumn[] = [];
  for (const name of names) {
    const column = columnNamed(context, name);
    if (column?.column_type === "sampler") sides.push(column);
    else if (column !== undefined) {
      const message = `"${name}" is a ${column.column_type} column; constraints hold between sampler columns`;
      violations.push(report("constraint_reference_missing", message));
    } else if (!context.brokenNames.has(name)) {
      violations.push(
        report("constraint_reference_missing", `there is no column "${name}".${suggestColumn(context, name)}`),
      );
    }
  }
  if (sides.length < names.length) return violations;
  const other = sides.find((side) => valueKind(side) === "other");
  if (other !== undefined) {
    const message = `the values of "${other.name}" (${other.sampler_type}) have no size to compare; use a column of numbers or times`;
    return [...violations, report("constraint_not_comparable", message)];
  }
  const kinds = sides.map(valueKind);
  const isMixed = constraint.constraint_type === "scalar_inequality" ? kinds[0] === "time" : kinds[0] !== kinds[1];
  if (!isMixed) return violations;
  const message =
    constraint.constraint_type === "scalar_inequality"
      ? `"${constraint.target_column}" holds times, which a number cannot limit; set start and end instead`
      : "one side holds numbers and the other times";
  return [...violations, report("constraint_not_comparable", message)];
}

/** Unix seconds of the first and the last second of the years that a date is written with. */
const LEAST_TIME = -62_135_596_800;
const GREATEST_TIME = 253_402_300_799;

/**
 * Follows what each sampler can take, in the order of generation: its support cut by its constraints. An empty rest is
 * an error. A limiting column that can lie outside the reach of its target is a warning: such rows have no solution.
 */
function proveImpossible(constraints: readonly Constraint[], context: CheckContext): Violation[] {
  const violations: Violation[] = [];
  const known = new Map<string, Interval>();
  for (const name of context.plan.samplers) {
    const column = columnNamed(context, name);
    if (column?.column_type !== "sampler" || valueKind(column) === "other") continue;
    const own = constraints.filter((constraint) => constraint.target_column === name);
    const variants = allParams<SamplerColumn["params"]>(column).map((params) => supportOf(column, params, known));
    let rest = variants.reduce(hull);
    const solvable = new Set(own);
    for (const constraint of own) {
      const before = rest;
      rest = intersect(rest, reachOf(constraint, known));
      const message = impossible(constraint, column, before, rest, known);
      if (message === undefined) continue;
      violations.push(violationError("constraint_impossible", name, message));
      rest = before;
      solvable.delete(constraint);
    }
    violations.push(...impossibleVariants(column, variants, solvable, known));
    for (const constraint of solvable) {
      const message = partlyImpossible(constraint, column, rest, known);
      if (message !== undefined) violations.push(violationWarning("constraint_impossible", name, message));
    }
    // An end that is not known was reported where it is.
    const ends = [rest.low, rest.high].filter(Number.isFinite);
    if (valueKind(column) === "time" && ends.some((end) => end < LEAST_TIME || end > GREATEST_TIME)) {
      const message = "its times can leave the years 1 to 9999; make its range smaller";
      violations.push(violationError("invalid_range", name, message));
    }
    known.set(name, rest);
  }
  return violations;
}

/** Parameters, of several, that leave nothing: rows in which they count have no solution. */
function impossibleVariants(
  column: SamplerColumn,
  variants: readonly Interval[],
  constraints: ReadonlySet<Constraint>,
  known: ReadonlyMap<string, Interval>,
): Violation[] {
  if (variants.length === 1 || constraints.size === 0) return [];
  const names = ["params", ...Object.keys(column.conditional_params).map((key) => `the parameters for "${key}"`)];
  const reach = [...constraints].map((constraint) => reachOf(constraint, known)).reduce(intersect);
  return variants.flatMap((variant, index): Violation[] => {
    if (!isEmpty(intersect(variant, reach))) return [];
    const range = intervalText(variant, valueKind(column) === "time");
    const list = [...constraints].map(constraintText).join(", ");
    const message = `${names[index]} give ${range}, which no row can keep under ${list}`;
    return [violationWarning("constraint_impossible", column.name, message)];
  });
}

function reachOf(constraint: Constraint, known: ReadonlyMap<string, Interval>): Interval {
  if (constraint.constraint_type === "scalar_inequality") return half(constraint.operator, constraint.rhs);
  const limit = known.get(constraint.rhs) ?? ANYTHING;
  const isUpper = constraint.operator === "lt" || constraint.operator === "le";
  const reach = half(constraint.operator, isUpper ? limit.high : limit.low);
  return isUpper
    ? { ...reach, isHighOpen: reach.isHighOpen || limit.isHighOpen }
    : { ...reach, isLowOpen: reach.isLowOpen || limit.isLowOpen };
}

function impossible(
  constraint: Constraint,
  column: SamplerColumn,
  before: Interval,
  rest: Interval,
  known: ReadonlyMap<string, Interval>,
): string | undefined {
  const isTime = valueKind(column) === "time";
  const head = `constraint ${constraintText(constraint)} can never hold`;
  if (constraint.constraint_type === "column_inequality" && isBeforeItsReference(constraint, column)) {
    return `${head}: "${column.name}" is never before "${constraint.rhs}", from which it is counted`;
  }
  if (!isEmpty(rest)) return undefined;
  const reachable = `"${column.name}" is ${intervalText(before, isTime)}`;
  if (constraint.constraint_type === "scalar_inequality") return `${head}: with its other limits ${reachable}`;
  const limit = intervalText(known.get(constraint.rhs) ?? ANYTHING, isTime);
  return `${head}: ${reachable} and "${constraint.rhs}" is ${limit}`;
}

/** A timedelta lies `dt_min` or more after its reference, so it can only be at most equal when `dt_min` is 0. */
function isBeforeItsReference(
  constraint: Constraint & { constraint_type: "column_inequality" },
  column: SamplerColumn,
): boolean {
  if (column.sampler_type !== "timedelta" || constraint.operator === "gt" || constraint.operator === "ge") return false;
  return allParams(column).every(
    (params) => params.reference_column_name === constraint.rhs && (constraint.operator === "lt" || params.dt_min > 0),
  );
}

function partlyImpossible(
  constraint: Constraint,
  column: SamplerColumn,
  rest: Interval,
  known: ReadonlyMap<string, Interval>,
): string | undefined {
  if (constraint.constraint_type === "scalar_inequality" || column.sampler_type === "timedelta") return undefined;
  const limit = known.get(constraint.rhs) ?? ANYTHING;
  const isTime = valueKind(column) === "time";
  const isUpper = constraint.operator === "lt" || constraint.operator === "le";
  const edge = isUpper ? rest.low : rest.high;
  const hasUnsolvable = isUpper ? limit.low < edge : limit.high > edge;
  if (!Number.isFinite(edge) || !hasUnsolvable) return undefined;
  const where = intervalText(isUpper ? { ...ANYTHING, high: edge } : { ...ANYTHING, low: edge }, isTime);
  return `constraint ${constraintText(constraint)} cannot hold in rows where "${constraint.rhs}" is ${where}; limit "${constraint.rhs}" too`;
}
