/** Figures that belong beside each other. */
export interface BenchTable {
  readonly title: string;
  /** What was processed and how often. */
  readonly size: string;
  readonly columns: readonly string[];
  /** One value a column; numbers are shown with three digits or as whole ones. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** What a reader must know to judge the figures. */
  readonly notes?: readonly string[];
}

export function formatTable({ title, size, columns, rows, notes = [] }: BenchTable): string {
  const cells = [columns, ...rows.map((row) => row.map((value) => formatValue(value)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  // Names to the left, figures to the right.
  const isLeft = columns.map((_, column) => rows.every((row) => typeof row[column] === "string"));
  const lines = cells.map((row) =>
    row
      .map((value, column) =>
        isLeft[column] === true ? value.padEnd(widths[column] ?? 0) : value.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [title, `(${size})`, lines[0], rule, ...lines.slice(1), ...notes.map((note) => `* ${note}`), ""].join("\n");
}

export function formatValue(value: string | number): string {
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "-";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
