import type { Component, Severity } from "../vocabulary.ts";

/** One bit of the clocks event (throttle) reasons mask. */
export interface ThrottleReason {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  /** Grade when the bit is seen once; `gradeNote` says what changes it. */
  readonly severity: Severity;
  readonly component: Component;
  readonly gradeNote?: string;
}

/** Source: nvml.h API 13, nvmlClocksEventReason*; grades are ours. */
export const THROTTLE_REASONS: readonly ThrottleReason[] = [
  { bit: 0x1, name: "gpu_idle", meaning: "nothing runs on the GPU", severity: "info", component: "clocks" },
  {
    bit: 0x2,
    name: "applications_clocks_setting",
    meaning: "clocks are set by a user or an application",
    severity: "info",
    component: "clocks",
    gradeNote: "warning on a shared fleet, where nobody should have set clocks",
  },
  {
    bit: 0x4,
    name: "sw_power_cap",
    meaning: "the GPU runs at its power limit",
    severity: "info",
    component: "power",
    gradeNote: "warning when the limit was lowered or the draw is far below it",
  },
  {
    bit: 0x8,
    name: "hw_slowdown",
    meaning: "hardware slowdown, for heat or for the power brake",
    severity: "warning",
    component: "clocks",
    gradeNote: "critical when it lasts",
  },
  { bit: 0x10, name: "sync_boost", meaning: "clocks follow a group of GPUs", severity: "info", component: "clocks" },
  {
    bit: 0x20,
    name: "sw_thermal_slowdown",
    meaning: "over the maximum operating temperature",
    severity: "warning",
    component: "thermal",
  },
  {
    bit: 0x40,
    name: "hw_thermal_slowdown",
    meaning: "too hot: the hardware cuts clocks to half or less",
    severity: "critical",
    component: "thermal",
  },
  {
    bit: 0x80,
    name: "hw_power_brake",
    meaning: "power brake asserted from outside, by a power supply or the rack",
    severity: "critical",
    component: "power",
    gradeNote: "look at the whole node and rack",
  },
  {
    bit: 0x100,
    name: "display_clock_setting",
    meaning: "clocks are set by the display",
    severity: "info",
    component: "clocks",
  },
];

/**
 * Hardware slowdown events per minute, over a window of `windowMinutes`, from which hardware is to be inspected.
 * Source: leptonai/gpud, hw-slowdown component (2026-08).
 */
export const HW_SLOWDOWN_LIMIT = { eventsPerMinute: 0.6, windowMinutes: 10 } as const;

/**
 * The reasons set in a mask, lowest bit first. Bits outside the table are left out; an empty mask gives an empty list.
 * Works on masks wider than 32 bits. Never throws.
 */
export function throttleReasons(mask: number): readonly ThrottleReason[] {
  if (!Number.isFinite(mask) || mask <= 0) return [];
  return THROTTLE_REASONS.filter((reason) => Math.floor(mask / reason.bit) % 2 === 1);
}
