import { PAGE_RETIREMENT_LIMITS, ROW_REMAP_LIMITS } from "../catalog/memory-limits.ts";
import type { Finding } from "../finding.ts";
import { gpuFinding, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * The failure flag alone is NVIDIA's criterion for replacement; the number of remapped rows is not.
 * Source: NVIDIA GPU memory error management; leptonai/gpud remapped-rows (2026-08).
 */
export function rowRemapFailed(context: GpuContext): Finding[] {
  if (context.gpu.isRemapFailed !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.row_remap_failed",
      component: "memory",
      severity: "critical",
      verdict: "gpu_failed",
      title: "A row remap failed: no spare row was left",
      action: "RMA_REVIEW",
      source: "NVIDIA GPU memory error management: row-remapping failure flag",
      evidence: quoteGpu(context.gpu, "isRemapFailed", "remappedUncorrectable", "remapBanks.none"),
    }),
  ];
}

/** A remap waits for the next reset; errors stay contained until then. Source: as above, pending flag. */
export function rowRemapPending(context: GpuContext): Finding[] {
  if (context.gpu.isRemapPending !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.row_remap_pending",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: "A row remap is pending and takes effect at the next reset",
      action: "DRAIN_RESET",
      source: "NVIDIA GPU memory error management: row-remapping pending flag",
      evidence: quoteGpu(context.gpu, "isRemapPending", "remappedUncorrectable"),
    }),
  ];
}

/** Newer drivers report repairs of memory channels and compute units that wait for a reset. Source: nvidia-smi schema v13. */
export function repairPending(context: GpuContext): Finding[] {
  const { isChannelRepairPending, isTpcRepairPending } = context.gpu;
  if (isChannelRepairPending !== true && isTpcRepairPending !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.repair_pending",
      component: isChannelRepairPending === true ? "memory" : "compute",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `A repair of ${isChannelRepairPending === true ? "a memory channel" : "a compute unit"} is pending and takes effect at the next reset`,
      action: "DRAIN_RESET",
      source: "nvidia-smi schema v13: repair pending flags",
      evidence: quoteGpu(context.gpu, "isChannelRepairPending", "isTpcRepairPending"),
    }),
  ];
}

/** The device itself says that its memory cannot be repaired any more. Source: nvidia-smi schema v13. */
export function memoryUnrepairable(context: GpuContext): Finding[] {
  if (context.gpu.isMemoryUnrepairable !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.unrepairable",
      component: "memory",
      severity: "critical",
      verdict: "gpu_failed",
      title: "The device reports memory that cannot be repaired",
      action: "RMA_REVIEW",
      source: "nvidia-smi schema v13: unrepairable memory flag",
      evidence: quoteGpu(context.gpu, "isMemoryUnrepairable", "remappedUncorrectable"),
    }),
  ];
}

/** DCGM fails a GPU at 512 uncorrectable remapped rows, inclusive. Source: NVIDIA/DCGM (2026-07). */
export function rowRemapLimit(context: GpuContext): Finding[] {
  const rows = context.gpu.remappedUncorrectable ?? 0;
  if (rows < ROW_REMAP_LIMITS.maxUncorrectablePerGpu) return [];
  return [
    gpuFinding(context, {
      rule: "memory.row_remap_limit",
      component: "memory",
      severity: "critical",
      verdict: "gpu_failed",
      title: `${rows} rows are remapped for uncorrectable errors, at or above the limit of ${ROW_REMAP_LIMITS.maxUncorrectablePerGpu}`,
      action: "RMA_REVIEW",
      source: "NVIDIA/DCGM validation (2026-07): uncorrectable remapped rows",
      evidence: quoteGpu(context.gpu, "remappedUncorrectable"),
    }),
  ];
}

/**
 * A bank without spare rows cannot take another remap. Nothing has failed yet, hence a watch.
 * Source: NVIDIA GPU memory error management: bank remap availability histogram.
 */
export function spareRowsUsedUp(context: GpuContext): Finding[] {
  const { gpu } = context;
  const banks = gpu.remapBanks?.none ?? 0;
  if (banks === 0) return [];
  return [
    gpuFinding(context, {
      rule: "memory.bank_without_spare_rows",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `${banks} memory bank${banks === 1 ? " has" : "s have"} no spare row left`,
      action: "WATCH",
      source: "NVIDIA GPU memory error management: remap availability histogram",
      evidence: quoteGpu(gpu, "remapBanks.none", "remapBanks.low"),
    }),
  ];
}

/** Page retirement of parts before Ampere: 63 pages are the limit, inclusive. Source: NVIDIA/DCGM (2026-07). */
export function retiredPages(context: GpuContext): Finding[] {
  const { gpu } = context;
  const doubleBit = gpu.retiredPagesDoubleBit ?? 0;
  const pages = (gpu.retiredPagesSingleBit ?? 0) + doubleBit;
  const evidence = quoteGpu(gpu, "retiredPagesSingleBit", "retiredPagesDoubleBit");
  if (pages >= PAGE_RETIREMENT_LIMITS.maxPages) {
    return [
      gpuFinding(context, {
        rule: "memory.retired_pages_limit",
        component: "memory",
        severity: "critical",
        verdict: "gpu_failed",
        title: `${pages} memory pages are retired, at or above the limit of ${PAGE_RETIREMENT_LIMITS.maxPages}`,
        action: "RMA_REVIEW",
        source: "NVIDIA/DCGM (2026-07): retired pages limit",
        evidence,
      }),
    ];
  }
  // One look cannot see new pages per week, the second half of DCGM's rule, so this asks for watching only.
  if (doubleBit <= PAGE_RETIREMENT_LIMITS.doubleBitPages) return [];
  return [
    gpuFinding(context, {
      rule: "memory.retired_pages_many",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `${doubleBit} memory pages are retired for double-bit errors`,
      action: "WATCH",
      source: "NVIDIA/DCGM (2026-07): more than 15 double-bit pages",
      evidence,
    }),
  ];
}

/** A page retirement waits for the next reset. Source: NVIDIA dynamic page retirement. */
export function pageRetirementPending(context: GpuContext): Finding[] {
  if (context.gpu.isRetirementPending !== true) return [];
  return [
    gpuFinding(context, {
      rule: "memory.page_retirement_pending",
      component: "memory",
      severity: "warning",
      verdict: "gpu_degraded",
      title: "A page retirement is pending and takes effect at the next reset",
      action: "DRAIN_RESET",
      source: "NVIDIA dynamic page retirement: pending flag",
      evidence: quoteGpu(context.gpu, "isRetirementPending", "retiredPagesDoubleBit"),
    }),
  ];
}
