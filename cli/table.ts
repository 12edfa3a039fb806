import { printable } from "./terminal.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly align?: "left" | "right";
}

/**
 * Rows as aligned columns. A missing value is `-`. The last column is cut so that a line fits into `width`, never below
 * 20 characters; with no rows the answer is the header alone.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => (line[at] ?? "").length)),
  );
  const before = widths.slice(0, -1).reduce((total, next) => total + next + 2, 0);
  const lastWidth = Math.max(20, width - before);
  const lines = [columns.map((column) => column.title.toUpperCase()), ...cells];
  return lines
    .map((line) =>
      line
        .map((cell, at) => {
          if (at === columns.length - 1) return cell.length > lastWidth ? `${cell.slice(0, lastWidth - 1)}…` : cell;
          const columnWidth = widths[at] ?? 0;
          return columns[at]?.align === "right" ? cell.padStart(columnWidth) : cell.padEnd(columnWidth);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === "") return "-";
  return printable(String(value)).replaceAll(/\s+/g, " ");
}
