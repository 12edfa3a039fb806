import type { Finding } from "../finding.ts";
import { gpuFinding, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

/** Less than this is the driver's and the monitoring's own. */
const HELD_MIB = 2048;

/**
 * Memory in use, no process listed, no work done: a leftover process may hold it. Containers hide processes from a
 * reader without their process namespace, so this is a remark and decides nothing. Source: incident I17; gcm zombie check.
 */
export function memoryHeldWithoutProcess(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (gpu.processes === undefined || gpu.processes.length > 0 || gpu.migMode === true) return [];
  if ((gpu.memoryUsedMib ?? 0) < HELD_MIB || gpu.utilizationPct !== 0) return [];
  return [
    gpuFinding(context, {
      rule: "processes.memory_without_process",
      component: "app",
      severity: "info",
      verdict: "healthy",
      title: "Memory is held although no process is listed and nothing runs",
      action: "NONE",
      source: "incident I17; facebookresearch/gcm check-zombie",
      evidence: quoteGpu(gpu, "memoryUsedMib", "utilizationPct"),
    }),
  ];
}
