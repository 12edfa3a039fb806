import type { Design } from "../../../engine/data/design/design.ts";
import type { ColumnStatistics, DatasetProfile } from "../../../engine/data/profile/profile.ts";
import type { Metadata } from "./metadata.ts";

export interface DatasetCardOptions {
  readonly metadata: Metadata;
  readonly profile: DatasetProfile;
  readonly design: Design;
}

const MAX_CELL_CHARS = 120;

/** The dataset described for people, in Markdown: what it is, its columns, how it was made, what went wrong. */
export function datasetCard({ metadata, profile, design }: DatasetCardOptions): string {
  const { dataset_name: name, actual_num_records: rows, target_num_records: target } = metadata;
  const columns = profile.column_statistics;
  const asked = rows === target ? "" : ` of the ${count(target)} that were asked for`;
  const sections = [
    `# ${inline(name)}`,
    `Synthetic data: ${count(rows)} rows${asked}, ${count(columns.length)} columns.`,
    "## Columns",
    table(
      ["name", "type", "made by", "missing", "distinct", "values"],
      columns.map((column) => [
        column.column_name,
        column.simple_dtype,
        column.sampler_type ?? column.column_type,
        count(column.num_null),
        `${column.num_unique_is_exact ? "" : "about "}${count(column.num_unique)}`,
        valuesOf(column),
      ]),
    ),
    "## How it was made",
    madeBy(metadata, design),
    ...problemSections(metadata),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function madeBy(metadata: Metadata, design: Design): string {
  const lines = [
    `- seed: \`${String(metadata.seed)}\``,
    `- design: \`builder_config.json\`, ${metadata.config_hash}`,
    `- row groups: ${count(metadata.row_groups.length)} of up to ${count(metadata.buffer_size)} rows, in \`parquet-files/\``,
  ];
  if (metadata.text_model !== null) lines.push(`- text of model columns: ${inline(metadata.text_model)}`);
  for (const model of metadata.usage?.models ?? []) {
    const cost = model.cost === undefined ? "" : `, cost ${model.cost.toFixed(4)}`;
    const tokens = `${count(model.input_tokens)} tokens in, ${count(model.output_tokens)} out`;
    lines.push(`- ${inline(model.alias)}: ${count(model.requests)} requests, ${tokens}${cost}`);
  }
  if (metadata.text_model === null || metadata.usage === undefined) {
    lines.push("- the same design and seed give the same rows");
  }
  if (design.seed_config !== null) lines.push("- some columns come from a seed dataset");
  return lines.join("\n");
}

function problemSections({ failures, transform_failures: gaps = [], row_groups: groups }: Metadata): string[] {
  const dropped = groups.reduce((sum, group) => sum + group.row_count - group.num_records, 0);
  const sections: string[] = [];
  if (failures.length > 0) {
    const rows = failures.map((failure) => [
      failure.column,
      failure.kind,
      count(failure.count),
      failure.examples[0]?.message ?? "",
    ]);
    sections.push(
      "## Rows that were dropped",
      `${count(dropped)} rows were made and dropped, because a cell could not be made.`,
      table(["column", "kind", "cells", "for example"], rows),
    );
  }
  if (gaps.length > 0) {
    const rows = gaps.map((gap) => [gap.processor, gap.column, count(gap.count), gap.examples[0]?.message ?? ""]);
    sections.push("## Gaps in processed datasets", table(["processor", "column", "rows", "for example"], rows));
  }
  return sections;
}

function valuesOf({ distribution, output_tokens: tokens }: ColumnStatistics): string {
  if (distribution !== undefined && distribution !== null) {
    if ("histogram" in distribution) {
      const { categories, counts } = distribution.histogram;
      const shown = categories.slice(0, 3).map((category, at) => `${category} (${count(counts[at] ?? 0)})`);
      return `${shown.join(", ")}${categories.length > shown.length ? ", …" : ""}`;
    }
    const { min, max, mean, stddev } = distribution;
    return `${figure(min)} to ${figure(max)}, mean ${figure(mean)}, deviation ${figure(stddev)}`;
  }
  return tokens === undefined || tokens === null ? "" : `about ${figure(tokens.mean)} tokens each`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Values of a dataset are data: no line break, no column border and no markup of theirs gets into the card. */
function inline(text: string): string {
  const short = text.length > MAX_CELL_CHARS ? `${text.slice(0, MAX_CELL_CHARS - 1)}…` : text;
  return short.replaceAll(/\s+/g, " ").replaceAll(/[\\|`*<>[\]#]/g, String.raw`\$&`);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function figure(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumSignificantDigits: 4 });
}
