import type { Finding } from "../finding.ts";
import type { GpuReading } from "../reading.ts";
import { gpuFinding, hasThrottleBit, isUnderLoad, median, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

const APPLICATION_CLOCKS = 0x2;
const SW_POWER_CAP = 0x4;
/** From here on a GPU counts as fully used. */
const BUSY_PCT = 90;
/** Below this share of the maximum a busy GPU that is not at its power limit is held back by something. */
const LOW_SHARE = 0.7;
/** Slower than this share of its busy peers is a straggler. Source: the straggler query of incident I13's alert. */
const STRAGGLER_SHARE = 0.8;
/** A GPU at this share of its power limit runs as fast as it may; low clocks are then the price of the work. */
const AT_LIMIT_SHARE = 0.85;

/**
 * Clocks set by somebody, and below the maximum, while there is work. The bit alone is not enough: it is also set when
 * the application clock equals the default. Source: nvml.h API 13, applications clocks setting; incident I13.
 */
export function applicationClocks(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (!hasThrottleBit(gpu, APPLICATION_CLOCKS) || !isUnderLoad(gpu)) return [];
  const clock = gpu.smClockMhz ?? gpu.applicationSmClockMhz;
  if (clock === undefined || gpu.maxSmClockMhz === undefined || clock >= STRAGGLER_SHARE * gpu.maxSmClockMhz) return [];
  return [
    gpuFinding(context, {
      rule: "clocks.application_clocks",
      component: "clocks",
      severity: "warning",
      verdict: "driver",
      title: `Clocks were set by hand: ${clock} MHz of ${gpu.maxSmClockMhz} MHz`,
      action: "RESTORE_CLOCKS",
      source: "nvml.h API 13: applications clocks setting (0x2); incident I13",
      evidence: quoteGpu(gpu, "throttleMask", "smClockMhz", "applicationSmClockMhz", "maxSmClockMhz", "utilizationPct"),
    }),
  ];
}

/** A fully used GPU far below its maximum clock that is not at its power limit. Source: incident I13. */
export function lowClocksUnderLoad(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (!isBusy(gpu) || isAtPowerLimit(gpu) || gpu.smClockMhz === undefined || gpu.maxSmClockMhz === undefined) return [];
  if (gpu.smClockMhz >= LOW_SHARE * gpu.maxSmClockMhz) return [];
  return [
    gpuFinding(context, {
      rule: "clocks.low_under_load",
      component: "clocks",
      severity: "warning",
      verdict: "driver",
      title: `SM clock ${gpu.smClockMhz} MHz of ${gpu.maxSmClockMhz} MHz at ${gpu.utilizationPct} % utilisation`,
      action: "RESTORE_CLOCKS",
      source: "incident I13: power limit or clocks left low",
      evidence: quoteGpu(gpu, "smClockMhz", "maxSmClockMhz", "utilizationPct", "throttleMask", "powerDrawW"),
    }),
  ];
}

/** A busy GPU slower than its busy peers: the whole job waits for it. Source: incident I13. */
export function slowerThanPeers(context: GpuContext): Finding[] {
  const { gpu, peers } = context;
  if (!isBusy(gpu) || isAtPowerLimit(gpu) || gpu.smClockMhz === undefined) return [];
  const busy = peers.filter((peer) => isBusy(peer) && peer.smClockMhz !== undefined && peer.name === gpu.name);
  const usual = median(busy.map((peer) => peer.smClockMhz ?? 0));
  if (usual === undefined || gpu.smClockMhz >= STRAGGLER_SHARE * usual) return [];
  return [
    gpuFinding(context, {
      rule: "clocks.slower_than_peers",
      component: "clocks",
      severity: "warning",
      verdict: "driver",
      title: `SM clock ${gpu.smClockMhz} MHz, its busy peers run at ${usual} MHz`,
      action: "RESTORE_CLOCKS",
      source: "incident I13: straggler within a node",
      evidence: [
        ...quoteGpu(gpu, "smClockMhz", "utilizationPct"),
        ...busy.slice(0, 2).flatMap((peer) => quoteGpu(peer, "smClockMhz", "utilizationPct")),
      ],
    }),
  ];
}

function isBusy(gpu: GpuReading): boolean {
  return (gpu.utilizationPct ?? 0) >= BUSY_PCT;
}

function isAtPowerLimit(gpu: GpuReading): boolean {
  if (!hasThrottleBit(gpu, SW_POWER_CAP) || gpu.powerDrawW === undefined || gpu.powerLimitW === undefined) return false;
  return gpu.powerDrawW >= AT_LIMIT_SHARE * gpu.powerLimitW;
}
