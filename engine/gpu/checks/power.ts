import type { Finding } from "../finding.ts";
import { gpuFinding, hasThrottleBit, isUnderLoad, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

const SW_POWER_CAP = 0x4;
const HW_SLOWDOWN = 0x8;
const HW_THERMAL = 0x40;
const HW_POWER_BRAKE = 0x80;
/** A limit below this share of the default was lowered by somebody; rounding of the driver stays above it. */
const LOWERED_SHARE = 0.95;
/** A GPU that is capped draws about its limit; well below it the cap is not its own. */
const FAR_BELOW_LIMIT_SHARE = 0.7;

/**
 * The brake is pulled from outside the GPU: power supply, bus bar or rack. One look cannot tell a blink from a lasting
 * assertion, which the assessment says. Source: nvml.h API 13, HW power brake; NVIDIA/NVSentinel issue 1666.
 */
export function powerBrake(context: GpuContext): Finding[] {
  if (!hasThrottleBit(context.gpu, HW_POWER_BRAKE)) return [];
  return [
    gpuFinding(context, {
      rule: "power.hw_power_brake",
      component: "power",
      severity: "critical",
      verdict: "power",
      title: "The hardware power brake is asserted from outside the GPU",
      action: "CHECK_POWER",
      source: "nvml.h API 13: HW power brake (0x80); incident I12",
      evidence: quoteGpu(context.gpu, "throttleMask", "powerDrawW", "smClockMhz", "utilizationPct"),
    }),
  ];
}

/** Hardware slowdown without a reason bit: supply or cooling, to be found out. Source: nvml.h API 13, HW slowdown. */
export function unexplainedHardwareSlowdown(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (!hasThrottleBit(gpu, HW_SLOWDOWN) || hasThrottleBit(gpu, HW_THERMAL) || hasThrottleBit(gpu, HW_POWER_BRAKE)) {
    return [];
  }
  return [
    gpuFinding(context, {
      rule: "power.hw_slowdown",
      component: "power",
      severity: "warning",
      verdict: "power",
      title: "Hardware slowdown without the reason heat or power brake",
      action: "CHECK_POWER",
      source: "nvml.h API 13: HW slowdown (0x8); leptonai/gpud hw-slowdown (2026-08)",
      evidence: quoteGpu(gpu, "throttleMask", "temperatureC", "powerDrawW"),
    }),
  ];
}

/** The enforced limit is below the default of the device, else of the model. Source: incident I13. */
export function loweredPowerLimit(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const normal = gpu.defaultPowerLimitW ?? limits?.defaultPowerW;
  if (gpu.powerLimitW === undefined || normal === undefined || gpu.powerLimitW >= LOWERED_SHARE * normal) return [];
  return [
    gpuFinding(context, {
      rule: "power.lowered_limit",
      component: "power",
      severity: "warning",
      verdict: "driver",
      title: `Power limit ${gpu.powerLimitW} W is below the default of ${normal} W`,
      action: "RESTORE_CLOCKS",
      source: "incident I13: power limit or clocks left low",
      evidence: quoteGpu(gpu, "powerLimitW", "defaultPowerLimitW", "throttleMask"),
    }),
  ];
}

/**
 * Capped by power and yet far below the limit: the cap in force is not the one shown. Running at the limit under load is
 * normal and gives no finding. Source: nvml.h API 13, SW power cap; incident I13.
 */
export function capFarBelowLimit(context: GpuContext): Finding[] {
  const { gpu } = context;
  if (!hasThrottleBit(gpu, SW_POWER_CAP) || !isUnderLoad(gpu)) return [];
  if (gpu.powerDrawW === undefined || gpu.powerLimitW === undefined) return [];
  if (gpu.powerDrawW >= FAR_BELOW_LIMIT_SHARE * gpu.powerLimitW) return [];
  return [
    gpuFinding(context, {
      rule: "power.cap_below_limit",
      component: "power",
      severity: "warning",
      verdict: "driver",
      title: "The power cap slows the GPU although it draws far less than its limit",
      action: "RESTORE_CLOCKS",
      source: "nvml.h API 13: SW power cap (0x4); incident I13",
      evidence: quoteGpu(gpu, "throttleMask", "powerDrawW", "powerLimitW", "utilizationPct"),
    }),
  ];
}
