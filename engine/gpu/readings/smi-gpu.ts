import type { EccCounts, GpuProcess, GpuReading } from "../reading.ts";
import { type SmiNode, childrenOf, nodeAt, textAt, walk } from "./smi-node.ts";
import { compact, flagValue, numberValue, pciAddress, sumOf, textValue } from "./value.ts";

/**
 * One `<gpu>` of `nvidia-smi -q -x` as a reading. Each line lists the places a value has had in schemas v10 to v13,
 * newest first; what is not there or not reported is absent.
 * Source: nvsmi_device_v11, v12 and v13 DTDs; captures in test/fixtures/gpu.
 */
export function gpuFromSmi(gpu: SmiNode, index: number): GpuReading {
  const number = (...paths: string[]): number | undefined => firstOf(paths, (path) => numberValue(textAt(gpu, path)));
  const flag = (...paths: string[]): boolean | undefined => firstOf(paths, (path) => flagValue(textAt(gpu, path)));
  const text = (...paths: string[]): string | undefined => firstOf(paths, (path) => textValue(textAt(gpu, path)));
  const migDevices = childrenOf(nodeAt(gpu, "mig_devices"), "mig_device").length;
  const state = driverState(gpu);

  return compact<GpuReading>({
    index,
    uuid: text("uuid"),
    pci: pciAddress(text("pci/pci_bus_id", "pci_bus_id")),
    serial: text("serial"),
    name: text("product_name"),
    architecture: text("product_architecture"),
    vbiosVersion: text("vbios_version"),
    inforomVersion: text("inforom_version/img_version"),
    gspFirmwareVersion: text("gsp_firmware_version"),
    persistenceMode: flag("persistence_mode"),
    migMode: flag("mig_mode/current_mig"),
    migInstances: flag("mig_mode/current_mig") === true ? migDevices : undefined,
    isLost: state.isLost,
    errorText: state.errorText,

    temperatureC: number("temperature/gpu_temp"),
    memoryTemperatureC: number("temperature/memory_temp"),
    temperatureLimitMarginC: number("temperature/gpu_temp_tlimit"),
    slowdownTemperatureC: number("temperature/gpu_temp_slow_threshold"),
    shutdownTemperatureC: number("temperature/gpu_temp_max_threshold"),
    maxOperatingTemperatureC: number("temperature/gpu_temp_max_gpu_threshold"),
    memoryMaxTemperatureC: number("temperature/gpu_temp_max_mem_threshold"),
    slowdownMarginC: number("temperature/gpu_temp_slow_tlimit_threshold"),
    shutdownMarginC: number("temperature/gpu_temp_max_tlimit_threshold"),
    fanSpeedPct: number("fan_speed"),

    // `average_power_draw` is what older schemas print as `power_draw`.
    powerDrawW: number(
      "gpu_power_readings/average_power_draw",
      "gpu_power_readings/power_draw",
      "gpu_power_readings/instant_power_draw",
      "power_readings/power_draw",
    ),
    powerLimitW: number(
      "gpu_power_readings/current_power_limit",
      "power_readings/enforced_power_limit",
      "power_readings/power_limit",
    ),
    defaultPowerLimitW: number("gpu_power_readings/default_power_limit", "power_readings/default_power_limit"),
    maxPowerLimitW: number("gpu_power_readings/max_power_limit", "power_readings/max_power_limit"),
    minPowerLimitW: number("gpu_power_readings/min_power_limit", "power_readings/min_power_limit"),

    performanceState: text("performance_state"),
    smClockMhz: number("clocks/sm_clock", "clocks/graphics_clock"),
    maxSmClockMhz: number("max_clocks/sm_clock", "max_clocks/graphics_clock"),
    memoryClockMhz: number("clocks/mem_clock"),
    maxMemoryClockMhz: number("max_clocks/mem_clock"),
    applicationSmClockMhz: number("applications_clocks/graphics_clock"),
    throttleMask: throttleMask(gpu),

    utilizationPct: number("utilization/gpu_util"),
    memoryUtilizationPct: number("utilization/memory_util"),
    memoryUsedMib: number("fb_memory_usage/used"),
    memoryTotalMib: number("fb_memory_usage/total"),
    memoryReservedMib: number("fb_memory_usage/reserved"),

    eccMode: flag("ecc_mode/current_ecc"),
    eccVolatile: eccCounts(nodeAt(gpu, "ecc_errors/volatile")),
    eccAggregate: eccCounts(nodeAt(gpu, "ecc_errors/aggregate")),
    isSramThresholdExceeded: flag("ecc_errors/aggregate/sram_threshold_exceeded"),

    isChannelRepairPending: flag("ecc_errors/channel_repair_pending"),
    isTpcRepairPending: flag("ecc_errors/tpc_repair_pending"),
    isMemoryUnrepairable: flag("ecc_errors/unrepairable_memory"),
    remappedCorrectable: number("remapped_rows/remapped_row_corr"),
    remappedUncorrectable: number("remapped_rows/remapped_row_unc"),
    isRemapPending: flag("remapped_rows/remapped_row_pending"),
    isRemapFailed: flag("remapped_rows/remapped_row_failure"),
    remapBanks: remapBanks(nodeAt(gpu, "remapped_rows/row_remapper_histogram")),
    retiredPagesSingleBit: number("retired_pages/multiple_single_bit_retirement/retired_count"),
    retiredPagesDoubleBit: number("retired_pages/double_bit_retirement/retired_count"),
    isRetirementPending: flag("retired_pages/pending_retirement", "retired_pages/pending_blacklist"),

    pcieGeneration: number("pci/pci_gpu_link_info/pcie_gen/current_link_gen"),
    maxPcieGeneration: number("pci/pci_gpu_link_info/pcie_gen/max_link_gen"),
    pcieWidth: number("pci/pci_gpu_link_info/link_widths/current_link_width"),
    maxPcieWidth: number("pci/pci_gpu_link_info/link_widths/max_link_width"),
    pcieReplayCount: number("pci/replay_counter"),

    fabricState: text("fabric/state"),
    fabricStatus: text("fabric/status"),
    fabricHealth: text("fabric/health/summary"),

    isResetRequired: state.needsReset ? true : flag("gpu_reset_status/reset_required"),
    isDrainAndResetRecommended: flag("gpu_reset_status/drain_and_reset_recommended"),
    recoveryAction: text("gpu_recovery_action"),

    processes: processes(nodeAt(gpu, "processes")),
  });
}

function firstOf<Value>(paths: readonly string[], read: (path: string) => Value | undefined): Value | undefined {
  for (const path of paths) {
    const value = read(path);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** NVML's bits by the last part of the element name. Source: nvml.h, nvmlClocksEventReasons. */
const THROTTLE_BITS: readonly (readonly [name: string, bit: number])[] = [
  ["gpu_idle", 0x1],
  ["applications_clocks_setting", 0x2],
  ["sw_power_cap", 0x4],
  ["hw_slowdown", 0x8],
  ["sync_boost", 0x10],
  ["sw_thermal_slowdown", 0x20],
  ["hw_thermal_slowdown", 0x40],
  ["hw_power_brake_slowdown", 0x80],
  ["display_clocks_setting", 0x100],
];

/** Undefined when no reason is reported, so that "no reason active" (0) and "not known" stay apart. */
function throttleMask(gpu: SmiNode): number | undefined {
  const group = nodeAt(gpu, "clocks_event_reasons") ?? nodeAt(gpu, "clocks_throttle_reasons");
  let mask: number | undefined;
  for (const child of group?.children ?? []) {
    const active = flagValue(child.text);
    const bit = THROTTLE_BITS.find(([name]) => child.name.endsWith(`_reason_${name}`))?.[1];
    if (active !== undefined && bit !== undefined) mask = (mask ?? 0) | (active ? bit : 0);
  }
  return mask;
}

const LEGACY_SRAM = ["register_file", "l1_cache", "l2_cache", "texture_memory", "texture_shm", "cbu"];

/** Counters by memory kind, or the older layout by single and double bit with one row per structure. */
function eccCounts(group: SmiNode | undefined): EccCounts | undefined {
  if (group === undefined) return undefined;
  const number = (path: string): number | undefined => numberValue(textAt(group, path));
  const legacySram = (bits: string): number | undefined =>
    sumOf(...LEGACY_SRAM.map((part) => number(`${bits}/${part}`)));
  const legacyDram = (bits: string): number | undefined =>
    number(`${bits}/device_memory`) ?? (legacySram(bits) === undefined ? number(`${bits}/total`) : undefined);
  const counts = compact<EccCounts>({
    dramCorrected: number("dram_correctable") ?? legacyDram("single_bit"),
    dramUncorrected: number("dram_uncorrectable") ?? legacyDram("double_bit"),
    sramCorrected: number("sram_correctable") ?? legacySram("single_bit"),
    sramUncorrected:
      number("sram_uncorrectable") ??
      sumOf(number("sram_uncorrectable_parity"), number("sram_uncorrectable_secded")) ??
      legacySram("double_bit"),
  });
  return Object.keys(counts).length === 0 ? undefined : counts;
}

function remapBanks(group: SmiNode | undefined): GpuReading["remapBanks"] {
  const bank = (name: string): number | undefined => numberValue(textAt(group, `row_remapper_histogram_${name}`));
  const [max, high, partial, low, none] = ["max", "high", "partial", "low", "none"].map(bank);
  if (max === undefined || high === undefined || partial === undefined || low === undefined || none === undefined) {
    return undefined;
  }
  return { max, high, partial, low, none };
}

/** `<processes/>` is an empty list; the text `N/A` is not known. */
function processes(group: SmiNode | undefined): GpuProcess[] | undefined {
  if (group === undefined) return undefined;
  const rows = childrenOf(group, "process_info");
  if (rows.length === 0) return group.text.trim() === "" || /^none$/i.test(group.text.trim()) ? [] : undefined;
  return rows.flatMap((row) => {
    const pid = numberValue(textAt(row, "pid"));
    if (pid === undefined || !Number.isInteger(pid)) return [];
    return [
      compact<GpuProcess>({
        pid,
        name: textValue(textAt(row, "process_name")) ?? "",
        memoryUsedMib: numberValue(textAt(row, "used_memory")),
        type: textValue(textAt(row, "type")),
      }),
    ];
  });
}

const STATE_TEXT = /gpu is lost|gpu requires reset|unknown error|^\[?err!/i;

/** What the driver printed in place of values. A lost GPU says so in every field it could not read. */
function driverState(gpu: SmiNode): { isLost?: true; needsReset: boolean; errorText?: string } {
  const texts = new Set<string>();
  walk(gpu, (node) => {
    // A process may be named anything; its name is data and never a state of the driver.
    if (node.name !== "process_name" && STATE_TEXT.test(node.text))
      texts.add(node.text.trim().replaceAll(/[[\]]/g, ""));
  });
  const all = [...texts];
  const lost = all.find((text) => /gpu is lost/i.test(text));
  const reset = all.find((text) => /gpu requires reset/i.test(text));
  const errorText = lost ?? reset ?? all[0];
  return {
    ...(lost === undefined ? {} : { isLost: true as const }),
    needsReset: reset !== undefined,
    ...(errorText === undefined ? {} : { errorText }),
  };
}
