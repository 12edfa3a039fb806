import { DRAM_LIMITS, SRAM_LIMITS } from "../catalog/memory-limits.ts";
import type { Finding } from "../finding.ts";
import { gpuFinding, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * One uncorrected error since the driver was loaded: drain and reset.
 * The counter alone cannot say whether the error was contained; XID 94 or 95 in the log can, and then explains this.
 * Source: NVIDIA/DCGM memory watch (2026-07); NVIDIA GPU memory error management.
 */
export function uncorrectedErrors(context: GpuContext): Finding[] {
  const { eccVolatile } = context.gpu;
  const total = (eccVolatile?.dramUncorrected ?? 0) + (eccVolatile?.sramUncorrected ?? 0);
  if (total < DRAM_LIMITS.volatileUncorrected) return [];
  return [
    gpuFinding(context, {
      rule: "memory.uncorrected_errors",
      component: "memory",
      severity: "critical",
      verdict: "gpu_degraded",
      title: `${total} uncorrected ECC error${total === 1 ? "" : "s"} since the driver was loaded`,
      action: "DRAIN_RESET",
      source: "NVIDIA/DCGM memory watch (2026-07): volatile double-bit errors",
      evidence: quoteGpu(context.gpu, "eccVolatile.dramUncorrected", "eccVolatile.sramUncorrected"),
    }),
  ];
}

/** The device itself says that its SRAM has had too many errors. Source: NVIDIA GPU memory error management. */
export function sramThreshold(context: GpuContext): Finding[] {
  if (context.gpu.isSramThresholdExceeded !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.sram_threshold",
      component: "memory",
      severity: "critical",
      verdict: "gpu_failed",
      title: "The device reports its SRAM error threshold as exceeded",
      action: "RMA_REVIEW",
      source: "NVIDIA GPU memory error management: SRAM threshold exceeded",
      evidence: quoteGpu(context.gpu, "isSramThresholdExceeded", "eccAggregate.sramUncorrected"),
    }),
  ];
}

/**
 * More than four uncorrected SRAM errors over the life of the part. An operator's practice, so it asks for a review only
 * where the device has no flag of its own: a device that says `false` is believed.
 * Source: stas00/ml-engineering, GPU debug notes.
 */
export function aggregateSramErrors(context: GpuContext): Finding[] {
  const { gpu } = context;
  const errors = gpu.eccAggregate?.sramUncorrected ?? 0;
  if (gpu.isSramThresholdExceeded !== undefined || errors <= SRAM_LIMITS.aggregateUncorrected) return [];
  return [
    gpuFinding(context, {
      rule: "memory.aggregate_sram_errors",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `${errors} uncorrected SRAM errors over the life of the GPU`,
      action: "RMA_REVIEW",
      source: "stas00/ml-engineering, GPU debug notes",
      evidence: quoteGpu(gpu, "eccAggregate.sramUncorrected"),
    }),
  ];
}

/**
 * Very many corrected errors: watched, never drained, because correction works.
 * Source: Azure/azurehpc-health-checks limits; incident I26.
 */
export function correctedErrors(context: GpuContext): Finding[] {
  const { gpu } = context;
  const dram = Math.max(gpu.eccVolatile?.dramCorrected ?? 0, gpu.eccAggregate?.dramCorrected ?? 0);
  const sram = Math.max(gpu.eccVolatile?.sramCorrected ?? 0, gpu.eccAggregate?.sramCorrected ?? 0);
  if (dram <= DRAM_LIMITS.correctedFail && sram <= SRAM_LIMITS.correctedFail) return [];
  return [
    gpuFinding(context, {
      rule: "memory.corrected_errors",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: "Corrected ECC errors are above the operator limit",
      action: "WATCH",
      source: "Azure/azurehpc-health-checks: corrected ECC limits",
      evidence: quoteGpu(
        gpu,
        "eccVolatile.dramCorrected",
        "eccAggregate.dramCorrected",
        "eccVolatile.sramCorrected",
        "eccAggregate.sramCorrected",
      ),
    }),
  ];
}

/** Share of the memory above which the next allocation is likely to fail. */
const NEARLY_FULL = 0.97;

/**
 * Nearly all memory in use. The owner's business, not a fault: frameworks take memory in advance, and running out of it
 * raises no XID. Source: incident I17.
 */
export function memoryNearlyFull(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (gpu.memoryUsedMib === undefined || !gpu.memoryTotalMib) return [];
  if (gpu.memoryUsedMib <= NEARLY_FULL * gpu.memoryTotalMib) return [];
  return [
    gpuFinding(context, {
      rule: "memory.nearly_full",
      component: "app",
      severity: "info",
      verdict: "app",
      title: `Memory is ${((100 * gpu.memoryUsedMib) / gpu.memoryTotalMib).toFixed(1)} % full`,
      action: "CHECK_APP",
      source: "incident I17: out of memory is not a device fault",
      evidence: quoteGpu(gpu, "memoryUsedMib", "memoryTotalMib"),
    }),
  ];
}
