import { modelLimits } from "../catalog/models.ts";
import type { Finding } from "../finding.ts";
import type { NodeReading } from "../reading.ts";
import type { GpuRule, NodeRule } from "./check.ts";
import { applicationClocks, lowClocksUnderLoad, slowerThanPeers } from "./clocks.ts";
import { persistenceOff, recoveryRequested, sourceProblems } from "./driver.ts";
import { fabricManagerDown, fabricManagerVersion, fabricNotReady, fabricUnhealthy } from "./fabric.ts";
import { aggregateSramErrors, correctedErrors, memoryNearlyFull, sramThreshold, uncorrectedErrors } from "./memory.ts";
import { inactiveLinks, linkCrcErrors, linkRetries } from "./nvlink.ts";
import { narrowLink, replayRate, replayTotal, slowLink } from "./pcie.ts";
import { capFarBelowLimit, loweredPowerLimit, powerBrake, unexplainedHardwareSlowdown } from "./power.ts";
import { gpuCountShort, gpuLost } from "./presence.ts";
import { memoryHeldWithoutProcess } from "./processes.ts";
import {
  memoryUnrepairable,
  pageRetirementPending,
  repairPending,
  retiredPages,
  rowRemapFailed,
  rowRemapLimit,
  rowRemapPending,
  spareRowsUsedUp,
} from "./row-remap.ts";
import { profilingBlind, staleXidGauge } from "./telemetry.ts";
import {
  hardwareThermalSlowdown,
  hotterThanPeers,
  memoryTooHot,
  noThermalMargin,
  overTemperature,
  softwareThermalSlowdown,
} from "./thermal.ts";
import { windowedXids } from "./windowed-xids.ts";

/** Every rule about one GPU, in the order of their subjects. */
export const GPU_RULES: readonly GpuRule[] = [
  gpuLost,
  recoveryRequested,
  persistenceOff,
  uncorrectedErrors,
  sramThreshold,
  aggregateSramErrors,
  correctedErrors,
  rowRemapFailed,
  rowRemapPending,
  rowRemapLimit,
  repairPending,
  memoryUnrepairable,
  spareRowsUsedUp,
  retiredPages,
  pageRetirementPending,
  inactiveLinks,
  linkRetries,
  linkCrcErrors,
  narrowLink,
  slowLink,
  replayRate,
  replayTotal,
  powerBrake,
  unexplainedHardwareSlowdown,
  loweredPowerLimit,
  capFarBelowLimit,
  hardwareThermalSlowdown,
  softwareThermalSlowdown,
  noThermalMargin,
  overTemperature,
  memoryTooHot,
  hotterThanPeers,
  applicationClocks,
  lowClocksUnderLoad,
  slowerThanPeers,
  windowedXids,
  staleXidGauge,
  profilingBlind,
  memoryNearlyFull,
  memoryHeldWithoutProcess,
];

/** Every rule about the node as a whole. */
export const NODE_RULES: readonly NodeRule[] = [
  sourceProblems,
  gpuCountShort,
  fabricManagerDown,
  fabricManagerVersion,
  fabricNotReady,
  fabricUnhealthy,
];

/** All findings of a reading, node first, then GPU by GPU. Never throws on a valid reading. */
export function checkReading(node: NodeReading): Finding[] {
  const perGpu = node.gpus.flatMap((gpu) => {
    const limits = gpu.name === undefined ? undefined : modelLimits(gpu.name);
    const peers = node.gpus.filter((other) => other !== gpu);
    return GPU_RULES.flatMap((rule) => rule({ gpu, node, peers, ...(limits === undefined ? {} : { limits }) }));
  });
  return [...NODE_RULES.flatMap((rule) => rule(node)), ...perGpu];
}
