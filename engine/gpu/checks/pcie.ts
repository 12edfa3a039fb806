import { pcieReplayLimitPerMinute } from "../catalog/pcie.ts";
import type { Finding } from "../finding.ts";
import { gpuFinding, isUnderLoad, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * Fewer lanes than the slot and the card can have. Lanes are trained at boot and do not follow the load, so the width is
 * judged at any time, with one exception: an idle link in its lowest state (generation 1) may be reported as x1 to save
 * power. Some hosts have fewer lanes by design; the model table knows those.
 * Source: incident I18; widths of the model table.
 */
export function narrowLink(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const expected = limits?.acceptedPcieWidth ?? gpu.maxPcieWidth ?? limits?.pcieWidth;
  if (!gpu.pcieWidth || expected === undefined || gpu.pcieWidth >= expected) return [];
  const isAsleep = !isUnderLoad(gpu) && gpu.pcieGeneration === 1 && gpu.pcieWidth === 1;
  if (isAsleep) return [];
  return [
    gpuFinding(context, {
      rule: "pcie.narrow_link",
      component: "pcie",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `PCIe link runs at x${gpu.pcieWidth}, expected x${expected}`,
      action: "RESEAT",
      source: "incident I18: PCIe link trained narrow or slow",
      evidence: quoteGpu(gpu, "pcieWidth", "maxPcieWidth", "pcieGeneration", "utilizationPct"),
    }),
  ];
}

/**
 * The generation is compared under load only: an idle GPU drops to generation 1, which is normal.
 * Source: incident I18.
 */
export function slowLink(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const expected = gpu.maxPcieGeneration ?? limits?.pcieGeneration;
  if (!isUnderLoad(gpu) || !gpu.pcieGeneration || expected === undefined || gpu.pcieGeneration >= expected) return [];
  return [
    gpuFinding(context, {
      rule: "pcie.slow_link",
      component: "pcie",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `PCIe link runs at generation ${gpu.pcieGeneration} under load, expected ${expected}`,
      action: "RESEAT",
      source: "incident I18: PCIe link trained narrow or slow",
      evidence: quoteGpu(gpu, "pcieGeneration", "maxPcieGeneration", "utilizationPct"),
    }),
  ];
}

/**
 * Replays per minute above 6 % of lanes × GT/s. Lanes and rate are the highest the link can have: its present state sinks
 * with the load, and the limit with it, which would flag idle GPUs. Source: NVIDIA/DCGM PCIe watch (2026-07).
 */
export function replayRate(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const generation = gpu.maxPcieGeneration ?? limits?.pcieGeneration;
  const width = gpu.maxPcieWidth ?? limits?.pcieWidth;
  if (gpu.pcieReplaysPerMinute === undefined || generation === undefined || width === undefined) return [];
  const limit = pcieReplayLimitPerMinute(generation, width);
  if (limit === undefined || gpu.pcieReplaysPerMinute <= limit) return [];
  return [
    gpuFinding(context, {
      rule: "pcie.replay_rate",
      component: "pcie",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `PCIe replays above ${limit} per minute`,
      action: "RESEAT",
      source: "NVIDIA/DCGM PCIe watch (2026-07): replay rate limit",
      evidence: quoteGpu(gpu, "pcieReplaysPerMinute", "pcieGeneration", "pcieWidth"),
    }),
  ];
}

/** A total of replays has no limit of its own; it is reported where no rate is known. */
export function replayTotal(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (gpu.pcieReplaysPerMinute !== undefined || !gpu.pcieReplayCount) return [];
  return [
    gpuFinding(context, {
      rule: "pcie.replay_total",
      component: "pcie",
      severity: "info",
      verdict: "healthy",
      title: `${gpu.pcieReplayCount} PCIe replays in total; the limit is a rate`,
      action: "NONE",
      source: "NVIDIA/DCGM PCIe watch (2026-07): replay rate limit",
      evidence: quoteGpu(gpu, "pcieReplayCount"),
      isMeasuredOnly: true,
    }),
  ];
}
