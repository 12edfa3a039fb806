import type { EccCounts, GpuReading, NvlinkReading } from "../reading.ts";
import { noiseAt, round } from "./noise.ts";
import type { NodeSpec } from "./node-spec.ts";

export interface GpuConditions {
  readonly isBusy: boolean;
  /** Temperature of what cools this GPU. */
  readonly supplyC: number;
}

const MINUTE_MS = 60_000;
const NO_ERRORS: EccCounts = { dramCorrected: 0, dramUncorrected: 0, sramCorrected: 0, sramUncorrected: 0 };

/** A GPU without any fault at a moment: busy with the training job, or idle. */
export function healthyGpu(spec: NodeSpec, index: number, nowMs: number, conditions: GpuConditions): GpuReading {
  const { model } = spec;
  const identity = spec.gpus[index];
  if (identity === undefined) throw new Error(`simulated node has no GPU ${index}`);
  const wobble = (name: string, periodMs: number): number => noiseAt(`${spec.key}:${index}:${name}`, nowMs, periodMs);
  const { isBusy } = conditions;

  const utilizationPct = isBusy ? round(96 + 3 * wobble("utilization", 20_000)) : 0;
  const load = isBusy ? 0.92 + 0.05 * wobble("load", 30_000) : 0;
  const powerDrawW = isBusy
    ? round(model.powerLimitW * load, 2)
    : round(model.idlePowerW * (1 + 0.03 * wobble("idle", 30_000)), 2);
  const temperatureC = coreTemperatureC(spec, powerDrawW, conditions.supplyC, wobble("temperature", MINUTE_MS));
  // A GPU below its power limit runs at its highest clock but for a few steps of 15 MHz.
  const smClockMhz = isBusy ? model.maxSmClockMhz - 15 * Math.round(1 + wobble("clock", 15_000)) : model.idleSmClockMhz;
  const memoryUsedMib = isBusy
    ? round(model.memoryTotalMib * (0.78 + 0.02 * wobble("memory", 5 * MINUTE_MS)))
    : model.hasFabric
      ? 4
      : 2;

  return {
    index,
    uuid: identity.uuid,
    pci: identity.pci,
    serial: identity.serial,
    name: model.productName,
    architecture: model.architecture,
    vbiosVersion: model.vbiosVersion,
    inforomVersion: model.inforomVersion,
    gspFirmwareVersion: model.driverVersion,
    persistenceMode: true,
    migMode: model.remapBanks === undefined ? undefined : false,

    ...temperatures(spec, temperatureC, round(temperatureC + 6 + 2 * wobble("memory-temperature", MINUTE_MS))),

    powerDrawW,
    powerLimitW: model.powerLimitW,
    defaultPowerLimitW: model.powerLimitW,
    minPowerLimitW: model.minPowerLimitW,
    maxPowerLimitW: model.powerLimitW,

    performanceState: isBusy || model.hasFabric ? "P0" : "P8",
    smClockMhz,
    maxSmClockMhz: model.maxSmClockMhz,
    memoryClockMhz: model.memoryClockMhz,
    maxMemoryClockMhz: model.memoryClockMhz,
    applicationSmClockMhz: model.maxSmClockMhz,
    throttleMask: isBusy ? 0 : 0x1,

    utilizationPct,
    memoryUtilizationPct: isBusy ? round(48 + 8 * wobble("bandwidth", 20_000)) : 0,
    memoryUsedMib,
    memoryTotalMib: model.memoryTotalMib,
    memoryReservedMib: model.memoryReservedMib,

    eccMode: true,
    ...memoryHealth(spec),

    pcieGeneration: isBusy ? model.pcieGeneration : 1,
    maxPcieGeneration: model.pcieGeneration,
    pcieWidth: 16,
    maxPcieWidth: 16,
    pcieReplayCount: 0,
    pcieReplaysPerMinute: 0,

    nvlinks: healthyLinks(spec),
    fabricState: model.hasFabric && model.schema === 13 ? "Completed" : undefined,
    fabricStatus: model.hasFabric && model.schema === 13 ? "Success" : undefined,

    isResetRequired: false,
    isDrainAndResetRecommended: model.schema === 12 ? false : undefined,
    recoveryAction: model.schema === 13 ? "None" : undefined,
    graphicsEngineActive: isBusy ? round(0.94 + 0.03 * wobble("engine", 20_000), 3) : 0,

    processes: isBusy
      ? [{ pid: spec.job.pids[index] ?? 0, name: spec.job.name, memoryUsedMib: memoryUsedMib - 600, type: "C" }]
      : [],
  };
}

/** Steady core temperature: the cooling's own plus what the power adds, about 40 C at the full limit. */
export function coreTemperatureC(spec: NodeSpec, powerDrawW: number, supplyC: number, wobble: number): number {
  return round(supplyC + 40 * (powerDrawW / spec.model.powerLimitW) + 1.2 * wobble);
}

/** Temperature fields in the form the model reports them: distances to the limit, or absolute thresholds. */
export function temperatures(spec: NodeSpec, temperatureC: number, memoryTemperatureC: number): Partial<GpuReading> {
  const { model } = spec;
  const memory =
    model.memoryMaxC === undefined
      ? {}
      : { memoryTemperatureC: Math.min(memoryTemperatureC, model.memoryMaxC - (model.usesLimitMargin ? 4 : 2)) };
  if (model.usesLimitMargin) {
    return {
      temperatureC,
      ...memory,
      temperatureLimitMarginC: model.maxOperatingC - temperatureC,
      slowdownMarginC: model.maxOperatingC - model.slowdownC,
      shutdownMarginC: model.maxOperatingC - model.shutdownC,
    };
  }
  return {
    temperatureC,
    ...memory,
    maxOperatingTemperatureC: model.maxOperatingC,
    slowdownTemperatureC: model.slowdownC,
    shutdownTemperatureC: model.shutdownC,
    ...(model.memoryMaxC === undefined ? {} : { memoryMaxTemperatureC: model.memoryMaxC }),
  };
}

function memoryHealth(spec: NodeSpec): Partial<GpuReading> {
  const banks = spec.model.remapBanks;
  if (banks === undefined) {
    // Turing counts single and double bit errors and retires pages.
    return {
      eccVolatile: { ...NO_ERRORS },
      eccAggregate: { ...NO_ERRORS },
      retiredPagesSingleBit: 0,
      retiredPagesDoubleBit: 0,
      isRetirementPending: false,
    };
  }
  return {
    eccVolatile: { ...NO_ERRORS },
    eccAggregate: { ...NO_ERRORS },
    isSramThresholdExceeded: spec.model.schema === 13 ? false : undefined,
    remappedCorrectable: 0,
    remappedUncorrectable: 0,
    isRemapPending: false,
    isRemapFailed: false,
    remapBanks: { max: banks, high: 0, partial: 0, low: 0, none: 0 },
  };
}

function healthyLinks(spec: NodeSpec): NvlinkReading[] | undefined {
  const { nvlink } = spec.model;
  if (nvlink === undefined) return undefined;
  return Array.from({ length: nvlink.links }, (_, link) => ({
    link,
    isActive: true,
    speedGbPerSecond: nvlink.speedGbPerSecond,
    replayErrors: 0,
    recoveryErrors: 0,
    crcErrors: 0,
  }));
}
