import type { Design } from "./design.ts";

/** Whether a name of a drop processor means this column; `*` stands for any letters, also for none. */
export function matchesDropPattern(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return pattern === name;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  // Taking the earliest place for each middle part leaves the most room for those after it.
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= name.length - last.length;
}

/** The names and patterns of all drop processors. */
export function dropPatterns(design: Design): string[] {
  return (design.processors ?? []).flatMap((processor) =>
    processor.processor_type === "drop_columns" ? processor.column_names : [],
  );
}
