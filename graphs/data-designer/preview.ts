import { PreviewResult } from "./results.ts";
import type { Preview } from "./state.ts";

/** Every checkpoint holds the preview again, so it is kept small. */
const LIMITS = { records: 20, cellChars: 500, profileChars: 40_000, failures: 10 };

/** The preview as the state keeps it; undefined when the result is none. */
export function toPreview(result: unknown): Preview | undefined {
  const parsed = PreviewResult.safeParse(result);
  if (!parsed.success) return undefined;
  const { records, profile = null, text_model, failures } = parsed.data;
  return {
    records: records.slice(0, LIMITS.records).map(cutRecord),
    profile: JSON.stringify(profile).length <= LIMITS.profileChars ? profile : null,
    text_model,
    failures: failures.slice(0, LIMITS.failures),
  };
}

function cutRecord(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, cutCell(value)]));
}

function cutCell(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  if (text.length <= LIMITS.cellChars) return value;
  return `${text.slice(0, LIMITS.cellChars)}… (${text.length} characters)`;
}
