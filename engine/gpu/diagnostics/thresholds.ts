import { modelLimits } from "../catalog/models.ts";
import type { GpuReading } from "../reading.ts";

/**
 * What a result is judged by: the device's own limits first, then the model table. A limit that neither has is absent,
 * and the result is then measured and not judged.
 */
export interface DiagnosticThresholds {
  readonly computeTflops?: number;
  readonly nvlinkCount?: number;
  readonly peerGbPerSecond?: number;
  readonly pcieWidth?: number;
  /** Full rate of the trained-at-best link, one direction. */
  readonly pcieTheoryGbPerSecond?: number;
  readonly pcieMinGbPerSecond?: number;
  readonly maxOperatingC?: number;
  readonly slowdownC?: number;
}

/**
 * Host copy rates of an x16 link in GB/s: theory by generation (PCI Express base specification, after 128b/130b coding),
 * and the rate below which operators take the link for bad (Azure/azurehpc-health-checks for Gen4 and Gen5; Gen3 from
 * the lower end of healthy machines). Narrower links scale by their lanes.
 */
const PCIE_X16: Readonly<Record<number, { theory: number; min: number }>> = {
  3: { theory: 15.75, min: 11 },
  4: { theory: 31.5, min: 21 },
  5: { theory: 63, min: 48 },
};

/** Share of the per-direction NVLink rate that a peer copy must reach where no operator's pass line is known. */
const PEER_SHARE = 0.8;

export function thresholdsFor(gpu: GpuReading): DiagnosticThresholds {
  const limits = gpu.name === undefined ? undefined : modelLimits(gpu.name);
  const width = gpu.maxPcieWidth ?? limits?.pcieWidth;
  const pcie = PCIE_X16[gpu.maxPcieGeneration ?? limits?.pcieGeneration ?? 0];
  const lanes = (width ?? 16) / 16;
  const nvlinkTotal = limits?.nvlinkGbPerSecondTotal;
  return {
    computeTflops: limits?.diagnostic === undefined ? undefined : limits.diagnostic.stressGflops / 1000,
    nvlinkCount: limits?.nvlinkCount,
    peerGbPerSecond:
      limits?.nodeAcceptance?.peerGbPerSecond ??
      (nvlinkTotal === undefined ? undefined : (nvlinkTotal / 2) * PEER_SHARE),
    pcieWidth: width,
    pcieTheoryGbPerSecond: pcie === undefined ? undefined : pcie.theory * lanes,
    pcieMinGbPerSecond: pcie === undefined ? undefined : pcie.min * lanes,
    ...temperatureLimits(gpu),
    ...(limits === undefined || hasOwnTemperatureLimits(gpu)
      ? {}
      : { maxOperatingC: limits.maxOperatingC, slowdownC: limits.slowdownC }),
  };
}

function hasOwnTemperatureLimits(gpu: GpuReading): boolean {
  return gpu.slowdownTemperatureC !== undefined || gpu.temperatureLimitMarginC !== undefined;
}

/** Absolute limits, for T.Limit parts from the temperature and the distance that were read together. */
function temperatureLimits(gpu: GpuReading): Pick<DiagnosticThresholds, "maxOperatingC" | "slowdownC"> {
  if (gpu.slowdownTemperatureC !== undefined) {
    return { maxOperatingC: gpu.maxOperatingTemperatureC, slowdownC: gpu.slowdownTemperatureC };
  }
  if (gpu.temperatureC === undefined || gpu.temperatureLimitMarginC === undefined) return {};
  const maxOperatingC = gpu.temperatureC + gpu.temperatureLimitMarginC;
  return {
    maxOperatingC,
    slowdownC: gpu.slowdownMarginC === undefined ? undefined : maxOperatingC - gpu.slowdownMarginC,
  };
}
