/** Limits on memory errors. A device that reports a flag of its own is to be believed before any number here. */

/**
 * Row remapping, Ampere and later. The failure flag alone is NVIDIA's criterion for replacement; counts are not.
 * A bank takes `maxPerBank` uncorrectable remaps before the flag is raised.
 * `maxUncorrectablePerGpu` is the count at which DCGM fails a GPU (inclusive).
 * Sources: leptonai/gpud remapped-rows (2026-08); NVIDIA/DCGM NvidiaValidation plugin (2026-07).
 */
export const ROW_REMAP_LIMITS = { maxPerBank: 8, maxUncorrectablePerGpu: 512 } as const;

/**
 * Page retirement, before Ampere: `maxPages` retired pages (single and double bit together) is the limit, inclusive;
 * more than `doubleBitPages` with more than `newPagesPerWeek` new ones in a week fails as well; `alarmPages` is an early
 * warning in use at Meta. Sources: NVIDIA/DCGM (2026-07), facebookresearch/gcm.
 */
export const PAGE_RETIREMENT_LIMITS = { maxPages: 63, doubleBitPages: 15, newPagesPerWeek: 1, alarmPages: 10 } as const;

/**
 * SRAM. The threshold flag of the device decides; without it more than `aggregateUncorrected` errors since manufacture
 * calls for a review. `correctedFail` is an operator's limit. Sources: stas00/ml-engineering; Azure/azurehpc-health-checks.
 */
export const SRAM_LIMITS = { aggregateUncorrected: 4, correctedFail: 10_000 } as const;

/**
 * DRAM. One volatile uncorrected error asks for drain and reset. `correctedFail` is an operator's limit; a high rate of
 * corrected errors alone (XID 92) is only watched. Sources: Azure/azurehpc-health-checks; NVIDIA/DCGM (2026-07).
 */
export const DRAM_LIMITS = { volatileUncorrected: 1, correctedFail: 20_000_000, correctedRateLegacy: 10 } as const;

/** Banks that a healthy part has in total, where captures show it. Sources: captures of A100, H100, H200 and L40S. */
export const REMAP_BANK_TOTALS: Readonly<Record<string, number>> = { A100: 640, H100: 2560, H200: 3072, L40S: 192 };

/**
 * NVLink counters. On v2–v4 one replay or recovery is a warning, more CRC flit errors per second than the limit is a
 * failure. Source: nvml.h API 13; NVIDIA/DCGM NVLink watch (2026-07).
 */
export const NVLINK_COUNTER_LIMITS = { replayWarn: 1, recoveryWarn: 1, crcFlitPerSecondFail: 100 } as const;
