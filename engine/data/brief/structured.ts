/** Briefs that are a schema already: SQL `CREATE TABLE`, a Markdown table, a CSV header, a JSON object or list. */
import { jsonrepair } from "jsonrepair";

export interface StructuredBrief {
  /** One wish for each column: `name` in backticks and its details. */
  readonly columns: readonly string[];
  /** The brief without the schema. */
  readonly rest: string;
}

const MAX_COLUMNS = 200;

/** Undefined for running text. Never throws. */
export function readStructured(text: string): StructuredBrief | undefined {
  return readDdl(text) ?? readMarkdown(text) ?? readJson(text) ?? readCsv(text);
}

const TABLE =
  /\bcreate\s+(?:temp(?:orary)?\s+|external\s+)?table\s+(?:if\s+not\s+exists\s+)?(?<name>[\w."`[\]]+)\s*\(/i;

function readDdl(text: string): StructuredBrief | undefined {
  const match = TABLE.exec(text);
  if (match === null) return undefined;
  const start = match.index + match[0].length;
  const end = closing(text, start);
  const columns = topLevel(text.slice(start, end)).flatMap((line) => {
    const plain = line
      .replaceAll(/--[^\n]*/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();
    if (/^(?:primary key|foreign key|unique|constraint|check|index|key)\b/i.test(plain)) return [];
    const parts =
      /^["`[]?(?<name>[\p{L}_][\p{L}\p{N}_ ]*?)["`\]]?\s+(?<type>[\p{L}]\w*(?:\s+(?:varying|precision))?(?:\s*\([^)]*\))?(?:\s+unsigned)?)(?<rest>.*)$/iu.exec(
        plain,
      )?.groups;
    return parts === undefined ? [] : [`\`${parts["name"]}\` ${ddlDetail(parts["type"] ?? "", parts["rest"] ?? "")}`];
  });
  const name =
    (match.groups?.["name"] ?? "")
      .replaceAll(/["`[\]]/g, "")
      .split(".")
      .at(-1) ?? "";
  const rest = `${text.slice(0, match.index)} ${text.slice(end + 1).replace(/^[^;\n]*;?/, "")}`;
  return columns.length === 0
    ? undefined
    : { columns: columns.slice(0, MAX_COLUMNS), rest: `${rest} dataset named "${name}"` };
}

function ddlDetail(type: string, rest: string): string {
  const check =
    /\bin\s*\((?<list>[^)]*)\)/i.exec(rest)?.groups?.["list"] ??
    /^enum\s*\((?<list>[^)]*)\)/i.exec(type)?.groups?.["list"];
  if (check !== undefined) return `one of ${check}`;
  const between = /\bbetween\s+(-?[\d.]+)\s+and\s+(-?[\d.]+)/i.exec(rest);
  const limits = [
    ...(/\bcheck\s*\((?<check>.*)\)/i.exec(rest)?.groups?.["check"]?.matchAll(/(>=|<=|>|<)\s*(-?[\d.]+)/g) ?? []),
  ]
    .map(([, sign, value]) => `${sign} ${value}`)
    .join(" and ");
  const range = between === null ? limits : `from ${between[1]} to ${between[2]}`;
  const kind = kindOfType(type);
  return range === "" ? (kind === "" ? "" : `(${kind})`) : kind === "" ? range : `(${kind}, ${range})`;
}

function kindOfType(type: string): string {
  const word = type.toLowerCase();
  if (/^(?:bool|bit)/.test(word)) return "boolean";
  if (/^(?:timestamp|datetime)/.test(word)) return "datetime";
  if (word.startsWith("date")) return "date";
  if (/^(?:uuid|uniqueidentifier)/.test(word)) return "uuid";
  if (word.startsWith("json")) return "json";
  if (/serial/.test(word)) return "uuid";
  if (/int/.test(word)) return "integer";
  if (/^(?:dec|num|money|float|double|real)/.test(word)) return "number";
  return "";
}

function closing(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function topLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const sign = text[at];
    if (sign === "(") depth += 1;
    if (sign === ")") depth -= 1;
    if (at < text.length && (sign !== "," || depth > 0)) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return parts.filter((part) => part.trim() !== "");
}

/** The first column names the columns; cells of the others are their details. A line of `---` divides. */
function readMarkdown(text: string): StructuredBrief | undefined {
  const lines = text.split("\n");
  const isRow = (line: string | undefined): boolean =>
    (line?.match(/\|/g)?.length ?? 0) >= 1 && (line ?? "").trim() !== "";
  const start = lines.findIndex((line, at) => isRow(line) && isRow(lines[at + 1]));
  if (start < 0) return undefined;
  let end = start;
  while (isRow(lines[end])) end += 1;
  const rows = lines
    .slice(start, end)
    .filter((line) => !/^[\s|:-]+$/.test(line))
    .map((line) =>
      line
        .trim()
        .replace(/^\||\|$/g, "")
        .split("|")
        .map((cell) => cell.trim()),
    );
  const [header = [], ...body] = rows;
  const isSchema = /^(?:name|column|field|attribute|variable|column name|field name)s?$/i.test(header[0] ?? "");
  const rest = [...lines.slice(0, start), ...lines.slice(end)].join("\n");
  if (isSchema) {
    const columns = body.flatMap(([name = "", ...details]) =>
      name === ""
        ? []
        : [`\`${name.replaceAll("`", "")}\` (${details.filter((cell) => cell !== "" && cell !== "-").join(", ")})`],
    );
    return columns.length === 0 ? undefined : { columns: columns.slice(0, MAX_COLUMNS), rest };
  }
  if (rows.length < 2 || header.length < 2) return undefined;
  return { columns: sampleColumns(header, body).slice(0, MAX_COLUMNS), rest };
}

/** A header with rows below it: the rows show what the values are like. */
function sampleColumns(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return header.flatMap((name, at) => {
    const plain = name.replaceAll(/["'`]/g, "").trim();
    if (plain === "") return [];
    return [
      `\`${plain}\` ${sampleDetail(
        plain,
        rows.map((row) => (row[at] ?? "").replaceAll('"', "").trim()).filter((cell) => cell !== ""),
      )}`.trim(),
    ];
  });
}

function sampleDetail(name: string, cells: readonly string[]): string {
  if (cells.length === 0 || /(?:^|_|\s)id$/i.test(name)) return "";
  if (cells.every((cell) => /^-?\d+(?:\.\d+)?$/.test(cell))) {
    const numbers = cells.map(Number);
    const isWhole = numbers.every((value) => Number.isInteger(value)) && !cells.some((cell) => cell.includes("."));
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const type = isWhole ? "integer" : "number";
    return low < high && cells.length > 2 ? `(${type}, from ${low} to ${high})` : `(${type})`;
  }
  if (cells.every((cell) => /^\d{4}-\d{2}-\d{2}$/.test(cell))) return "(date)";
  if (cells.every((cell) => /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(cell))) return "(datetime)";
  if (cells.every((cell) => /^(?:true|false)$/i.test(cell))) return "(boolean)";
  const distinct = [...new Set(cells)];
  const prefix = /^(\p{Lu}+[-_]?)\d+$/u.exec(cells[0] ?? "")?.[1];
  if (
    prefix !== undefined &&
    cells.length > 1 &&
    distinct.length === cells.length &&
    cells.every((cell) => cell.startsWith(prefix))
  )
    return `with prefix ${prefix}`;
  const isCodes = cells.length >= 3 && distinct.length < cells.length && distinct.every((cell) => cell.length <= 12);
  if (isCodes) return `one of ${distinct.map((value) => `"${value}"`).join(", ")}`;
  const isLabel =
    cells.length >= 4 && distinct.length <= cells.length / 2 && distinct.every((cell) => cell.length < 30);
  return isLabel ? `one of ${distinct.map((value) => `"${value}"`).join(", ")}` : "";
}

function readJson(text: string): StructuredBrief | undefined {
  const start = text.search(/[[{]\s*["'{\w]/);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  // Brackets inside a sentence hold values; a schema stands on its own.
  const before = start < 0 ? "" : text.slice(0, start).trim();
  if (start < 0 || end <= start || (before !== "" && !/(?::|json|schema|columns|fields|like|format)\s*$/i.test(before)))
    return undefined;
  const source = text.slice(start, end + 1);
  if (!/["']/.test(source) && !source.startsWith("{")) return undefined;
  const value = parse(source);
  const rest = `${text.slice(0, start)} ${text.slice(end + 1)}`.replace(
    /(?:columns|fields|schema|json)?\s*:\s*$/i,
    " ",
  );
  const list = Array.isArray(value) ? value : undefined;
  if (list?.every((item) => typeof item === "string") === true && list.length > 1)
    return { columns: list.slice(0, MAX_COLUMNS).map((name) => `\`${name}\``), rest };
  const named = list?.flatMap((item: unknown) => describedColumn(item)) ?? [];
  if (named.length > 0) return { columns: named.slice(0, MAX_COLUMNS), rest };
  const row: unknown = list === undefined ? value : list[0];
  if (!isRecord(row) || Object.keys(row).length === 0) return undefined;
  const rows = list ?? [row];
  const columns = Object.keys(row).map((name) => {
    const cells = rows.flatMap((item: unknown) =>
      isRecord(item) && ["string", "number", "boolean"].includes(typeof item[name]) ? [String(item[name])] : [],
    );
    const [first = ""] = cells;
    // `{"age": "int 18-90"}` describes, `{"age": 31}` shows.
    const isDescription =
      cells.length === 1 &&
      /^(?:int|float|str|text|date|bool|uuid|number|category|one of|decimal|email|json)|\d\s*-\s*\d|\|/i.test(first) &&
      typeof row[name] === "string" &&
      !/^\d{4}-\d\d/.test(first);
    return isDescription ? `\`${name}\` (${first})` : `\`${name}\` ${sampleDetail(name, cells)}`.trim();
  });
  return { columns: columns.slice(0, MAX_COLUMNS), rest };
}

/** `{"name": "age", "type": "int", "min": 18, "max": 90}` */
function describedColumn(item: unknown): string[] {
  if (!isRecord(item)) return [];
  const { name, type, min, max, values, range } = item;
  if (typeof name !== "string" || (type === undefined && values === undefined && range === undefined)) return [];
  const details = [
    typeof type === "string" ? type : "",
    typeof min === "number" && typeof max === "number" ? `from ${min} to ${max}` : "",
    Array.isArray(range) && range.length === 2
      ? `from ${String(range[0])} to ${String(range[1])}`
      : typeof range === "string"
        ? range
        : "",
  ].filter((part) => part !== "");
  if (Array.isArray(values)) return [`\`${name}\` one of ${values.map((value) => `"${String(value)}"`).join(", ")}`];
  return [`\`${name}\` (${details.join(", ")})`];
}

function parse(source: string): unknown {
  try {
    return JSON.parse(jsonrepair(source));
  } catch {
    // Text that only looks like JSON is read as words.
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A line of names, with rows of the same length below it or nothing else: `id,name,created_at`. */
function readCsv(text: string): StructuredBrief | undefined {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => isHeader(line, lines.length));
  if (at < 0) return undefined;
  const header = (lines[at] ?? "").split(/[,;\t]/).map((cell) => cell.trim());
  let end = at + 1;
  while (end < lines.length && (lines[end] ?? "").split(/[,;\t]/).length === header.length) end += 1;
  const rows = lines.slice(at + 1, end).map((line) => line.split(/[,;\t]/));
  return {
    columns: sampleColumns(header, rows).slice(0, MAX_COLUMNS),
    rest: [...lines.slice(0, at), ...lines.slice(end)].join("\n"),
  };
}

/** Names without spaces after the commas, or names of which some have `_` or capitals inside. */
function isHeader(line: string, lineCount: number): boolean {
  const cells = line
    .trim()
    .split(/[,;\t]/)
    .map((cell) => cell.trim());
  if (
    cells.length < 3 ||
    !cells.every((cell) => /^"?[\p{L}_][\p{L}\p{N}_ ]{0,39}"?$/u.test(cell) && cell.split(" ").length <= 3)
  )
    return false;
  const isTight = !/[,;]\s/.test(line.trim());
  return (
    isTight || (lineCount > 1 && cells.every((cell) => !cell.includes(" ")) && cells.some((cell) => cell.includes("_")))
  );
}
