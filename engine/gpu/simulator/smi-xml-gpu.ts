import type { EccCounts, GpuReading } from "../reading.ts";
import { element, flagLeaf, leaf } from "./xml.ts";

const YES_NO = ["Yes", "No"] as const;
const ENABLED = ["Enabled", "Disabled"] as const;

/** One `<gpu>` element. Where the driver cannot reach the GPU it prints its own words in place of every value. */
export function renderGpu(gpu: GpuReading, schema: 12 | 13): string[] {
  const address = (gpu.pci ?? "").replace(/^0000:/, "00000000:").toUpperCase();
  const body = [
    ...leaf("product_name", gpu.name),
    ...leaf("product_brand", "NVIDIA"),
    ...leaf("product_architecture", gpu.architecture),
    ...flagLeaf("persistence_mode", gpu.persistenceMode, ENABLED),
    ...element("mig_mode", [
      ...flagLeaf("current_mig", gpu.migMode, ENABLED),
      ...flagLeaf("pending_mig", gpu.migMode, ENABLED),
    ]),
    ...element("mig_devices", ["None"]),
    ...leaf("serial", gpu.serial),
    ...leaf("uuid", gpu.uuid),
    ...leaf("minor_number", gpu.index),
    ...leaf("vbios_version", gpu.vbiosVersion),
    ...element("inforom_version", [...leaf("img_version", gpu.inforomVersion), ...leaf("ecc_object", "7.16")]),
    ...leaf("gsp_firmware_version", gpu.gspFirmwareVersion),
    ...element("gpu_reset_status", [
      ...flagLeaf("reset_required", gpu.isResetRequired, YES_NO),
      ...flagLeaf("drain_and_reset_recommended", gpu.isDrainAndResetRecommended, YES_NO),
    ]),
    ...(schema === 13 ? leaf("gpu_recovery_action", gpu.recoveryAction) : []),
    ...pci(gpu, address),
    ...leaf("fan_speed", gpu.fanSpeedPct, " %"),
    ...leaf("performance_state", gpu.performanceState),
    ...clockEvents(gpu),
    ...element("fb_memory_usage", [
      ...leaf("total", gpu.memoryTotalMib, " MiB"),
      ...leaf("reserved", gpu.memoryReservedMib, " MiB"),
      ...leaf("used", gpu.memoryUsedMib, " MiB"),
      ...leaf("free", freeMib(gpu), " MiB"),
    ]),
    ...element("bar1_memory_usage", [...leaf("total", 131_072, " MiB"), ...leaf("used", 1, " MiB")]),
    ...leaf("compute_mode", "Default"),
    ...element("utilization", [
      ...leaf("gpu_util", gpu.utilizationPct, " %"),
      ...leaf("memory_util", gpu.memoryUtilizationPct, " %"),
    ]),
    ...memoryHealth(gpu, schema),
    ...temperature(gpu),
    ...power(gpu, schema),
    ...clocks(gpu),
    ...element("fabric", [...leaf("state", gpu.fabricState), ...leaf("status", gpu.fabricStatus)]),
    ...processes(gpu),
  ];
  const printed = gpu.errorText === undefined ? body : body.map((line) => line.replace(">N/A<", `>${gpu.errorText}<`));
  return element("gpu", printed, ` id="${address}"`);
}

function processes(gpu: GpuReading): string[] {
  if (gpu.processes === undefined) return leaf("processes", undefined);
  return element(
    "processes",
    gpu.processes.flatMap((process) =>
      element("process_info", [
        ...leaf("gpu_instance_id", undefined),
        ...leaf("compute_instance_id", undefined),
        ...leaf("pid", process.pid),
        ...leaf("type", process.type),
        ...leaf("process_name", process.name),
        ...leaf("used_memory", process.memoryUsedMib, " MiB"),
      ]),
    ),
  );
}

function freeMib(gpu: GpuReading): number | undefined {
  if (gpu.memoryTotalMib === undefined) return undefined;
  return gpu.memoryTotalMib - (gpu.memoryUsedMib ?? 0) - (gpu.memoryReservedMib ?? 0);
}

function pci(gpu: GpuReading, address: string): string[] {
  const [, bus, device] = /:([0-9A-F]{2}):([0-9A-F]{2})/.exec(address) ?? [];
  return element("pci", [
    ...leaf("pci_bus", bus),
    ...leaf("pci_device", device),
    ...leaf("pci_domain", "0000"),
    ...leaf("pci_bus_id", address),
    ...element("pci_gpu_link_info", [
      ...element("pcie_gen", [
        ...leaf("max_link_gen", gpu.maxPcieGeneration),
        ...leaf("current_link_gen", gpu.pcieGeneration),
      ]),
      ...element("link_widths", [
        ...leaf("max_link_width", gpu.maxPcieWidth, "x"),
        ...leaf("current_link_width", gpu.pcieWidth, "x"),
      ]),
    ]),
    ...leaf("replay_counter", gpu.pcieReplayCount),
    ...leaf("replay_rollover_counter", 0),
  ]);
}

const CLOCK_EVENTS: readonly (readonly [name: string, bit: number])[] = [
  ["gpu_idle", 0x1],
  ["applications_clocks_setting", 0x2],
  ["sw_power_cap", 0x4],
  ["hw_slowdown", 0x8],
  ["hw_thermal_slowdown", 0x40],
  ["hw_power_brake_slowdown", 0x80],
  ["sync_boost", 0x10],
  ["sw_thermal_slowdown", 0x20],
  ["display_clocks_setting", 0x100],
];

function clockEvents(gpu: GpuReading): string[] {
  const mask = gpu.throttleMask;
  return element(
    "clocks_event_reasons",
    CLOCK_EVENTS.flatMap(([name, bit]) =>
      flagLeaf(`clocks_event_reason_${name}`, mask === undefined ? undefined : (mask & bit) !== 0, [
        "Active",
        "Not Active",
      ]),
    ),
  );
}

function memoryHealth(gpu: GpuReading, schema: 12 | 13): string[] {
  const banks = gpu.remapBanks;
  const counts = (ecc: EccCounts | undefined): string[] => [
    ...leaf("sram_correctable", ecc?.sramCorrected),
    ...(schema === 13
      ? [...leaf("sram_uncorrectable_parity", ecc?.sramUncorrected), ...leaf("sram_uncorrectable_secded", ecc && 0)]
      : leaf("sram_uncorrectable", ecc?.sramUncorrected)),
    ...leaf("dram_correctable", ecc?.dramCorrected),
    ...leaf("dram_uncorrectable", ecc?.dramUncorrected),
  ];
  return [
    ...element("ecc_mode", [
      ...flagLeaf("current_ecc", gpu.eccMode, ENABLED),
      ...flagLeaf("pending_ecc", gpu.eccMode, ENABLED),
    ]),
    ...element("ecc_errors", [
      ...element("volatile", counts(gpu.eccVolatile)),
      ...element("aggregate", [
        ...counts(gpu.eccAggregate),
        ...(schema === 13 ? flagLeaf("sram_threshold_exceeded", gpu.isSramThresholdExceeded, YES_NO) : []),
      ]),
    ]),
    ...element("retired_pages", [
      ...element("multiple_single_bit_retirement", leaf("retired_count", gpu.retiredPagesSingleBit)),
      ...element("double_bit_retirement", leaf("retired_count", gpu.retiredPagesDoubleBit)),
      ...flagLeaf("pending_retirement", gpu.isRetirementPending, YES_NO),
    ]),
    ...(banks === undefined
      ? leaf("remapped_rows", undefined)
      : element("remapped_rows", [
          ...leaf("remapped_row_corr", gpu.remappedCorrectable),
          ...leaf("remapped_row_unc", gpu.remappedUncorrectable),
          ...flagLeaf("remapped_row_pending", gpu.isRemapPending, YES_NO),
          ...flagLeaf("remapped_row_failure", gpu.isRemapFailed, YES_NO),
          ...element(
            "row_remapper_histogram",
            Object.entries(banks).flatMap(([name, count]) => leaf(`row_remapper_histogram_${name}`, count, " bank(s)")),
          ),
        ])),
  ];
}

function temperature(gpu: GpuReading): string[] {
  const thresholds =
    gpu.temperatureLimitMarginC === undefined
      ? [
          ...leaf("gpu_temp_tlimit", undefined),
          ...leaf("gpu_temp_max_threshold", gpu.shutdownTemperatureC, " C"),
          ...leaf("gpu_temp_slow_threshold", gpu.slowdownTemperatureC, " C"),
          ...leaf("gpu_temp_max_gpu_threshold", gpu.maxOperatingTemperatureC, " C"),
        ]
      : [
          ...leaf("gpu_temp_tlimit", gpu.temperatureLimitMarginC, " C"),
          ...leaf("gpu_temp_max_tlimit_threshold", gpu.shutdownMarginC, " C"),
          ...leaf("gpu_temp_slow_tlimit_threshold", gpu.slowdownMarginC, " C"),
          ...leaf("gpu_temp_max_gpu_tlimit_threshold", 0, " C"),
        ];
  return element("temperature", [
    ...leaf("gpu_temp", gpu.temperatureC, " C"),
    ...thresholds,
    ...leaf("memory_temp", gpu.memoryTemperatureC, " C"),
    ...leaf("gpu_temp_max_mem_threshold", gpu.memoryMaxTemperatureC, " C"),
  ]);
}

function power(gpu: GpuReading, schema: 12 | 13): string[] {
  const watts = (name: string, value: number | undefined): string[] => leaf(name, value?.toFixed(2), " W");
  return element("gpu_power_readings", [
    ...leaf("power_state", gpu.performanceState),
    ...(schema === 13
      ? [...watts("average_power_draw", gpu.powerDrawW), ...watts("instant_power_draw", gpu.powerDrawW)]
      : watts("power_draw", gpu.powerDrawW)),
    ...watts("current_power_limit", gpu.powerLimitW),
    ...watts("default_power_limit", gpu.defaultPowerLimitW),
    ...watts("min_power_limit", gpu.minPowerLimitW),
    ...watts("max_power_limit", gpu.maxPowerLimitW),
  ]);
}

function clocks(gpu: GpuReading): string[] {
  const group = (name: string, sm: number | undefined, memory: number | undefined): string[] =>
    element(name, [
      ...leaf("graphics_clock", sm, " MHz"),
      ...leaf("sm_clock", sm, " MHz"),
      ...leaf("mem_clock", memory, " MHz"),
    ]);
  return [
    ...group("clocks", gpu.smClockMhz, gpu.memoryClockMhz),
    ...group("applications_clocks", gpu.applicationSmClockMhz, gpu.maxMemoryClockMhz),
    ...group("max_clocks", gpu.maxSmClockMhz, gpu.maxMemoryClockMhz),
  ];
}
