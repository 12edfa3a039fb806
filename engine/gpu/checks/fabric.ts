import { modelLimits } from "../catalog/models.ts";
import type { Finding } from "../finding.ts";
import type { GpuReading, NodeReading } from "../reading.ts";
import { nodeFinding, quoteGpu, quoteNode } from "./check.ts";

/**
 * The fabric manager does not run on a node that needs one. Nodes without NVSwitch have no fabric state and links that
 * are optional; there a missing service is as it should be. Source: incident I08.
 */
export function fabricManagerDown(node: NodeReading): Finding[] {
  if (node.isFabricManagerRunning !== false || !node.gpus.some(needsFabric)) return [];
  return [
    nodeFinding({
      rule: "fabric.manager_down",
      component: "fabric",
      severity: "critical",
      verdict: "fabric",
      title: "The fabric manager does not run: no CUDA program can start",
      action: "RESTART_FABRIC_MANAGER",
      source: "incident I08: fabric manager missing or version mismatch",
      evidence: quoteNode(node, "isFabricManagerRunning", "fabricManagerVersion"),
    }),
  ];
}

/** Fabric manager and driver must have the same version. Source: NVIDIA fabric manager guide; incident I08. */
export function fabricManagerVersion(node: NodeReading): Finding[] {
  const { fabricManagerVersion, driverVersion } = node;
  if (!fabricManagerVersion || !driverVersion || fabricManagerVersion === driverVersion) return [];
  return [
    nodeFinding({
      rule: "fabric.manager_version",
      component: "fabric",
      severity: "critical",
      verdict: "fabric",
      title: "The fabric manager has another version than the driver",
      action: "RESTART_FABRIC_MANAGER",
      source: "incident I08: fabric manager missing or version mismatch",
      evidence: quoteNode(node, "fabricManagerVersion", "driverVersion"),
    }),
  ];
}

/** GPUs that did not join the fabric. Source: nvml.h API 13, nvmlGpuFabricState; incident I08. */
export function fabricNotReady(node: NodeReading): Finding[] {
  const waiting = node.gpus.filter((gpu) => /^(in progress|not started)$/i.test(gpu.fabricState?.trim() ?? ""));
  const failed = node.gpus.filter(
    (gpu) => !waiting.includes(gpu) && !/^(success|n\/a|not supported|)$/i.test(gpu.fabricStatus?.trim() ?? ""),
  );
  const affected = [...waiting, ...failed];
  if (affected.length === 0) return [];
  return [
    nodeFinding({
      rule: "fabric.not_ready",
      component: "fabric",
      severity: "critical",
      verdict: "fabric",
      title: `${affected.length} of ${node.gpus.length} GPUs have not joined the fabric`,
      action: "RESTART_FABRIC_MANAGER",
      source: "nvml.h API 13: GPU fabric state; incident I08",
      evidence: affected.slice(0, 4).flatMap((gpu) => quoteGpu(gpu, "fabricState", "fabricStatus")),
    }),
  ];
}

/** GPUs whose part of the fabric is up and not well. Source: nvml.h API 13, nvmlGpuFabricInfo_v3 health summary. */
export function fabricUnhealthy(node: NodeReading): Finding[] {
  const affected = node.gpus.filter((gpu) => /^(?:unhealthy|limited)/i.test(gpu.fabricHealth?.trim() ?? ""));
  if (affected.length === 0) return [];
  return [
    nodeFinding({
      rule: "fabric.unhealthy",
      component: "fabric",
      severity: "warning",
      verdict: "fabric",
      title: `The driver reports an unhealthy fabric for ${affected.length} of ${node.gpus.length} GPUs`,
      action: "INSPECT_LINK",
      source: "nvml.h API 13: GPU fabric health summary",
      evidence: affected.slice(0, 4).flatMap((gpu) => quoteGpu(gpu, "fabricHealth", "fabricState")),
    }),
  ];
}

function needsFabric(gpu: GpuReading): boolean {
  if (gpu.fabricState !== undefined) return true;
  return gpu.name !== undefined && modelLimits(gpu.name)?.nvlinkCount !== undefined;
}
