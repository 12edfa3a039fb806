/** Why an exported number is no number. */
export type BlankReason = "blank" | "not_found" | "not_supported" | "no_permission" | "not_a_number";

const REASONS: readonly BlankReason[] = ["blank", "not_found", "not_supported", "no_permission"];
const INT32_BLANK = 0x7fff_fff0;
const INT64_BLANK = 0x7fff_ffff_ffff_fff0n;
/** 2^47. */
const DOUBLE_BLANK = 140_737_488_355_328;
const RANGE = 16;

/**
 * The number a sample holds, or why it holds none. DCGM writes "blank" values at the top of each type's range, the reason
 * in the last digits; they look like counters that went wild to whoever does not know them.
 * Source: DCGM dcgm_structs.h, DCGM_INT32_BLANK, DCGM_INT64_BLANK and DCGM_FP64_BLANK.
 */
export function metricValue(raw: string): { value: number } | { blank: BlankReason } {
  const value = Number(raw.replace(/^([-+]?)inf(?:inity)?$/i, "$1Infinity"));
  if (!Number.isFinite(value)) return { blank: "not_a_number" };
  const offset = blankOffset(raw, value);
  return offset === undefined ? { value } : { blank: REASONS[offset] ?? "blank" };
}

function blankOffset(raw: string, value: number): number | undefined {
  if (value >= INT32_BLANK && value < INT32_BLANK + RANGE) return value - INT32_BLANK;
  if (value >= DOUBLE_BLANK && value < DOUBLE_BLANK + RANGE) return value - DOUBLE_BLANK;
  if (value < Number(INT64_BLANK)) return undefined;
  // Above 2^53 the reason is in digits that a double no longer has; an exponent form has lost them before.
  if (!/^\+?\d+$/.test(raw)) return 0;
  const offset = Number(BigInt(raw.replace("+", "")) - INT64_BLANK);
  return offset >= 0 && offset < RANGE ? offset : 0;
}
