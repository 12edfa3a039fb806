import type { Finding } from "../finding.ts";
import type { NodeReading } from "../reading.ts";
import { gpuFinding, nodeFinding, quoteGpu, quoteNode } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * The device is enumerated and does not answer: NVML error 15, "GPU is lost". The same fault as XID 79.
 * Source: nvml.h API 13, NVML_ERROR_GPU_IS_LOST; incident I04.
 */
export function gpuLost(context: GpuContext): Finding[] {
  if (context.gpu.isLost !== true) return [];
  return [
    gpuFinding(context, {
      rule: "pcie.gpu_lost",
      component: "pcie",
      severity: "critical",
      verdict: "gpu_failed",
      title: "The GPU is lost: it no longer answers on PCIe",
      action: "REBOOT_NODE",
      source: "nvml.h API 13: NVML_ERROR_GPU_IS_LOST; incident I04",
      evidence: quoteGpu(context.gpu, "isLost", "errorText"),
    }),
  ];
}

/**
 * Fewer GPUs than the node should have, where that is known. A source may list a part of what is attached, as
 * `nvidia-smi -i` does, so a short list alone is no loss; and one that failed as a whole says nothing about single GPUs.
 * Source: incident I04 (count one short).
 */
export function gpuCountShort(node: NodeReading): Finding[] {
  const { expectedGpus } = node;
  if (expectedGpus === undefined || (node.gpus.length === 0 && node.problems.length > 0)) return [];
  const present = node.attachedGpus ?? node.gpus.filter((gpu) => gpu.isLost !== true).length;
  if (present >= expectedGpus) return [];
  return [
    nodeFinding({
      rule: "pcie.gpu_count_short",
      component: "pcie",
      severity: "critical",
      verdict: "gpu_failed",
      title: `${present} of ${expectedGpus} GPUs answer`,
      action: "REBOOT_NODE",
      source: "incident I04: GPU count one short",
      evidence: quoteNode(node, "expectedGpus", "attachedGpus"),
    }),
  ];
}
