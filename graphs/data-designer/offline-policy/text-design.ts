import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import type { ViolationResult } from "../results.ts";
import type { Preview } from "../state.ts";

const MAX_LISTED = 12;
const TABLE = { rows: 5, columns: 10, cellChars: 32 };

export function listOf(title: string, items: readonly string[]): string | undefined {
  if (items.length === 0) return undefined;
  const left = items.length - MAX_LISTED;
  const shown = items.slice(0, MAX_LISTED).map((item) => `- ${item}`);
  return [title, ...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}

export function notUnderstood(parts: readonly string[]): string | undefined {
  return listOf(
    "Not understood, and left out:",
    parts.map((part) => `"${part}"`),
  );
}

/** A short Markdown table of the first rows. */
export function previewTable(preview: Preview | null): string | undefined {
  const records = preview?.records.slice(0, TABLE.rows) ?? [];
  const names = Object.keys(records[0] ?? {});
  if (names.length === 0) return undefined;
  const shown = names.slice(0, TABLE.columns);
  const left = names.length - shown.length;
  const lines = [
    row(shown),
    row(shown.map(() => "---")),
    ...records.map((record) => row(shown.map((name) => cell(record[name])))),
  ];
  return [...lines, ...(left > 0 ? ["", `(${left} more columns: ${names.slice(TABLE.columns).join(", ")})`] : [])].join(
    "\n",
  );
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Cells are data: they may not break out of the table. */
function cell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  const oneLine = text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
  return oneLine.length > TABLE.cellChars ? `${oneLine.slice(0, TABLE.cellChars - 1)}…` : oneLine;
}

export function describeViolations(violations: readonly ViolationResult[]): string | undefined {
  return listOf(
    "What is wrong:",
    violations.map(({ column, level, message }) => `${column === null ? "" : `\`${column}\`, `}${level}: ${message}`),
  );
}

/** Every column with its kind, and how much is wanted. */
export function describeDesign(design: DesignDraft, violations: readonly ViolationResult[]): string {
  const { name, num_records: rows, seed, config } = design;
  const header = [
    `**${name ?? "Dataset"}**`,
    rows === null ? undefined : `${rows.toLocaleString("en-US")} rows`,
    seed === null ? undefined : `seed ${seed}`,
  ].filter((part) => part !== undefined);
  const columns = config.columns.map(
    ({ name: column, column_type: type, sampler_type: sampler, drop }) =>
      `- \`${textOf(column)}\`: ${textOf(sampler ?? type)}${drop === true ? " (helper, not in the dataset)" : ""}`,
  );
  const constraints = (config.constraints ?? []).map(
    ({ target_column: target, operator, rhs }) => `- \`${textOf(target)}\` ${sign(operator)} ${textOf(rhs)}`,
  );
  return [
    header.join(", "),
    ...columns,
    ...(constraints.length > 0 ? ["Constraints:", ...constraints] : []),
    ...(describeViolations(violations)?.split("\n") ?? []),
  ].join("\n");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function sign(operator: unknown): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", le: "≤", gt: ">", ge: "≥" };
  return typeof operator === "string" ? (signs[operator] ?? operator) : "?";
}
