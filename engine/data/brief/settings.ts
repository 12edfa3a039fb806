/** What a brief says about the dataset as a whole: rows, seed, file formats, name, country. */
import { MAX_RECORDS } from "../design/draft.ts";
import { takeRowCount } from "./row-count.ts";
import type { Remainder } from "./words.ts";
import { columnName } from "./words.ts";

export type DatasetFormat = "jsonl" | "csv" | "parquet";

export interface Settings {
  readonly numRecords: number | null;
  readonly seed: number | string | null;
  readonly formats: readonly DatasetFormat[];
  readonly name: string | null;
  readonly notes: readonly string[];
}

const FORMAT = "(?<!\\.)\\b(?:csv|parquet|jsonl|json[ -]?lines|ndjson|excel|xlsx)\\b";
const FORMATS = new RegExp(
  `[,(;]?\\s*(?:\\b(?:and |then )?(?:save(?:d)?|export(?:ed)?|output|write|deliver(?:ed)?|return(?:ed)?|store(?:d)?|give|send|download|formatted|generate)?(?:\\s+(?:it|them|this|the (?:data|result|file|output|dataset)))?\\s*(?:as|in|to|into|format(?:s)?|file format)?\\s*[:=]?\\s*(?:an?\\s+|the\\s+)?)(?<list>${FORMAT}(?:\\s*(?:,|and|&|/|or|\\+)\\s*(?:as\\s+)?(?:an?\\s+)?${FORMAT})*)(?:[\\s-]+(?:files?|formats?|format please|output|please|instead))*\\)?`,
  "i",
);
const SEED =
  /[,(;]?\s*\b(?:and |with |using |use )?(?:a |the )?(?:random[ _-]?)?seed\s*(?:number|value)?\s*(?:=|:|of|is|to)?\s*(?:"(?<text>[^"]{1,100})"|(?<number>\d{1,15})\b|(?<word>(?=[\w-]*\d)[\w-]{1,60}))\)?/i;
const TITLE =
  /[,(;]?\s*\b(?:(?:the |a )?(?:dataset|data set|table|file|it|design|collection)\s+(?:is |should be )?(?:named|called|titled)|(?:named|called|titled|name it|call it|title:|dataset name:?|table name:?))\s*[:=]?\s*(?:["'`](?<quoted>[^"'`\n]{1,80})["'`]|(?<word>[\p{L}_][\p{L}\p{N}_-]{1,60}))(?=\s*(?:[,.;)\n]|$|with\b|and\b|having\b|containing\b|as\b))/iu;

/** Reads the settings and cuts their words out. */
export function takeSettings(text: Remainder): Settings {
  const notes: string[] = [];
  const seed = text.take(SEED)?.groups;
  const formats = takeFormats(text);
  const title = text.take(TITLE)?.groups;
  const count = takeRowCount(text);
  const rows = count === undefined ? null : Math.min(MAX_RECORDS, count);
  if (count !== undefined && count > MAX_RECORDS)
    notes.push(`${count} rows are more than a design may have; it asks for ${MAX_RECORDS}`);
  const seedNumber = seed?.["number"] === undefined ? undefined : Number(seed["number"]);
  return {
    numRecords: rows === 0 ? null : rows,
    seed: seedNumber ?? seed?.["text"] ?? seed?.["word"] ?? null,
    formats,
    name: title === undefined ? null : columnName(title["quoted"] ?? title["word"] ?? "") || null,
    notes,
  };
}

export function takeFormats(text: Remainder): DatasetFormat[] {
  const formats = new Set<DatasetFormat>();
  for (let round = 0; round < 4; round += 1) {
    const list = text.take(FORMATS)?.groups?.["list"];
    if (list === undefined) break;
    for (const word of list.match(new RegExp(FORMAT, "gi")) ?? []) {
      formats.add(/csv|excel|xlsx/i.test(word) ? "csv" : /parquet/i.test(word) ? "parquet" : "jsonl");
    }
  }
  return [...formats];
}
