/**
 * Where the labels of `nvidia-smi -q` stand in the XML schema. Labels are in lower case and joined by `/`; several labels
 * may mean one element, because they changed between driver branches 450 and 590.
 * Source: captures of both forms from the same driver versions; test/fixtures/gpu.
 */
const reasons: readonly (readonly [label: string, name: string])[] = [
  ["idle", "gpu_idle"],
  ["applications clocks setting", "applications_clocks_setting"],
  ["sw power cap", "sw_power_cap"],
  ["hw slowdown", "hw_slowdown"],
  ["hw slowdown/hw thermal slowdown", "hw_thermal_slowdown"],
  ["hw slowdown/hw power brake slowdown", "hw_power_brake_slowdown"],
  ["sync boost", "sync_boost"],
  ["sw thermal slowdown", "sw_thermal_slowdown"],
  ["display clock setting", "display_clocks_setting"],
];

const powerReadings: readonly (readonly [label: string, name: string])[] = [
  ["power draw", "power_draw"],
  ["average power draw", "average_power_draw"],
  ["instantaneous power draw", "instant_power_draw"],
  ["power limit", "power_limit"],
  ["current power limit", "current_power_limit"],
  ["enforced power limit", "enforced_power_limit"],
  ["default power limit", "default_power_limit"],
  ["min power limit", "min_power_limit"],
  ["max power limit", "max_power_limit"],
];

const eccCounters: readonly (readonly [label: string, name: string])[] = [
  ["sram correctable", "sram_correctable"],
  ["sram uncorrectable", "sram_uncorrectable"],
  ["sram uncorrectable parity", "sram_uncorrectable_parity"],
  ["sram uncorrectable sec-ded", "sram_uncorrectable_secded"],
  ["dram correctable", "dram_correctable"],
  ["dram uncorrectable", "dram_uncorrectable"],
  ["sram threshold exceeded", "sram_threshold_exceeded"],
  ...(["single bit", "double bit"] as const).flatMap((bits) =>
    ["device memory", "register file", "l1 cache", "l2 cache", "texture memory", "texture shared", "cbu", "total"].map(
      (part) =>
        [
          `${bits}/${part}`,
          `${bits.replace(" ", "_")}/${part === "texture shared" ? "texture_shm" : part.replace(" ", "_")}`,
        ] as const,
    ),
  ),
];

const under = (
  label: string,
  path: string,
  rows: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] => rows.map(([below, name]) => [`${label}/${below}`, `${path}${name}`]);

export const SMI_TEXT_PATHS: ReadonlyMap<string, string> = new Map([
  ["product name", "product_name"],
  ["product architecture", "product_architecture"],
  ["persistence mode", "persistence_mode"],
  ["mig mode/current", "mig_mode/current_mig"],
  ["serial number", "serial"],
  ["gpu uuid", "uuid"],
  ["vbios version", "vbios_version"],
  ["inforom version/image version", "inforom_version/img_version"],
  ["gsp firmware version", "gsp_firmware_version"],
  ["gpu reset status/reset required", "gpu_reset_status/reset_required"],
  ["gpu reset status/drain and reset recommended", "gpu_reset_status/drain_and_reset_recommended"],
  ["gpu recovery action", "gpu_recovery_action"],
  ["pci/bus id", "pci/pci_bus_id"],
  ["pci/gpu link info/pcie generation/max", "pci/pci_gpu_link_info/pcie_gen/max_link_gen"],
  ["pci/gpu link info/pcie generation/current", "pci/pci_gpu_link_info/pcie_gen/current_link_gen"],
  ["pci/gpu link info/link width/max", "pci/pci_gpu_link_info/link_widths/max_link_width"],
  ["pci/gpu link info/link width/current", "pci/pci_gpu_link_info/link_widths/current_link_width"],
  ["pci/replays since reset", "pci/replay_counter"],
  ["fan speed", "fan_speed"],
  ["performance state", "performance_state"],
  ...under("clocks event reasons", "clocks_event_reasons/clocks_event_reason_", reasons),
  ...under("clocks throttle reasons", "clocks_throttle_reasons/clocks_throttle_reason_", reasons),
  ["fb memory usage/total", "fb_memory_usage/total"],
  ["fb memory usage/reserved", "fb_memory_usage/reserved"],
  ["fb memory usage/used", "fb_memory_usage/used"],
  ["utilization/gpu", "utilization/gpu_util"],
  ["utilization/memory", "utilization/memory_util"],
  ["ecc mode/current", "ecc_mode/current_ecc"],
  ...under("ecc errors/volatile", "ecc_errors/volatile/", eccCounters),
  ...under("ecc errors/aggregate", "ecc_errors/aggregate/", eccCounters),
  ["ecc errors/channel repair pending", "ecc_errors/channel_repair_pending"],
  ["ecc errors/tpc repair pending", "ecc_errors/tpc_repair_pending"],
  ["ecc errors/unrepairable memory", "ecc_errors/unrepairable_memory"],
  ["retired pages/single bit ecc", "retired_pages/multiple_single_bit_retirement/retired_count"],
  ["retired pages/double bit ecc", "retired_pages/double_bit_retirement/retired_count"],
  ["retired pages/pending page blacklist", "retired_pages/pending_blacklist"],
  ["retired pages/pending", "retired_pages/pending_retirement"],
  ["remapped rows/correctable error", "remapped_rows/remapped_row_corr"],
  ["remapped rows/uncorrectable error", "remapped_rows/remapped_row_unc"],
  ["remapped rows/pending", "remapped_rows/remapped_row_pending"],
  ["remapped rows/remapping failure occurred", "remapped_rows/remapped_row_failure"],
  ...["max", "high", "partial", "low", "none"].map((bank): readonly [string, string] => [
    `remapped rows/bank remap availability histogram/${bank}`,
    `remapped_rows/row_remapper_histogram/row_remapper_histogram_${bank}`,
  ]),
  ["temperature/gpu current temp", "temperature/gpu_temp"],
  ["temperature/gpu t.limit temp", "temperature/gpu_temp_tlimit"],
  ["temperature/gpu shutdown temp", "temperature/gpu_temp_max_threshold"],
  ["temperature/gpu slowdown temp", "temperature/gpu_temp_slow_threshold"],
  ["temperature/gpu max operating temp", "temperature/gpu_temp_max_gpu_threshold"],
  ["temperature/gpu shutdown t.limit temp", "temperature/gpu_temp_max_tlimit_threshold"],
  ["temperature/gpu slowdown t.limit temp", "temperature/gpu_temp_slow_tlimit_threshold"],
  ["temperature/memory current temp", "temperature/memory_temp"],
  ["temperature/memory max operating temp", "temperature/gpu_temp_max_mem_threshold"],
  ...under("gpu power readings", "gpu_power_readings/", powerReadings),
  ...under("power readings", "power_readings/", powerReadings),
  ["clocks/graphics", "clocks/graphics_clock"],
  ["clocks/sm", "clocks/sm_clock"],
  ["clocks/memory", "clocks/mem_clock"],
  ["applications clocks/graphics", "applications_clocks/graphics_clock"],
  ["max clocks/graphics", "max_clocks/graphics_clock"],
  ["max clocks/sm", "max_clocks/sm_clock"],
  ["max clocks/memory", "max_clocks/mem_clock"],
  ["fabric/state", "fabric/state"],
  ["fabric/status", "fabric/status"],
  ["fabric/health/summary", "fabric/health/summary"],
]);
