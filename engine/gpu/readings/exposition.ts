/** One sample of a Prometheus text exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  /** As written: sentinels beyond 2^53 differ only in their text. */
  readonly raw: string;
  /** Unix milliseconds, when the line has one. */
  readonly atMs?: number;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** Lines that are neither a sample, a comment nor blank, and the first of them (1-based). */
  readonly skippedLines: number;
  readonly firstSkippedLine?: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_.]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)\s*/y;
const VALUE = /^\s*([-+]?(?:\d[\w.+-]*|\.\d[\w.+-]*|inf|infinity)|nan)(?:\s+(-?\d+(?:\.\d+)?))?(?:\s+#.*)?\s*$/i;
const MAX_LINE_LENGTH = 65_536;

/**
 * Reads the text format of Prometheus and of OpenMetrics. A malformed line is counted and left out.
 * Source: Prometheus documentation, exposition formats (text format 0.0.4).
 */
export function parseExposition(text: string): Exposition {
  const samples: Sample[] = [];
  let skippedLines = 0;
  let firstSkippedLine: number | undefined;
  let lineNumber = 0;
  for (const line of text.split("\n")) {
    lineNumber += 1;
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const sample = trimmed.length > MAX_LINE_LENGTH ? undefined : parseSample(trimmed);
    if (sample !== undefined) {
      samples.push(sample);
      continue;
    }
    skippedLines += 1;
    firstSkippedLine ??= lineNumber;
  }
  return { samples, skippedLines, ...(firstSkippedLine === undefined ? {} : { firstSkippedLine }) };
}

function parseSample(line: string): Sample | undefined {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) return undefined;
  let rest = line.slice(name.length).trimStart();
  let labels: ReadonlyMap<string, string> = new Map();
  if (rest.startsWith("{")) {
    const end = closingBrace(rest);
    const parsed = end === -1 ? undefined : parseLabels(rest.slice(1, end));
    if (parsed === undefined) return undefined;
    labels = parsed;
    rest = rest.slice(end + 1);
  }
  const value = VALUE.exec(rest);
  if (value === null || value[1] === undefined) return undefined;
  return {
    name,
    labels,
    raw: value[1],
    ...(value[2] === undefined ? {} : { atMs: Number(value[2]) }),
  };
}

/** The `}` that ends the labels: the first outside quotation marks. */
function closingBrace(text: string): number {
  let isQuoted = false;
  for (let at = 1; at < text.length; at += 1) {
    const character = text[at];
    if (isQuoted && character === "\\") at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === "}" && !isQuoted) return at;
  }
  return -1;
}

function parseLabels(text: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  const body = text.trim();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < body.length) {
    const match = LABEL.exec(body);
    if (match === null) return undefined;
    labels.set(
      match[1] ?? "",
      (match[2] ?? "").replaceAll(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : String(escaped))),
    );
  }
  return labels;
}
