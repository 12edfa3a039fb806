/** Makes a column a share of another one, or empty where another one has some value. */
import { expressionColumn, numberColumn } from "./columns.ts";
import { applyFormula } from "./formula.ts";
import { labelOf, nameOf, paramsOf } from "./json.ts";
import { leaveOutWhen } from "./leave-out.ts";
import type { Relation } from "./relations.ts";
import type { Sheet } from "./sheet.ts";
import { round } from "./spans.ts";

const FACTOR_DECIMALS = 4;

/** `other` is the column that the relation names; false when there is none or it is no number. */
export function applyMargin(
  sheet: Sheet,
  name: string,
  { low, high }: Extract<Relation, { kind: "margin" }>,
  other: string | undefined,
): boolean {
  if (other === undefined || other === name) return false;
  const [from, to] = [round(low, FACTOR_DECIMALS), round(high, FACTOR_DECIMALS)];
  // The formula checks that the other one is a number.
  if (!applyFormula(sheet, name, `${other} * ${from}`, () => other)) return false;
  if (from === to) return true;
  const factor = sheet.freeName(`${name}_factor`, true);
  sheet.insertBefore(name, [{ ...numberColumn(factor, from, to, FACTOR_DECIMALS), drop: true }]);
  sheet.replace(expressionColumn(name, `{{ (${other} * ${factor}) | round(2) }}`, "float"));
  return true;
}

/** False when no column has that name and value. */
export function applyPresence(
  sheet: Sheet,
  name: string,
  { other, value, isWhenEqual }: Extract<Relation, { kind: "present" }>,
): boolean {
  const column = sheet.find(other, (one) => nameOf(one) !== name);
  if (column === undefined) return false;
  const condition = equality(column, value);
  if (condition === undefined) return false;
  leaveOutWhen(sheet, name, isWhenEqual ? `not (${condition})` : condition);
  return true;
}

function equality(column: Parameters<typeof nameOf>[0], value: string): string | undefined {
  const name = nameOf(column);
  const { values } = paramsOf(column);
  const wanted = value.trim().toLowerCase();
  if (column["sampler_type"] === "bernoulli") return `${name} == ${/^(?:0|no|false|not set)$/.test(wanted) ? 0 : 1}`;
  if (!Array.isArray(values)) return undefined;
  const found = values.find((one) => labelOf(one).toLowerCase() === wanted);
  if (found === undefined) return undefined;
  return typeof found === "number" ? `${name} == ${found}` : `${name} == '${labelOf(found).replaceAll("'", "")}'`;
}
