import type { Finding } from "../finding.ts";
import type { Verdict } from "../vocabulary.ts";
import { gpuFinding, hasThrottleBit, median, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

const SW_THERMAL = 0x20;
const HW_THERMAL = 0x40;
/** A GPU this much hotter than its neighbours at the same power has a problem of its own. Source: incident I11. */
const PEER_DELTA_C = 10;
/** Power draws this close count as the same; comparing a busy GPU with idle ones would blame the busy one. */
const SAME_POWER_SHARE = 0.2;

/** Software slowdown for heat. Source: nvml.h API 13, nvmlClocksEventReasonSwThermalSlowdown. */
export function softwareThermalSlowdown(context: GpuContext): Finding[] {
  if (!hasThrottleBit(context.gpu, SW_THERMAL)) return [];
  return [
    gpuFinding(context, {
      rule: "thermal.sw_slowdown",
      component: "thermal",
      severity: "warning",
      verdict: heatVerdict(context),
      title: "Clocks are lowered because the GPU is over its operating temperature",
      action: "CHECK_COOLING",
      source: "nvml.h API 13: SW thermal slowdown (0x20); incident I10",
      evidence: quoteGpu(context.gpu, "throttleMask", "temperatureC", "temperatureLimitMarginC"),
    }),
  ];
}

/** The hardware cuts clocks to half or less. Source: nvml.h API 13, nvmlClocksEventReasonHwThermalSlowdown. */
export function hardwareThermalSlowdown(context: GpuContext): Finding[] {
  if (!hasThrottleBit(context.gpu, HW_THERMAL)) return [];
  return [
    gpuFinding(context, {
      rule: "thermal.hw_slowdown",
      component: "thermal",
      severity: "critical",
      verdict: heatVerdict(context),
      title: "The hardware cuts clocks because the GPU is too hot",
      action: "CHECK_COOLING",
      source: "nvml.h API 13: HW thermal slowdown (0x40); incidents I10 and I11",
      evidence: quoteGpu(context.gpu, "throttleMask", "temperatureC", "temperatureLimitMarginC"),
    }),
  ];
}

/**
 * No head-room left on a part that reports the distance to its limit. Some H100 drivers report 0 or less where the
 * margin is not supported; such a value is reported without a judgement when the temperature contradicts it, or when
 * neither thresholds nor a throttle bit nor a temperature stand beside it.
 * Source: leptonai/gpud temperature component (2026-08); nvml.h API 13, nvmlDeviceGetMarginTemperature.
 */
export function noThermalMargin(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const margin = gpu.temperatureLimitMarginC;
  if (margin === undefined || margin > 0) return [];
  const evidence = quoteGpu(gpu, "temperatureLimitMarginC", "temperatureC", "slowdownMarginC", "throttleMask");
  const source = "leptonai/gpud temperature component (2026-08): thermal margin";
  if (!isMarginCredible(context)) {
    return [
      gpuFinding(context, {
        rule: "thermal.margin_not_usable",
        component: "telemetry",
        severity: "info",
        verdict: "healthy",
        title: `Thermal margin reads ${margin} C and nothing else shows heat; some drivers do not support it`,
        action: "NONE",
        source,
        evidence,
        isMeasuredOnly: true,
      }),
    ];
  }
  const slowdown = gpu.slowdownMarginC ?? limits?.slowdownMarginC;
  const isPastSlowdown = slowdown !== undefined && margin <= slowdown;
  return [
    gpuFinding(context, {
      rule: "thermal.no_margin",
      component: "thermal",
      severity: isPastSlowdown ? "critical" : "warning",
      verdict: heatVerdict(context),
      title: `Thermal margin is ${margin} C${isPastSlowdown ? ", past the slowdown threshold" : ""}`,
      action: "CHECK_COOLING",
      source,
      evidence,
    }),
  ];
}

function isJudgedByMargin(context: GpuContext): boolean {
  const { temperatureLimitMarginC, slowdownMarginC } = context.gpu;
  return temperatureLimitMarginC !== undefined && slowdownMarginC !== undefined && isMarginCredible(context);
}

function isMarginCredible({ gpu, limits }: GpuContext): boolean {
  if (hasThrottleBit(gpu, SW_THERMAL) || hasThrottleBit(gpu, HW_THERMAL)) return true;
  const operating = gpu.maxOperatingTemperatureC ?? limits?.maxOperatingC;
  if (gpu.temperatureC !== undefined && operating !== undefined) return gpu.temperatureC >= operating - PEER_DELTA_C;
  return gpu.slowdownMarginC !== undefined;
}

/**
 * Absolute temperature against the limits of the device, else of the model. A part that reports a usable margin is
 * judged by that. Without any limit the temperature is reported and not judged.
 */
export function overTemperature(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const { temperatureC } = gpu;
  if (temperatureC === undefined) return [];
  if ((gpu.temperatureLimitMarginC ?? 0) > 0) return [];
  // The model's absolute limits were derived from one capture; a device that tells its distance to them knows better.
  const model = isJudgedByMargin(context) ? undefined : limits;
  const slowdown = gpu.slowdownTemperatureC ?? model?.slowdownC;
  const operating = gpu.maxOperatingTemperatureC ?? model?.maxOperatingC;
  const source = "temperature limits of the device, else of the model table";
  if (slowdown === undefined && operating === undefined) {
    if (gpu.temperatureLimitMarginC !== undefined) return [];
    return [
      gpuFinding(context, {
        rule: "thermal.temperature",
        component: "thermal",
        severity: "info",
        verdict: "healthy",
        title: `${temperatureC} C; no limit is known for this GPU`,
        action: "NONE",
        source,
        evidence: quoteGpu(gpu, "temperatureC"),
        isMeasuredOnly: true,
      }),
    ];
  }
  const isCritical = slowdown !== undefined && temperatureC >= slowdown;
  if (!isCritical && (operating === undefined || temperatureC < operating)) return [];
  return [
    gpuFinding(context, {
      rule: "thermal.over_temperature",
      component: "thermal",
      severity: isCritical ? "critical" : "warning",
      verdict: heatVerdict(context),
      title: isCritical
        ? `${temperatureC} C is at or above the slowdown temperature of ${slowdown} C`
        : `${temperatureC} C is at or above the operating limit of ${operating} C`,
      action: "CHECK_COOLING",
      source,
      evidence: quoteGpu(gpu, "temperatureC", "slowdownTemperatureC", "maxOperatingTemperatureC"),
    }),
  ];
}

/** Memory over its limit of the device, else of the model. Source: incident I11. */
export function memoryTooHot(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  const limit = gpu.memoryMaxTemperatureC ?? limits?.memoryMaxC;
  if (gpu.memoryTemperatureC === undefined || limit === undefined || gpu.memoryTemperatureC < limit) return [];
  return [
    gpuFinding(context, {
      rule: "thermal.memory_over_temperature",
      component: "thermal",
      severity: "warning",
      verdict: heatVerdict(context),
      title: `Memory at ${gpu.memoryTemperatureC} C, limit ${limit} C`,
      action: "CHECK_COOLING",
      source: "memory temperature limit of the device, else of the model table",
      evidence: quoteGpu(gpu, "memoryTemperatureC", "memoryMaxTemperatureC"),
    }),
  ];
}

/** More than 10 C hotter than the neighbours at the same power, whatever the absolute value. Source: incident I11. */
export function hotterThanPeers(context: GpuContext): Finding[] {
  const delta = peerDeltaC(context);
  if (delta === undefined || delta <= PEER_DELTA_C) return [];
  return [
    gpuFinding(context, {
      rule: "thermal.hotter_than_peers",
      component: "thermal",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `${delta} C hotter than its neighbours at the same power`,
      action: "CHECK_COOLING",
      source: "incident I11: one hot GPU",
      evidence: [
        ...quoteGpu(context.gpu, "temperatureC", "powerDrawW"),
        ...comparablePeers(context)
          .slice(0, 2)
          .flatMap((peer) => quoteGpu(peer, "temperatureC", "powerDrawW")),
      ],
    }),
  ];
}

/**
 * Whose fault heat is: one GPU hotter than neighbours at the same power has a cooler problem of its own; when the
 * neighbours are warm too, or there are none to compare with, the air is the first suspect.
 */
function heatVerdict(context: GpuContext): Verdict {
  return (peerDeltaC(context) ?? 0) > PEER_DELTA_C ? "gpu_degraded" : "cooling";
}

function peerDeltaC(context: GpuContext): number | undefined {
  const neighbours = median(comparablePeers(context).map((peer) => peer.temperatureC ?? 0));
  if (neighbours === undefined || context.gpu.temperatureC === undefined) return undefined;
  return Math.round((context.gpu.temperatureC - neighbours) * 10) / 10;
}

function comparablePeers({ gpu, peers }: GpuContext): GpuContext["peers"] {
  const { powerDrawW, name } = gpu;
  if (powerDrawW === undefined) return [];
  return peers.filter(
    (peer) =>
      peer.temperatureC !== undefined &&
      peer.name === name &&
      peer.powerDrawW !== undefined &&
      Math.abs(peer.powerDrawW - powerDrawW) <= SAME_POWER_SHARE * Math.max(powerDrawW, peer.powerDrawW),
  );
}
