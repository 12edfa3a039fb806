import type { DesignDraft, DraftColumn } from "../draft.ts";
import { textOf } from "./show.ts";

export interface ColumnLine {
  readonly name: string;
  /** The sampler type of a drawn column, else the column type. */
  readonly kind: string;
  /** What it is made of, cut to `MAX_DETAILS` characters. */
  readonly details: string;
  readonly drop: boolean;
}

const MAX_DETAILS = 160;

/** One line for each column of a draft, in the order of the dataset. Never throws. */
export function columnSummaries(draft: DesignDraft): ColumnLine[] {
  return draft.config.columns.map((column) => ({
    name: textOf(column, "name"),
    kind: column["column_type"] === "sampler" ? textOf(column, "sampler_type") : textOf(column, "column_type"),
    details: details(column),
    drop: column["drop"] === true,
  }));
}

/** Fields that are shown elsewhere or say nothing to a reader. */
const LEFT_OUT = ["name", "column_type", "sampler_type", "drop", "params"];

function details(column: DraftColumn): string {
  const { params } = column;
  const inside = typeof params === "object" && params !== null && !Array.isArray(params) ? Object.entries(params) : [];
  const fields = [...inside, ...Object.entries(column)].filter(([key]) => !LEFT_OUT.includes(key));
  const text = fields
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
  return text.length > MAX_DETAILS ? `${text.slice(0, MAX_DETAILS - 1)}…` : text;
}
