import type { GpuReading } from "../reading.ts";

type NumberField = {
  [Field in keyof GpuReading]-?: NonNullable<GpuReading[Field]> extends number ? Field : never;
}[keyof GpuReading];
type FlagField = {
  [Field in keyof GpuReading]-?: NonNullable<GpuReading[Field]> extends boolean ? Field : never;
}[keyof GpuReading];

/**
 * Names of one quantity over the versions of DCGM and its exporter, without the prefix `DCGM_FI_`. Names up to DCGM 3 come
 * first, then the spellings with units that DCGM 4 and 5 introduced.
 * `isPerInstance`: a series of a MIG instance is about the instance, not about the GPU, and is left out.
 * Source: dcgm_fields.h and dcgm_fields.py of DCGM 3.3, 4.x and 5; default-counters.csv of dcgm-exporter.
 */
export interface MetricField<Field> {
  readonly field: Field;
  readonly names: readonly string[];
  readonly isPerInstance?: boolean;
  /** A 0 stands for "no sensor": GDDR boards answer 0 for the memory temperature they cannot measure. */
  readonly isZeroAbsent?: boolean;
}

export const NUMBER_METRICS: readonly MetricField<NumberField>[] = [
  { field: "temperatureC", names: ["DEV_GPU_TEMP", "DEV_GPU_TEMP_CELSIUS"] },
  { field: "memoryTemperatureC", names: ["DEV_MEMORY_TEMP", "DEV_MEMORY_TEMP_CELSIUS"], isZeroAbsent: true },
  { field: "temperatureLimitMarginC", names: ["DEV_GPU_TEMP_LIMIT", "DEV_GPU_TEMP_MARGIN_CELSIUS"] },
  { field: "slowdownTemperatureC", names: ["DEV_SLOWDOWN_TEMP", "DEV_GPU_TEMP_SLOWDOWN_CELSIUS"], isZeroAbsent: true },
  { field: "shutdownTemperatureC", names: ["DEV_SHUTDOWN_TEMP", "DEV_GPU_TEMP_SHUTDOWN_CELSIUS"], isZeroAbsent: true },
  {
    field: "maxOperatingTemperatureC",
    names: ["DEV_GPU_MAX_OP_TEMP", "DEV_GPU_MAX_OP_TEMP_CELSIUS"],
    isZeroAbsent: true,
  },
  {
    field: "memoryMaxTemperatureC",
    names: ["DEV_MEM_MAX_OP_TEMP", "DEV_MEMORY_MAX_OP_TEMP_CELSIUS"],
    isZeroAbsent: true,
  },
  { field: "fanSpeedPct", names: ["DEV_FAN_SPEED"] },
  { field: "powerDrawW", names: ["DEV_POWER_USAGE", "DEV_BOARD_POWER_WATTS"] },
  {
    field: "powerLimitW",
    names: [
      "DEV_ENFORCED_POWER_LIMIT",
      "DEV_POWER_MGMT_LIMIT",
      "DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS",
      "DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS",
    ],
  },
  { field: "defaultPowerLimitW", names: ["DEV_POWER_MGMT_LIMIT_DEF", "DEV_BOARD_POWER_LIMIT_DEFAULT_WATTS"] },
  { field: "maxPowerLimitW", names: ["DEV_POWER_MGMT_LIMIT_MAX", "DEV_BOARD_POWER_LIMIT_MAX_WATTS"] },
  { field: "minPowerLimitW", names: ["DEV_POWER_MGMT_LIMIT_MIN", "DEV_BOARD_POWER_LIMIT_MIN_WATTS"] },
  { field: "smClockMhz", names: ["DEV_SM_CLOCK", "DEV_SM_CLOCK_MHZ"] },
  { field: "maxSmClockMhz", names: ["DEV_MAX_SM_CLOCK", "DEV_MAX_SM_CLOCK_MHZ"] },
  { field: "memoryClockMhz", names: ["DEV_MEM_CLOCK", "DEV_MEM_CLOCK_MHZ"] },
  { field: "maxMemoryClockMhz", names: ["DEV_MAX_MEM_CLOCK", "DEV_MAX_MEM_CLOCK_MHZ"] },
  { field: "applicationSmClockMhz", names: ["DEV_APP_SM_CLOCK", "DEV_APP_SM_CLOCK_MHZ"], isZeroAbsent: true },
  { field: "throttleMask", names: ["DEV_CLOCKS_EVENT_REASONS", "DEV_CLOCK_THROTTLE_REASONS"] },
  { field: "utilizationPct", names: ["DEV_GPU_UTIL", "DEV_GPU_UTIL_RATIO"], isPerInstance: true },
  { field: "memoryUtilizationPct", names: ["DEV_MEM_COPY_UTIL", "DEV_MEM_COPY_UTIL_RATIO"], isPerInstance: true },
  { field: "memoryUsedMib", names: ["DEV_FB_USED"], isPerInstance: true },
  { field: "memoryTotalMib", names: ["DEV_FB_TOTAL"], isPerInstance: true },
  { field: "memoryReservedMib", names: ["DEV_FB_RESERVED"], isPerInstance: true },
  { field: "remappedCorrectable", names: ["DEV_CORRECTABLE_REMAPPED_ROWS", "DEV_ROW_REMAP_CORRECTABLE_TOTAL"] },
  { field: "remappedUncorrectable", names: ["DEV_UNCORRECTABLE_REMAPPED_ROWS", "DEV_ROW_REMAP_UNCORRECTABLE_TOTAL"] },
  { field: "retiredPagesSingleBit", names: ["DEV_RETIRED_SBE", "DEV_PAGE_RETIRED_SBE_TOTAL"] },
  { field: "retiredPagesDoubleBit", names: ["DEV_RETIRED_DBE", "DEV_PAGE_RETIRED_DBE_TOTAL"] },
  { field: "pcieGeneration", names: ["DEV_PCIE_LINK_GEN"] },
  { field: "maxPcieGeneration", names: ["DEV_PCIE_MAX_LINK_GEN"] },
  { field: "pcieWidth", names: ["DEV_PCIE_LINK_WIDTH"] },
  { field: "maxPcieWidth", names: ["DEV_PCIE_MAX_LINK_WIDTH"] },
  { field: "pcieReplayCount", names: ["DEV_PCIE_REPLAY_COUNTER", "DEV_PCIE_REPLAY_TOTAL"] },
  // The gauge keeps the last code until the exporter restarts, so it is never an event (dcgm-exporter issue 500).
  { field: "lastXid", names: ["DEV_XID_ERRORS", "DEV_XID_ERROR"], isZeroAbsent: true },
  {
    field: "graphicsEngineActive",
    names: ["PROF_GR_ENGINE_ACTIVE", "PROF_GR_ENGINE_ACTIVE_RATIO"],
    isPerInstance: true,
  },
];

export const FLAG_METRICS: readonly MetricField<FlagField>[] = [
  { field: "isRemapFailed", names: ["DEV_ROW_REMAP_FAILURE", "DEV_ROW_REMAP_FAILED"] },
  { field: "isRemapPending", names: ["DEV_ROW_REMAP_PENDING"] },
  { field: "isRetirementPending", names: ["DEV_RETIRED_PENDING", "DEV_PAGE_RETIRED_PENDING"] },
  { field: "isSramThresholdExceeded", names: ["DEV_THRESHOLD_SRM", "DEV_SRAM_EXCEEDED"] },
  { field: "persistenceMode", names: ["DEV_PERSISTENCE_MODE"] },
  { field: "eccMode", names: ["DEV_ECC_CURRENT", "DEV_ECC_MODE"] },
  { field: "migMode", names: ["DEV_MIG_MODE"] },
];

/** Totals count all memory kinds together; the rows by kind win over them. */
export const ECC_METRICS = [
  { name: "DEV_ECC_SBE_VOL_TOTAL", life: "eccVolatile", kind: "totalCorrected" },
  { name: "DEV_ECC_DBE_VOL_TOTAL", life: "eccVolatile", kind: "totalUncorrected" },
  { name: "DEV_ECC_SBE_AGG_TOTAL", life: "eccAggregate", kind: "totalCorrected" },
  { name: "DEV_ECC_DBE_AGG_TOTAL", life: "eccAggregate", kind: "totalUncorrected" },
  { name: "DEV_ECC_SBE_VOL_DEV", life: "eccVolatile", kind: "dramCorrected" },
  { name: "DEV_ECC_DBE_VOL_DEV", life: "eccVolatile", kind: "dramUncorrected" },
  { name: "DEV_ECC_SBE_AGG_DEV", life: "eccAggregate", kind: "dramCorrected" },
  { name: "DEV_ECC_DBE_AGG_DEV", life: "eccAggregate", kind: "dramUncorrected" },
  { name: "DEV_ECC_SBE_VOL_SRM", life: "eccVolatile", kind: "sramCorrected" },
  { name: "DEV_ECC_DBE_VOL_SRM", life: "eccVolatile", kind: "sramUncorrected" },
  { name: "DEV_ECC_SBE_AGG_SRM", life: "eccAggregate", kind: "sramCorrected" },
  { name: "DEV_ECC_DBE_AGG_SRM", life: "eccAggregate", kind: "sramUncorrected" },
] as const;

/** `DEV_NVLINK_CRC_FLIT_ERROR_COUNT_L3`, `DEV_NVLINK_REPLAY_ERROR_TOTAL`, `DEV_NVLINK_RECOVERY_ERROR_L0_TOTAL`, … */
export const NVLINK_METRIC =
  /^DEV_NVLINK_(CRC_FLIT|CRC_DATA|REPLAY|RECOVERY)_ERROR(?:_COUNT)?(?:_(?:L(\d{1,2})|TOTAL))?(?:_TOTAL)?$/;

export const REMAP_BANK_METRIC = /^DEV_BANKS?_REMAP_(?:ROWS_)?AVAIL_(MAX|HIGH|PARTIAL|LOW|NONE)$/;
