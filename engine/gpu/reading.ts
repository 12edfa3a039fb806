import { z } from "zod";

/**
 * What one look at a node says, whatever it was read from. A value the source does not report is absent, never 0.
 * Names carry their unit; counters are totals since the driver was loaded unless the name says aggregate.
 */

const optionalNumber = z.number().optional();
const optionalText = z.string().optional();
const optionalFlag = z.boolean().optional();

/** ECC counters of one lifetime. Pre-Ampere parts report single/double bit, which map to corrected/uncorrected DRAM. */
export const EccCounts = z.object({
  dramCorrected: optionalNumber,
  dramUncorrected: optionalNumber,
  sramCorrected: optionalNumber,
  /** Sum of parity and SEC-DED where the schema splits them. */
  sramUncorrected: optionalNumber,
});
export type EccCounts = z.infer<typeof EccCounts>;

export const GpuProcess = z.object({
  pid: z.number().int(),
  name: z.string(),
  memoryUsedMib: optionalNumber,
  type: optionalText,
});
export type GpuProcess = z.infer<typeof GpuProcess>;

export const NvlinkReading = z.object({
  link: z.number().int(),
  isActive: optionalFlag,
  speedGbPerSecond: optionalNumber,
  replayErrors: optionalNumber,
  recoveryErrors: optionalNumber,
  crcErrors: optionalNumber,
});
export type NvlinkReading = z.infer<typeof NvlinkReading>;

export const GpuReading = z.object({
  /** Position in the source's own order, 0-based. */
  index: z.number().int().min(0),
  /** `GPU-…`. */
  uuid: optionalText,
  /** Lower case `dddd:bb:dd.f`, the domain cut to four digits. */
  pci: optionalText,
  serial: optionalText,
  name: optionalText,
  architecture: optionalText,
  vbiosVersion: optionalText,
  inforomVersion: optionalText,
  gspFirmwareVersion: optionalText,
  persistenceMode: optionalFlag,
  migMode: optionalFlag,
  migInstances: optionalNumber,
  /** The source saw the device but could not talk to it (NVML error 15, "GPU is lost"). */
  isLost: optionalFlag,
  /** Text the driver gave in place of values, for example `GPU is lost` or `GPU requires reset`. */
  errorText: optionalText,

  temperatureC: optionalNumber,
  memoryTemperatureC: optionalNumber,
  /** Distance to the slowdown temperature; positive is head-room. Reported by T.Limit parts. */
  temperatureLimitMarginC: optionalNumber,
  slowdownTemperatureC: optionalNumber,
  shutdownTemperatureC: optionalNumber,
  maxOperatingTemperatureC: optionalNumber,
  memoryMaxTemperatureC: optionalNumber,
  /** T.Limit thresholds: margins (0 or negative) at which the part slows down or stops. */
  slowdownMarginC: optionalNumber,
  shutdownMarginC: optionalNumber,
  fanSpeedPct: optionalNumber,

  powerDrawW: optionalNumber,
  powerLimitW: optionalNumber,
  defaultPowerLimitW: optionalNumber,
  maxPowerLimitW: optionalNumber,
  minPowerLimitW: optionalNumber,

  performanceState: optionalText,
  smClockMhz: optionalNumber,
  maxSmClockMhz: optionalNumber,
  memoryClockMhz: optionalNumber,
  maxMemoryClockMhz: optionalNumber,
  applicationSmClockMhz: optionalNumber,
  /** NVML clocks event reasons as one mask; bit meanings in the throttle table. */
  throttleMask: optionalNumber,

  utilizationPct: optionalNumber,
  memoryUtilizationPct: optionalNumber,
  memoryUsedMib: optionalNumber,
  memoryTotalMib: optionalNumber,
  memoryReservedMib: optionalNumber,

  eccMode: optionalFlag,
  eccVolatile: EccCounts.optional(),
  eccAggregate: EccCounts.optional(),
  isSramThresholdExceeded: optionalFlag,

  remappedCorrectable: optionalNumber,
  remappedUncorrectable: optionalNumber,
  isRemapPending: optionalFlag,
  isRemapFailed: optionalFlag,
  /** Banks by how many spare rows are left. */
  remapBanks: z
    .object({ max: z.number(), high: z.number(), partial: z.number(), low: z.number(), none: z.number() })
    .optional(),
  /** Repairs of memory channels and of compute units that wait for a reset; schema v13. */
  isChannelRepairPending: optionalFlag,
  isTpcRepairPending: optionalFlag,
  isMemoryUnrepairable: optionalFlag,
  retiredPagesSingleBit: optionalNumber,
  retiredPagesDoubleBit: optionalNumber,
  isRetirementPending: optionalFlag,

  pcieGeneration: optionalNumber,
  maxPcieGeneration: optionalNumber,
  pcieWidth: optionalNumber,
  maxPcieWidth: optionalNumber,
  pcieReplayCount: optionalNumber,
  pcieReplaysPerMinute: optionalNumber,

  nvlinks: z.array(NvlinkReading).optional(),
  /** As printed: `Completed`, `In Progress`, `Not Started`, `N/A` is absent. */
  fabricState: optionalText,
  fabricStatus: optionalText,
  /** Summary of the fabric's health for this GPU, as printed; schema v13. */
  fabricHealth: optionalText,

  isResetRequired: optionalFlag,
  isDrainAndResetRecommended: optionalFlag,
  /** `None`, `Reset`, `Reboot`, `Drain P2P`, `Drain and Reset`, …, as the driver prints it. */
  recoveryAction: optionalText,

  /** XID gauge of an exporter: the last code since it started, with no time of its own. */
  lastXid: optionalNumber,
  /** XIDs counted inside the exporter's own window, code to count. */
  windowedXids: z.record(z.string(), z.number()).optional(),
  /** Share of time the graphics engine was active, 0 to 1, from profiling metrics. */
  graphicsEngineActive: optionalNumber,

  processes: z.array(GpuProcess).optional(),
  /** Fields whose value was a blank sentinel, with the sentinel's reason. */
  blanks: z.record(z.string(), z.string()).optional(),
});
export type GpuReading = z.infer<typeof GpuReading>;

export const TelemetryOrigin = z.enum(["simulated", "nvidia-smi", "file", "nvml", "dcgm"]);
export type TelemetryOrigin = z.infer<typeof TelemetryOrigin>;

/** Something that kept the source from reading: the reading is then incomplete, and that is a finding. */
export const SourceProblem = z.object({
  kind: z.enum([
    "missing_command",
    "timed_out",
    "failed",
    "driver_mismatch",
    "driver_not_loaded",
    "no_devices",
    "unreadable",
  ]),
  message: z.string(),
});
export type SourceProblem = z.infer<typeof SourceProblem>;

export const NodeReading = z.object({
  origin: TelemetryOrigin,
  isSimulated: z.boolean(),
  hostname: optionalText,
  rack: optionalText,
  /** Unix milliseconds; absent when the source has no time. */
  collectedAtMs: optionalNumber,
  driverVersion: optionalText,
  cudaVersion: optionalText,
  fabricManagerVersion: optionalText,
  isFabricManagerRunning: optionalFlag,
  /** What the source says is attached; a lost device may be counted here and missing below. */
  attachedGpus: optionalNumber,
  /** What the node should have, when known from its configuration or its own history. */
  expectedGpus: optionalNumber,
  gpus: z.array(GpuReading),
  problems: z.array(SourceProblem),
});
export type NodeReading = z.infer<typeof NodeReading>;
