import type { GpuReading, NodeReading } from "../reading.ts";

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  /** Undefined leaves the series out, as the exporter does for a value that the GPU does not report. */
  readonly value: (gpu: GpuReading) => number | undefined;
}

const sumLinks = (gpu: GpuReading, field: "crcErrors" | "replayErrors" | "recoveryErrors"): number | undefined =>
  gpu.nvlinks?.reduce((sum, link) => sum + (link[field] ?? 0), 0);
const flag = (value: boolean | undefined): number | undefined => (value === undefined ? undefined : Number(value));
const free = (gpu: GpuReading): number | undefined =>
  gpu.memoryTotalMib === undefined
    ? undefined
    : gpu.memoryTotalMib - (gpu.memoryUsedMib ?? 0) - (gpu.memoryReservedMib ?? 0);

/** dcgm-exporter's default counters and those that are worth switching on. Source: its counters file, 2026-05. */
const METRICS: readonly Metric[] = [
  { name: "DCGM_FI_DEV_SM_CLOCK", type: "gauge", help: "SM clock frequency (in MHz).", value: (g) => g.smClockMhz },
  {
    name: "DCGM_FI_DEV_MEM_CLOCK",
    type: "gauge",
    help: "Memory clock frequency (in MHz).",
    value: (g) => g.memoryClockMhz,
  },
  {
    name: "DCGM_FI_DEV_MEMORY_TEMP",
    type: "gauge",
    help: "Memory temperature (in C).",
    value: (g) => g.memoryTemperatureC,
  },
  { name: "DCGM_FI_DEV_GPU_TEMP", type: "gauge", help: "GPU temperature (in C).", value: (g) => g.temperatureC },
  {
    name: "DCGM_FI_DEV_GPU_TEMP_LIMIT",
    type: "gauge",
    help: "Distance to the thermal limit (in C).",
    value: (g) => g.temperatureLimitMarginC,
  },
  { name: "DCGM_FI_DEV_POWER_USAGE", type: "gauge", help: "Power draw (in W).", value: (g) => g.powerDrawW },
  {
    name: "DCGM_FI_DEV_POWER_MGMT_LIMIT",
    type: "gauge",
    help: "Current power limit (in W).",
    value: (g) => g.powerLimitW,
  },
  {
    name: "DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF",
    type: "gauge",
    help: "Default power limit (in W).",
    value: (g) => g.defaultPowerLimitW,
  },
  {
    name: "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
    type: "counter",
    help: "Total number of PCIe retries.",
    value: (g) => g.pcieReplayCount,
  },
  {
    name: "DCGM_FI_DEV_PCIE_LINK_GEN",
    type: "gauge",
    help: "Current PCIe link generation.",
    value: (g) => g.pcieGeneration,
  },
  { name: "DCGM_FI_DEV_PCIE_LINK_WIDTH", type: "gauge", help: "Current PCIe link width.", value: (g) => g.pcieWidth },
  {
    name: "DCGM_FI_DEV_PCIE_MAX_LINK_GEN",
    type: "gauge",
    help: "Highest PCIe link generation.",
    value: (g) => g.maxPcieGeneration,
  },
  {
    name: "DCGM_FI_DEV_PCIE_MAX_LINK_WIDTH",
    type: "gauge",
    help: "Largest PCIe link width.",
    value: (g) => g.maxPcieWidth,
  },
  { name: "DCGM_FI_DEV_GPU_UTIL", type: "gauge", help: "GPU utilization (in %).", value: (g) => g.utilizationPct },
  {
    name: "DCGM_FI_DEV_MEM_COPY_UTIL",
    type: "gauge",
    help: "Memory utilization (in %).",
    value: (g) => g.memoryUtilizationPct,
  },
  {
    name: "DCGM_FI_DEV_XID_ERRORS",
    type: "gauge",
    help: "Value of the last XID error encountered.",
    value: (g) => g.lastXid ?? 0,
  },
  {
    name: "DCGM_FI_DEV_CLOCKS_EVENT_REASONS",
    type: "gauge",
    help: "Current clock event reasons (bitmask).",
    value: (g) => g.throttleMask,
  },
  { name: "DCGM_FI_DEV_FB_FREE", type: "gauge", help: "Framebuffer memory free (in MiB).", value: free },
  {
    name: "DCGM_FI_DEV_FB_USED",
    type: "gauge",
    help: "Framebuffer memory used (in MiB).",
    value: (g) => g.memoryUsedMib,
  },
  {
    name: "DCGM_FI_DEV_FB_RESERVED",
    type: "gauge",
    help: "Framebuffer memory reserved (in MiB).",
    value: (g) => g.memoryReservedMib,
  },
  {
    name: "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
    type: "counter",
    help: "Total number of single-bit volatile ECC errors.",
    value: (g) => eccTotal(g, "Corrected"),
  },
  {
    name: "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    type: "counter",
    help: "Total number of double-bit volatile ECC errors.",
    value: (g) => eccTotal(g, "Uncorrected"),
  },
  {
    name: "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    type: "counter",
    help: "Number of remapped rows for uncorrectable errors.",
    value: (g) => g.remappedUncorrectable,
  },
  {
    name: "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
    type: "counter",
    help: "Number of remapped rows for correctable errors.",
    value: (g) => g.remappedCorrectable,
  },
  {
    name: "DCGM_FI_DEV_ROW_REMAP_FAILURE",
    type: "gauge",
    help: "Whether remapping of rows has failed.",
    value: (g) => flag(g.isRemapFailed),
  },
  {
    name: "DCGM_FI_DEV_ROW_REMAP_PENDING",
    type: "gauge",
    help: "Whether a row remap waits for a reset.",
    value: (g) => flag(g.isRemapPending),
  },
  {
    name: "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL",
    type: "counter",
    help: "Total number of NVLink flow-control CRC errors.",
    value: (g) => sumLinks(g, "crcErrors"),
  },
  {
    name: "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL",
    type: "counter",
    help: "Total number of NVLink retries.",
    value: (g) => sumLinks(g, "replayErrors"),
  },
  {
    name: "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
    type: "counter",
    help: "Total number of NVLink recovery errors.",
    value: (g) => sumLinks(g, "recoveryErrors"),
  },
  {
    name: "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    type: "gauge",
    help: "Ratio of time the graphics engine is active.",
    value: (g) => g.graphicsEngineActive,
  },
];

/** Window of the exporter's XID counter. */
export const XID_WINDOW_MS = 300_000;

/** What dcgm-exporter serves for this node. A lost GPU has no series at all; the exporter does not know its name any more. */
export function renderMetrics(reading: NodeReading): string {
  const gpus = reading.gpus.filter((gpu) => gpu.isLost !== true);
  if (gpus.length === 0) return "";
  const blocks = METRICS.flatMap((metric) => {
    const rows = gpus.flatMap((gpu) => {
      const value = metric.value(gpu);
      return value === undefined ? [] : [`${metric.name}{${labels(reading, gpu)}} ${value}`];
    });
    if (rows.length === 0) return [];
    return [`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`, ...rows];
  });
  return `${[...blocks, ...xidCounts(reading, gpus)].join("\n")}\n`;
}

function xidCounts(reading: NodeReading, gpus: readonly GpuReading[]): string[] {
  const rows = gpus.flatMap((gpu) =>
    Object.entries(gpu.windowedXids ?? {}).map(
      ([code, count]) =>
        `DCGM_EXP_XID_ERRORS_COUNT{${labels(reading, gpu)},window_size_in_ms="${XID_WINDOW_MS}",xid="${code}"} ${count}`,
    ),
  );
  if (rows.length === 0) return [];
  return [
    "# HELP DCGM_EXP_XID_ERRORS_COUNT Count of XID Errors within user-specified time window.",
    "# TYPE DCGM_EXP_XID_ERRORS_COUNT gauge",
    ...rows,
  ];
}

function labels(reading: NodeReading, gpu: GpuReading): string {
  const pairs = {
    gpu: String(gpu.index),
    UUID: gpu.uuid ?? "",
    pci_bus_id: (gpu.pci ?? "").replace(/^0000:/, "00000000:").toUpperCase(),
    device: `nvidia${gpu.index}`,
    modelName: gpu.name ?? "",
    Hostname: reading.hostname ?? "",
    DCGM_FI_DRIVER_VERSION: reading.driverVersion ?? "",
  };
  return Object.entries(pairs)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}

function eccTotal(gpu: GpuReading, kind: "Corrected" | "Uncorrected"): number | undefined {
  const counts = gpu.eccVolatile;
  return counts === undefined ? undefined : (counts[`dram${kind}`] ?? 0) + (counts[`sram${kind}`] ?? 0);
}
