/** Changes a column to what a brief says about its values. */
import type { DraftColumn } from "../design/draft.ts";
import { wholeNumberEnds } from "../design/draft/whole-numbers.ts";
import {
  categoryColumn,
  codeColumn,
  dateColumn,
  datetimeColumn,
  drawnInteger,
  expressionColumn,
  flagColumn,
  integerColumn,
  judgeColumn,
  numberColumn,
  sampler,
  structuredColumn,
  textColumn,
} from "./columns.ts";
import { distributionColumn } from "./distribution-column.ts";
import { guessColumn } from "./heuristics.ts";
import type { Detail } from "./item.ts";
import { isObject, labelOf, nameOf, numberOf, paramsOf, textOf } from "./json.ts";
import { kindOf } from "./kind-of.ts";
import { leaveOut } from "./leave-out.ts";
import type { FieldKind } from "./lexicon/types.ts";
import { limitPerson, personAge, personOf, setLocale } from "./person-detail.ts";
import type { NumberRange } from "./ranges.ts";
import type { Sheet } from "./sheet.ts";
import { isNumeric, round, spanOf } from "./spans.ts";
import type { Span } from "./spans.ts";
import { columnName } from "./words.ts";

/** Applies every part of `detail` to the column `name`; what does not fit its kind changes nothing. */
export function applyDetail(sheet: Sheet, name: string, phrase: string, detail: Detail): void {
  const kind = kindOf(sheet, name, phrase);
  const replaced = columnFor(sheet, name, phrase, detail, kind);
  if (replaced !== undefined) {
    sheet.dropConstraints(name, (constraint) => constraint["rhs"] === name || typeof constraint["rhs"] === "string");
    sheet.replace(replaced.column);
    for (const constraint of replaced.constraints) sheet.constraints.push({ ...constraint, target_column: name });
    if (detail.values !== undefined) keepLists(sheet, name);
  } else if (detail.range !== undefined) limitPerson(sheet, name, detail.range);
  if (detail.locale !== undefined) setLocale(sheet, detail.locale, name);
  const column = sheet.column(name);
  if (detail.prefix !== undefined && column?.["sampler_type"] === "uuid") {
    sheet.put({
      ...column,
      params: { ...paramsOf(column), prefix: detail.prefix },
    });
  }
  if (detail.missing !== undefined && detail.missing > 0) leaveOut(sheet, name, detail.missing);
}

/** Fewer values of a parent leave the lists of the others behind; values without a list are for the last step to mend. */
function keepLists(sheet: Sheet, parent: string): void {
  const values = paramsOf(sheet.column(parent) ?? {})["values"];
  const labels = Array.isArray(values) ? values.map(labelOf) : [];
  sheet.columns = sheet.columns.map((column) => {
    const params = paramsOf(column);
    const lists = params["values"];
    if (params["category"] !== parent || !isObject(lists) || !labels.every((label) => Object.hasOwn(lists, label)))
      return column;
    const kept = Object.fromEntries(Object.entries(lists).filter(([key]) => labels.includes(key)));
    return { ...column, params: { ...params, values: kept } };
  });
}

interface Made {
  readonly column: DraftColumn;
  readonly constraints: readonly { readonly operator: string; readonly rhs: number }[];
}

function columnFor(sheet: Sheet, name: string, phrase: string, detail: Detail, kind: FieldKind): Made | undefined {
  const made = (column: DraftColumn): Made => ({ column, constraints: [] });
  const { values, range, distribution, window, type, share, judge } = detail;
  const current = sheet.column(name);
  if (judge !== undefined) return made(judgeColumn(name, "", columnName(judge.aspect), judge.low, judge.high));
  if (values !== undefined) return made(categoryColumn(name, values.values, values.weights));
  if (distribution !== undefined && (distribution.name !== "uniform" || range === undefined)) {
    return distributionColumn(name, distribution, { range, decimals: decimalsFor(detail, kind, current), current });
  }
  if (detail.hours !== undefined) return made(clockTime(sheet, name, detail.hours));
  if (window !== undefined && !(range !== undefined && isNumeric(kind))) {
    const isDay = kind === "date" || (kind !== "datetime" && type?.kind !== "datetime");
    return made(isDay ? dateColumn(name, window) : datetimeColumn(name, window));
  }
  if (range !== undefined) return rangeColumn(sheet, name, range, detail, kind);
  if (share !== undefined && current?.["sampler_type"] !== "category") return made(flagColumn(name, share));
  if (type !== undefined) {
    const typed = typedColumn(name, phrase, type, kind, current);
    return typed === undefined ? undefined : made(typed);
  }
  if (detail.prefix !== undefined && current?.["sampler_type"] !== "uuid") {
    return made(sampler(name, "uuid", { prefix: detail.prefix, short_form: true, uppercase: true }));
  }
  if (
    detail.decimals !== undefined &&
    current !== undefined &&
    current["column_type"] === "sampler" &&
    "params" in current &&
    isNumeric(kind)
  ) {
    const { convert_to: _convert, ...rest } = current;
    const ends = wholeNumberEnds(paramsOf(current));
    if (ends !== undefined && detail.decimals > 0)
      return made(numberColumn(name, ends.low, ends.high, detail.decimals));
    return made({ ...rest, params: { ...paramsOf(current), decimal_places: detail.decimals } });
  }
  return undefined;
}

/** `09:30`, between two times of the day. */
function clockTime(sheet: Sheet, name: string, { from, to }: NonNullable<Detail["hours"]>): DraftColumn {
  const minute = sheet.freeName(`${name}_minute`, true);
  sheet.insertBefore(name, [{ ...integerColumn(minute, from, to), drop: true }]);
  return expressionColumn(name, `{{ '%02d:%02d' % (${minute} // 60, ${minute} % 60) }}`, "str");
}

function typedColumn(
  name: string,
  phrase: string,
  type: NonNullable<Detail["type"]>,
  kind: FieldKind,
  current: DraftColumn | undefined,
): DraftColumn | undefined {
  const year = guessColumn("date", "date").column;
  const window = { start: textOf(paramsOf(year)["start"]), end: textOf(paramsOf(year)["end"]) };
  switch (type.kind) {
    case "text":
      return textColumn(name, textPrompt(type.wish, phrase));
    case "code":
      return codeColumn(name, "", type.language);
    case "json":
      return structuredColumn(name, "");
    case "integer":
      if (isNumeric(kind)) return wholeNumbers(current);
      return kind === "id" ? integerColumn(name, 1, 1_000_000) : integerColumn(name, 0, 100);
    case "number":
    case "money":
      return isNumeric(kind) ? undefined : numberColumn(name, 0, 1_000, 2);
    case "boolean":
      return kind === "boolean" ? undefined : flagColumn(name, 0.5);
    case "date":
      return kind === "date" ? undefined : dateColumn(name, window);
    case "datetime":
      return kind === "datetime" ? undefined : datetimeColumn(name, window);
    case "id":
      return kind === "id" ? undefined : sampler(name, "uuid", {});
    case "string":
      return isNumeric(kind) && current?.["column_type"] === "sampler" ? { ...current, convert_to: "str" } : undefined;
    case "category":
    case "person":
    case "expression":
    case "duration":
    case "geo":
      return undefined;
  }
}

/** A number column as whole numbers. */
function wholeNumbers(current: DraftColumn | undefined): DraftColumn | undefined {
  const isPlain = ["uniform", "gaussian", "scipy"].includes(textOf(current?.["sampler_type"]));
  if (current === undefined || !isPlain) return undefined;
  const { decimal_places: _places, ...params } = paramsOf(current);
  const span = spanOf(current);
  if (current["sampler_type"] === "uniform" && span !== undefined)
    return drawnInteger(nameOf(current), span.low, span.high);
  return { ...current, params, convert_to: "int" };
}

function textPrompt(wish: string, phrase: string): string {
  return `Write the ${phrase} as ${wish}.`;
}

function rangeColumn(
  sheet: Sheet,
  name: string,
  range: NumberRange,
  detail: Detail,
  kind: FieldKind,
): Made | undefined {
  const current = sheet.column(name);
  // "customer at least 18" is about the age of a person.
  if (personAge(sheet, name) !== undefined || (kind === "person" && personOf(sheet, name) !== undefined))
    return undefined;
  const decimals = decimalsFor(detail, kind, current);
  const old = spanOf(current);
  const { low, high } = filled(range, old, decimals);
  const constraints: { operator: string; rhs: number }[] = [];
  // An open end keeps the column's own shape when that reaches beyond it.
  const isOneSided = range.low === undefined || range.high === undefined;
  const keepsShape =
    isOneSided &&
    current !== undefined &&
    old !== undefined &&
    isNumeric(kind) &&
    current["column_type"] === "sampler" &&
    reaches(old, range);
  if (keepsShape) {
    if (range.low !== undefined) constraints.push({ operator: range.isLowOpen ? "gt" : "ge", rhs: range.low });
    if (range.high !== undefined) constraints.push({ operator: range.isHighOpen ? "lt" : "le", rhs: range.high });
    return { column: current, constraints };
  }
  const step = decimals === 0 ? 1 : 10 ** -decimals;
  const from = range.isLowOpen && range.low !== undefined ? round(low + step, decimals) : low;
  const to = range.isHighOpen && range.high !== undefined ? round(high - step, decimals) : high;
  if (decimals === 0) return { column: integerColumn(name, Math.min(from, to), Math.max(from, to)), constraints };
  return { column: numberColumn(name, Math.min(from, to), Math.max(from, to), decimals), constraints };
}

/** Both ends; one that is not said follows from the old range, else from the other end. */
function filled(range: NumberRange, old: Span | undefined, decimals: number): Span {
  if (range.low !== undefined && range.high !== undefined) return { low: range.low, high: range.high };
  if (range.low !== undefined) {
    const high = old !== undefined && old.high > range.low ? old.high : Math.max(range.low * 10, range.low + 100);
    return { low: range.low, high };
  }
  const top = range.high ?? 100;
  const natural = top <= 0 ? top - 100 : decimals === 0 && top > 1 ? 1 : 0;
  return { low: old !== undefined && old.low < top ? old.low : natural, high: top };
}

/** Whether a good part of the old values lies inside the new end, so that drawing again finds one soon. */
function reaches(old: Span, range: NumberRange): boolean {
  const quarter = (old.high - old.low) / 4;
  return (
    (range.low === undefined || range.low < old.high - 2 * quarter) &&
    (range.high === undefined || range.high > old.low + 2 * quarter)
  );
}

function decimalsFor(detail: Detail, kind: FieldKind, current: DraftColumn | undefined): number {
  if (detail.decimals !== undefined) return detail.decimals;
  const type = detail.type?.kind;
  if (type === "integer") return 0;
  const written = detail.range?.decimals ?? 0;
  if (type === "money") return 2;
  if (type === "number") return Math.max(2, written);
  if (kind === "integer" && written === 0) return 0;
  const own = numberOf(current === undefined ? undefined : paramsOf(current)["decimal_places"]);
  if (kind === "money") return Math.max(own ?? 2, written);
  if (kind === "number" || kind === "geo" || kind === "duration")
    return Math.max(written, own ?? (current?.["convert_to"] === "int" ? 0 : 1));
  return written;
}
