/** Makes a relation hold by the way a column is made, else by a constraint that every row can keep. */
import type { DraftColumn } from "../design/draft.ts";
import { wholeNumberEnds } from "../design/draft/whole-numbers.ts";
import { dateColumn, drawnInteger, numberColumn, timedeltaColumn } from "./columns.ts";
import { applyFormula } from "./formula.ts";
import { applyDependence, applyFactor } from "./dependence.ts";
import { applyMargin, applyPresence } from "./apply-condition.ts";
import { guessColumn } from "./heuristics.ts";
import { nameOf, numberOf, paramsOf, textOf } from "./json.ts";
import type { DeltaUnit, Operator, Relation } from "./relations.ts";
import type { Sheet } from "./sheet.ts";
import { spanOf } from "./spans.ts";
import type { Span } from "./spans.ts";
import { putDifference } from "./time-difference.ts";
import { trimPhrase } from "./words.ts";

/** Finds the column that a phrase means, or adds it; undefined when the phrase names nothing. */
export type EnsureColumn = (phrase: string, wants: "time" | "number" | "any", before: string) => string | undefined;

/** Whether the relation holds from now on; when it cannot, nothing is changed. */
export function applyRelation(sheet: Sheet, name: string, relation: Relation, ensure: EnsureColumn): boolean {
  const before = { columns: sheet.columns, constraints: sheet.constraints, notes: sheet.notes };
  sheet.columns = [...sheet.columns];
  sheet.constraints = [...sheet.constraints];
  sheet.notes = [...sheet.notes];
  const holds = apply(sheet, name, relation, ensure);
  if (holds && !sheet.hasCycle()) return true;
  Object.assign(sheet, before);
  return false;
}

function apply(sheet: Sheet, name: string, relation: Relation, ensure: EnsureColumn): boolean {
  switch (relation.kind) {
    case "after":
    case "before": {
      const other = ensure(relation.other, "time", name);
      if (other === undefined || other === name) return false;
      return relation.kind === "after"
        ? putAfter(sheet, name, other, relation)
        : putAfter(sheet, other, name, relation);
    }
    case "compare":
      return compare(sheet, name, relation, ensure);
    case "formula":
      if (applyDifference(sheet, name, relation.formula)) return true;
      return applyFormula(sheet, name, relation.formula, (phrase) => ensure(phrase, "number", name));
    case "depends": {
      const other = ensure(relation.other, "any", name);
      return other !== undefined && other !== name && applyDependence(sheet, name, other, relation);
    }
    case "margin":
      return applyMargin(sheet, name, relation, ensure(relation.other, "number", name));
    case "present":
      return applyPresence(sheet, name, relation);
    case "factor":
      return applyFactor(sheet, name, relation.group, relation.factor);
  }
}

/** "end - start" of two times. */
function applyDifference(sheet: Sheet, name: string, formula: string): boolean {
  const [later, earlier, ...more] = formula
    .split(/\s-\s|(?<=[\p{L}\p{N}_])-(?=[\p{L}_])/u)
    .map((part) => sheet.find(trimPhrase(part), (column) => isTime(column) && nameOf(column) !== name));
  if (later === undefined || earlier === undefined || later === earlier || more.length > 0) return false;
  const [end, start] = [nameOf(later), nameOf(earlier)];
  const isAfter = countsFrom(sheet, end, start) || putAfter(sheet, end, start, { isLoose: false });
  return isAfter && putDifference(sheet, name, end, start);
}

export function isTime(column: DraftColumn | undefined): boolean {
  return column?.["sampler_type"] === "datetime" || column?.["sampler_type"] === "timedelta";
}

interface Gap {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly unit?: DeltaUnit | undefined;
  readonly isLoose: boolean;
}

/** `later` becomes a time after `earlier`, which keeps its own way of being made unless it is counted from `later`. */
function putAfter(sheet: Sheet, later: string, earlier: string, gap: Gap): boolean {
  const [first, second] = [sheet.column(earlier), sheet.column(later)];
  if (first === undefined || second === undefined) return false;
  const isCountedBack = countsFrom(sheet, earlier, later);
  if (!isTime(first) || isCountedBack) sheet.replace(plainTime(earlier, first));
  const wasFrom = second["sampler_type"] === "timedelta" && paramsOf(second)["reference_column_name"] === earlier;
  const said = gap.min !== undefined || gap.max !== undefined;
  // A gap that the lexicon knows for just these two fits better than one made up here.
  if (wasFrom && !said && (numberOf(paramsOf(second)["dt_min"]) ?? 0) >= (gap.isLoose ? 0 : 1)) return true;
  const base = sheet.column(earlier);
  const isDay = textOf(base?.["convert_to"]) !== "" && !textOf(base?.["convert_to"]).includes("%H");
  const isDaySecond = isTime(second)
    ? textOf(second["convert_to"]) !== "" && !textOf(second["convert_to"]).includes("%H")
    : isDay;
  const unit = gap.unit ?? (isDay || isDaySecond ? "D" : "m");
  const min = gap.min ?? (gap.isLoose || gap.max === 0 ? 0 : Math.min(1, gap.max ?? 1));
  const max = gap.max ?? Math.max(min + { D: 30, h: 24, m: 240, s: 600 }[unit], min);
  const format =
    unit === "D" && isDaySecond
      ? textOf(second["convert_to"]) || textOf(base?.["convert_to"]) || "%Y-%m-%d"
      : undefined;
  sheet.dropConstraints(later);
  sheet.replace(timedeltaColumn(later, earlier, { min, max, unit, format: unit === "D" ? format : undefined }));
  return true;
}

function countsFrom(sheet: Sheet, name: string, other: string): boolean {
  let at: string | undefined = name;
  for (let steps = 0; at !== undefined && steps < 50; steps += 1) {
    const params: DraftColumn = paramsOf(sheet.column(at) ?? {});
    at = textOf(params["reference_column_name"]) || undefined;
    if (at === other) return true;
  }
  return false;
}

function plainTime(name: string, column: DraftColumn): DraftColumn {
  const guess = guessColumn("date", "date").column;
  const window = { start: textOf(paramsOf(guess)["start"]), end: textOf(paramsOf(guess)["end"]) };
  const plain = dateColumn(name, window);
  const isDay = textOf(column["convert_to"]) !== "" || !isTime(column);
  if (isDay) return plain;
  const { convert_to: _format, ...rest } = plain;
  return { ...rest, params: { ...paramsOf(plain), unit: "s" } };
}

const INVERSE = { lt: "gt", le: "ge", gt: "lt", ge: "le" } as const;

function compare(
  sheet: Sheet,
  name: string,
  relation: Extract<Relation, { kind: "compare" }>,
  ensure: EnsureColumn,
): boolean {
  const isUpper = relation.operator === "lt" || relation.operator === "le";
  const wanted = isTime(sheet.column(name)) ? "time" : "number";
  const other = ensure(relation.other, wanted, name);
  if (other === undefined || other === name) return false;
  if (isTime(sheet.column(name)) && isTime(sheet.column(other))) {
    const isLoose = relation.operator === "le" || relation.operator === "ge";
    return isUpper ? putAfter(sheet, other, name, { isLoose }) : putAfter(sheet, name, other, { isLoose });
  }
  return limit(sheet, name, other, relation.operator) || limit(sheet, other, name, INVERSE[relation.operator]);
}

/** A constraint between two number samplers, with what else it takes for every row to have a solution. */
function limit(sheet: Sheet, name: string, other: string, operator: Operator): boolean {
  const [target, limiting] = [drawable(sheet.column(name)), sheet.column(other)];
  const [own, bound] = [spanOf(target), spanOf(limiting)];
  if (target === undefined || limiting === undefined || own === undefined || bound === undefined) return false;
  if (target["column_type"] !== "sampler" || limiting["column_type"] !== "sampler") return false;
  const isUpper = operator === "lt" || operator === "le";
  sheet.put(target);
  // The limit must leave room beyond the near end of the target: else that end moves, or the limit is limited too.
  const near = isUpper ? own.low : own.high;
  const hasRoom = isUpper ? bound.high > near : bound.low < near;
  if (!hasRoom) {
    const { low, high } = isUpper
      ? { low: bound.low >= 0 ? 0 : bound.low * 2, high: bound.high }
      : { low: bound.low, high: bound.high > 0 ? bound.high * 2 : 0 };
    if (endsOf(target) === undefined) return false;
    const isWhole = wholeNumberEnds(paramsOf(target)) !== undefined;
    const params = isWhole ? paramsOf(drawnInteger(name, low, high)) : { ...paramsOf(target), low, high };
    sheet.put({ ...target, params });
  }
  const ends = endsOf(sheet.column(name));
  const end = isUpper ? ends?.low : ends?.high;
  const edge = end ?? (Array.isArray(paramsOf(target)["values"]) ? near : undefined);
  if (edge !== undefined) sheet.constraints.push({ target_column: other, operator: isUpper ? "gt" : "lt", rhs: edge });
  sheet.constraints.push({ target_column: name, operator, rhs: other });
  return true;
}

/** The ends between which a column is drawn evenly; undefined for one that is drawn in another way. */
function endsOf(column: DraftColumn | undefined): Span | undefined {
  const params = paramsOf(column ?? {});
  return wholeNumberEnds(params) ?? (column?.["sampler_type"] === "uniform" ? spanOf(column) : undefined);
}

/** Distributions that cannot be drawn between two ends become uniform over their usual range: no row fails then. */
function drawable(column: DraftColumn | undefined): DraftColumn | undefined {
  const type = textOf(column?.["sampler_type"]);
  const span = spanOf(column);
  if (column === undefined || span === undefined || !["scipy", "poisson", "binomial"].includes(type)) return column;
  if (wholeNumberEnds(paramsOf(column)) !== undefined) return column;
  const isWhole = type !== "scipy" || column["convert_to"] === "int";
  const places = numberOf(paramsOf(column)["decimal_places"]);
  const [low, high] = [Math.max(0, span.low), Math.max(span.high, span.low + 1)];
  const { params: _params, sampler_type: _type, conditional_params: _conditions, ...rest } = column;
  const name = nameOf(column);
  return { ...rest, ...(isWhole ? drawnInteger(name, low, high) : numberColumn(name, low, high, places ?? 2)) };
}
