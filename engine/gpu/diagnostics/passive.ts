import type { DiagnosticName, DiagnosticResult } from "../diagnostic.ts";
import type { GpuReading, NvlinkReading } from "../reading.ts";
import { judgeNvlink, judgePcie, judgeThermal, type Judgement } from "./judge.ts";
import { thresholdsFor } from "./thresholds.ts";

export interface PassiveResult extends Judgement {
  readonly details: DiagnosticResult["details"];
  readonly ranAs: string;
}

/**
 * What a reading alone says about a test: a fault that shows without load is a fail, the absence of one is at most
 * "measured", except for NVLink, where state and counters are the test. `before` is an earlier reading of the same GPU,
 * against which counters are compared. Undefined for tests that need load: memory and compute.
 */
export function passiveCheck(test: DiagnosticName, gpu: GpuReading, before?: GpuReading): PassiveResult | undefined {
  switch (test) {
    case "nvlink_check":
      return nvlink(gpu, before);
    case "pcie_bandwidth":
      return pcie(gpu);
    case "thermal_profile":
      return thermal(gpu);
    case "memory_stress":
    case "compute_stress":
      return undefined;
  }
}

function nvlink(gpu: GpuReading, before: GpuReading | undefined): PassiveResult {
  const thresholds = thresholdsFor(gpu);
  const ranAs = "nvidia-smi nvlink -s, nvidia-smi nvlink -e";
  const links = gpu.nvlinks;
  if (links === undefined && thresholds.nvlinkCount !== undefined) {
    return { outcome: "unavailable", conclusion: "nvidia-smi did not report the NVLinks", details: {}, ranAs };
  }
  const active = (links ?? []).filter((link) => link.isActive === true).length;
  const now = countErrors(links);
  const newErrors = before === undefined ? 0 : Math.max(0, now.total - countErrors(before.nvlinks).total);
  return {
    ...judgeNvlink({ linksActive: active, linksTotal: links?.length ?? 0, newErrors }, thresholds),
    details: {
      links_active: active,
      links_total: Math.max(links?.length ?? 0, thresholds.nvlinkCount ?? 0),
      ...(now.crc === undefined ? {} : { crc_errors: now.crc }),
      ...(now.replay === undefined ? {} : { replay_errors: now.replay }),
    },
    ranAs,
  };
}

function countErrors(links: readonly NvlinkReading[] | undefined): { crc?: number; replay?: number; total: number } {
  const sum = (field: "crcErrors" | "replayErrors" | "recoveryErrors"): number | undefined => {
    const values = (links ?? []).map((link) => link[field]).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  };
  const crc = sum("crcErrors");
  const replay = sum("replayErrors");
  return { crc, replay, total: (crc ?? 0) + (replay ?? 0) + (sum("recoveryErrors") ?? 0) };
}

function pcie(gpu: GpuReading): PassiveResult {
  const thresholds = thresholdsFor(gpu);
  return {
    ...judgePcie({ width: gpu.pcieWidth }, thresholds),
    details: {
      ...(gpu.pcieGeneration === undefined ? {} : { pcie_gen: gpu.pcieGeneration }),
      ...(gpu.pcieWidth === undefined ? {} : { pcie_width: gpu.pcieWidth }),
      ...(thresholds.pcieTheoryGbPerSecond === undefined
        ? {}
        : { bandwidth_expected_gb_s: thresholds.pcieTheoryGbPerSecond }),
    },
    ranAs: "nvidia-smi -q -x",
  };
}

function thermal(gpu: GpuReading): PassiveResult {
  const thresholds = thresholdsFor(gpu);
  const judgement = judgeThermal({ loadTemperatureC: gpu.temperatureC, throttleMask: gpu.throttleMask }, thresholds);
  const limit = thresholds.slowdownC;
  return {
    // An idle GPU that is cool proves nothing about load; one that is hot proves a fault.
    ...(judgement.outcome === "pass"
      ? { outcome: "measured", conclusion: "measured, not judged: cool, but the GPU is not under load" }
      : judgement),
    details: {
      ...(gpu.temperatureC === undefined ? {} : { idle_temperature_c: gpu.temperatureC }),
      ...(limit === undefined || gpu.temperatureC === undefined
        ? {}
        : { thermal_headroom_c: limit - gpu.temperatureC }),
    },
    ranAs: "nvidia-smi -q -x",
  };
}
