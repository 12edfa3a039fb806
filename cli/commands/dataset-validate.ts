import { planColumns } from "../../engine/data/design/plan.ts";
import { hasErrors } from "../../engine/data/design/violation.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { loadDesign, violationTable } from "../dataset-design.ts";
import type { ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";

/** Says everything that is wrong with a design; exits 1 when an error is among it. */
export async function run({ terminal }: CommandContext, file: string, options: GlobalOptions): Promise<ExitName> {
  const { name, design, violations, seedRows } = await loadDesign(file);
  const isValid = design !== undefined && !hasErrors(violations);
  const seedColumns = seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] };
  const plan = isValid ? planColumns(design, seedColumns) : undefined;
  if (options.json) {
    terminal.out(jsonText("design_validation", { name, valid: isValid, violations, order: plan?.order ?? null }));
  } else {
    if (violations.length > 0) terminal.out(violationTable(violations, terminal));
    const errors = violations.filter(({ level }) => level === "error").length;
    if (plan === undefined) terminal.out(`${file}: ${errors} ${errors === 1 ? "error" : "errors"}`);
    else terminal.out(`${file}: valid; ${plan.output.length} columns, made in the order ${plan.order.join(", ")}`);
  }
  return isValid ? "ok" : "failure";
}
