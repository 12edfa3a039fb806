import type { JsonValue } from "../../engine/data/table.ts";

/**
 * CSV as RFC 4180 has it, with a header; lines may end in CR LF. A field without quotes that is empty is missing. A
 * column whose every value reads as a number, or as true or false, gets such values. Throws an Error that names the
 * line when a row has another number of fields than the header, or a quote is not closed.
 */
export function parseCsv(text: string): Record<string, JsonValue>[] {
  const rows = readRows(text);
  const [header, ...body] = rows;
  if (header === undefined) throw new Error("it is empty");
  const names = header.fields.map((field) => field ?? "");
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`column "${twice}" comes twice in the header`);
  if (names.includes("")) throw new Error("a column in the header has no name");
  for (const { fields, line } of body) {
    if (fields.length === names.length) continue;
    throw new Error(`line ${line} has ${fields.length} fields, the header ${names.length}`);
  }
  const readers = names.map((_, at) => readerOf(body.map(({ fields }) => fields[at] ?? null)));
  return body.map(({ fields }) =>
    Object.fromEntries(
      names.map((name, at) => {
        const field = fields[at] ?? null;
        return [name, field === null ? null : (readers[at]?.(field) ?? field)];
      }),
    ),
  );
}

interface CsvRow {
  readonly line: number;
  readonly fields: readonly (string | null)[];
}

function readRows(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/gy;
  let fields: (string | null)[] = [];
  let line = 1;
  let firstLine = 1;
  while (pattern.lastIndex < text.length || fields.length > 0) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const reason = text[at] === '"' ? "a quote is not closed" : "a quote stands within a field";
      throw new Error(`line ${line + text.slice(at, at + 1).split("\n").length - 1}: ${reason}`);
    }
    const [, raw = "", end = ""] = match;
    fields.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw === "" ? null : raw);
    for (const letter of match[0]) if (letter === "\n") line += 1;
    if (end === ",") continue;
    const isBlankLine = fields.length === 1 && fields[0] === null;
    if (!isBlankLine) rows.push({ line: firstLine, fields });
    fields = [];
    firstLine = line;
  }
  return rows;
}

/** Numbers with leading zeros are codes, such as postcodes, and stay text. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/;

function readerOf(values: readonly (string | null)[]): (text: string) => JsonValue {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return (text) => text;
  if (present.every((value) => NUMBER.test(value))) return Number;
  if (present.every((value) => /^(?:true|false)$/i.test(value))) return (text) => text.toLowerCase() === "true";
  return (text) => text;
}
