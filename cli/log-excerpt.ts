import { createReadStream } from "node:fs";

import { createLogParser } from "../engine/gpu/log/parse-log.ts";
import { refuseBinary } from "./binary-file.ts";
import { CliError } from "./exit-codes.ts";

/** A log this small is sent whole; what an application wrote between the records may explain them. */
const WHOLE_LOG_BYTES = 32 * 1_024;
const MAX_EXCERPT_BYTES = 256 * 1_024;

export interface LogExcerpt {
  readonly file: string;
  /** Lines that are sent, joined by line ends. */
  readonly text: string;
  readonly keptLines: number;
  readonly totalLines: number;
  readonly totalBytes: number;
  /** No line of a large log is a GPU record: its beginning is sent, so that the answer is about it all the same. */
  readonly hasNoRecords?: true;
}

/**
 * What of a log goes to the agent: all of a small one, else the lines that are GPU records, at most 256 KiB of them. When
 * even those are too many, the first and the last stay, because the cause is near the beginning and the state near the end.
 * Reads the file as a stream. Throws a CliError `usage` for a file that cannot be read or is no log.
 */
export async function excerptLog(file: string): Promise<LogExcerpt> {
  const parser = createLogParser();
  const start: Buffer[] = [];
  let totalBytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      if (totalBytes <= WHOLE_LOG_BYTES) start.push(chunk);
      totalBytes += chunk.length;
      parser.push(chunk);
    }
  } catch (error) {
    throw new CliError("usage", `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  const head = Buffer.concat(start);
  if (/^\s*(?:<\?xml|<!DOCTYPE nvidia_smi_log|<nvidia_smi_log)/.test(head.subarray(0, 1_024).toString("latin1"))) {
    throw new CliError(
      "usage",
      `${file} is output of nvidia-smi -q -x, not a log: nemops gpu triage --smi-xml ${file}`,
    );
  }
  const parsed = parser.end();
  refuseBinary(file, head, parsed);
  const totalLines = parsed.totalLines;
  if (totalBytes <= WHOLE_LOG_BYTES) {
    return { file, text: head.toString("utf8").trimEnd(), keptLines: totalLines, totalLines, totalBytes };
  }
  const lines = [...new Map(parsed.events.map((event) => [event.line, event.raw])).entries()]
    .sort(([left], [right]) => left - right)
    .map(([, raw]) => raw);
  if (lines.length === 0) {
    const first = head.subarray(0, WHOLE_LOG_BYTES).toString("utf8").split("\n").slice(0, -1);
    return { file, text: first.join("\n"), keptLines: first.length, totalLines, totalBytes, hasNoRecords: true };
  }
  const kept = firstAndLast(lines, MAX_EXCERPT_BYTES);
  return { file, text: kept.join("\n"), keptLines: kept.length, totalLines, totalBytes };
}

function firstAndLast(lines: readonly string[], maxBytes: number): string[] {
  const take = (source: readonly string[], budget: number): string[] => {
    const taken: string[] = [];
    let bytes = 0;
    for (const line of source) {
      bytes += Buffer.byteLength(line) + 1;
      if (bytes > budget) break;
      taken.push(line);
    }
    return taken;
  };
  const first = take(lines, maxBytes / 2);
  if (first.length === lines.length) return first;
  const rest = lines.slice(first.length);
  return [...first, ...take(rest.toReversed(), maxBytes / 2).reverse()];
}

/** The question with the excerpts below it. The fences say where foreign text begins and ends. */
export function questionWithLogs(question: string, excerpts: readonly LogExcerpt[]): string {
  const parts = excerpts.map(
    ({ file, text, ...kept }) =>
      `Log ${file} (${describeKept(kept)}):\n\`\`\`log\n${text.replaceAll("```", "'''")}\n\`\`\``,
  );
  return [question, ...parts].join("\n\n");
}

export function describeKept({
  keptLines,
  totalLines,
  hasNoRecords,
}: Pick<LogExcerpt, "keptLines" | "totalLines" | "hasNoRecords">): string {
  if (keptLines === totalLines) return `all ${totalLines} lines`;
  if (hasNoRecords) return `the first ${keptLines} of ${totalLines} lines; none of all is a GPU record`;
  return `${keptLines} of ${totalLines} lines, those that are GPU records`;
}
