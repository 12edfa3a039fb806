/** "salary correlated with years of experience": numbers that rise, or fall, with those of another column. */
import type { DraftColumn } from "../design/draft.ts";
import { expressionColumn, numberColumn } from "./columns.ts";
import { nameOf, numberOf, paramsOf, textOf } from "./json.ts";
import type { Sheet } from "./sheet.ts";
import { round, spanOf } from "./spans.ts";
import type { Span } from "./spans.ts";

/** How much of the place in its range a number takes from the other column; chance makes the rest. */
const SHARE = 0.7;
/** Numbers without ends are this many times their own size at the ends of the other column's range. */
const [LEAST, GREATEST] = [0.4, 1.6];
const ADULT_AGES: Span = { low: 18, high: 90 };

/**
 * Makes the column of its own draws and the other column: within its ends where it has some, else larger or smaller by
 * the other one. False, with nothing changed, when one of them is no number or the column has limits by others.
 */
export function applyCorrelation(sheet: Sheet, name: string, other: string, isInverse: boolean): boolean {
  const [column, range] = [sheet.column(name), numbersOf(sheet, other)];
  if (column?.["column_type"] !== "sampler" || range === undefined || range.low >= range.high) return false;
  const isBound = sheet.constraints.some(
    ({ target_column: target, rhs }) => (target === name && typeof rhs === "string") || rhs === name,
  );
  if (isBound || spanOf(column) === undefined) return false;
  const place = `[[(${other} - ${range.low}) / ${round(range.high - range.low, 6)}, 0] | max, 1] | min`;
  // Templates nest ten levels deep at most, so the place is a column of its own.
  const level = sheet.freeName(`${name}_level`, true);
  const levelColumn = expressionColumn(level, `{{ ${isInverse ? `1 - (${place})` : place} }}`, "float");
  sheet.insertBefore(name, [{ ...levelColumn, drop: true }]);
  const made = isEven(column) ? withinEnds(sheet, column, level) : byFactor(sheet, column, level);
  sheet.put(column["drop"] === true ? { ...made, drop: true } : made);
  sheet.notes.push(
    `${name} ${isInverse ? "falls" : "rises"} with ${other}; chance makes about a third of where a value lies.`,
  );
  return true;
}

/** Between two ends, or one of a list, with all values equally likely before: the place in the range decides. */
function isEven(column: DraftColumn): boolean {
  const { dist_name: shape, values } = paramsOf(column);
  return column["sampler_type"] === "uniform" || shape === "randint" || Array.isArray(values);
}

function withinEnds(sheet: Sheet, column: DraftColumn, level: string): DraftColumn {
  const name = nameOf(column);
  const chance = sheet.freeName(`${name}_chance`, true);
  sheet.insertBefore(name, [{ ...numberColumn(chance, 0, 1, 6), drop: true }]);
  sheet.dropConstraints(name);
  const share = `(${SHARE} * ${level} + ${round(1 - SHARE, 2)} * ${chance})`;
  const { values } = paramsOf(column);
  if (Array.isArray(values)) {
    const list = values.filter((value) => typeof value === "number").toSorted((left, right) => left - right);
    const isWhole = list.every((value) => Number.isInteger(value));
    const expr = `{{ [${list.join(", ")}][[(${share} * ${list.length}) | int, ${list.length - 1}] | min] }}`;
    return expressionColumn(name, expr, isWhole ? "int" : "float");
  }
  const { low, high } = spanOf(column) ?? { low: 0, high: 1 };
  return asNumber(column, `${low} + ${round(high - low, 6)} * ${share}`);
}

function byFactor(sheet: Sheet, column: DraftColumn, level: string): DraftColumn {
  const name = nameOf(column);
  const base = sheet.freeName(`${name}_base`, true);
  const { low, high } = limitsOf(sheet, name);
  sheet.insertBefore(name, [{ ...column, name: base, drop: true }]);
  sheet.moveReferences(name, base);
  const grown = sheet.freeName(`${name}_grown`, true);
  const product = expressionColumn(
    grown,
    `{{ ${base} * (${LEAST} + ${round(GREATEST - LEAST, 2)} * ${level}) }}`,
    "float",
  );
  sheet.insertBefore(name, [{ ...product, drop: true }]);
  const atLeast = low === undefined ? grown : `[${grown}, ${low}] | max`;
  return asNumber(column, high === undefined ? atLeast : `[${atLeast}, ${high}] | min`);
}

function asNumber(column: DraftColumn, source: string): DraftColumn {
  const isWhole = column["convert_to"] === "int" || ["poisson", "binomial"].includes(textOf(column["sampler_type"]));
  const places = isWhole ? 0 : (numberOf(paramsOf(column)["decimal_places"]) ?? 2);
  return expressionColumn(nameOf(column), `{{ (${source}) | round(${places}) }}`, isWhole ? "int" : "float");
}

/** What the numbers of a column lie in: of a sampler by its parameters and limits, of an age by the person. */
function numbersOf(sheet: Sheet, name: string): Span | undefined {
  const column = sheet.column(name);
  const person = /^\{\{\s*([\p{L}\p{N}_]+)\.age\s*\}\}$/u.exec(textOf(column?.["expr"]))?.[1];
  if (person !== undefined) {
    const ages = paramsOf(sheet.column(person) ?? {})["age_range"];
    const [low, high] = Array.isArray(ages) ? ages : [];
    return typeof low === "number" && typeof high === "number" ? { low, high } : ADULT_AGES;
  }
  const span = column?.["column_type"] === "sampler" ? spanOf(column) : undefined;
  if (span === undefined) return undefined;
  const { low = span.low, high = span.high } = limitsOf(sheet, name);
  return { low: Math.max(span.low, low), high: Math.min(span.high, high) };
}

function limitsOf(sheet: Sheet, name: string): Partial<Span> {
  const limits = sheet.constraints.filter((one) => one["target_column"] === name);
  const ends = (signs: readonly string[]): number[] =>
    limits.flatMap(({ operator, rhs }) => (typeof rhs === "number" && signs.includes(textOf(operator)) ? [rhs] : []));
  const [lows, highs] = [ends(["ge", "gt"]), ends(["le", "lt"])];
  return {
    ...(lows.length === 0 ? {} : { low: Math.max(...lows) }),
    ...(highs.length === 0 ? {} : { high: Math.min(...highs) }),
  };
}
