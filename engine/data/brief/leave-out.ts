import type { DraftColumn } from "../design/draft.ts";
import { flagColumn } from "./columns.ts";
import { paramsOf } from "./json.ts";
import type { Sheet } from "./sheet.ts";

/** Empties a share of the cells: those of the rows where a hidden draw says so. */
export function leaveOut(sheet: Sheet, name: string, share: number): void {
  if (!sheet.has(name)) return;
  const flag = sheet.freeName(`${name}_missing`, true);
  sheet.insertBefore(name, [{ ...flagColumn(flag, share), drop: true }]);
  leaveOutWhen(sheet, name, `${flag} == 1`);
}

/**
 * Empties the cells of the rows where the condition holds: samplers cannot be skipped, so the drawn values move to a
 * hidden column, which the column then shows.
 */
export function leaveOutWhen(sheet: Sheet, name: string, condition: string): void {
  const column = sheet.column(name);
  if (column === undefined) return;
  const skip = { when: `{{ ${condition} }}`, value: null };
  if (column["column_type"] !== "sampler") {
    sheet.put({ ...column, skip });
    return;
  }
  const drawn = sheet.freeName(`${name}_drawn`, true);
  const dtype = dtypeOf(column);
  sheet.insertBefore(name, [{ ...column, name: drawn, drop: true }]);
  sheet.put({ name, column_type: "expression", expr: `{{ ${drawn} }}`, dtype, skip });
  sheet.moveReferences(name, drawn);
}

function dtypeOf(column: DraftColumn): "int" | "float" | "str" {
  const { convert_to: form, sampler_type: type } = column;
  if (form === "int" || form === "float" || form === "str") return form;
  if (type === "poisson" || type === "binomial" || type === "bernoulli") return "int";
  if (type === "uniform" || type === "gaussian" || type === "scipy" || type === "bernoulli_mixture") return "float";
  const { values } = paramsOf(column);
  const isWhole = Array.isArray(values) && values.every((value) => typeof value === "number");
  return isWhole ? (values.every((value) => Number.isInteger(value)) ? "int" : "float") : "str";
}
