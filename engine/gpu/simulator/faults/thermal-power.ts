import { temperatures } from "../baseline.ts";
import { after, allGpus, type Fault, type FaultContext, gpuOf, type NodeDraft, truthOf } from "../fault.ts";
import { noiseAt, round } from "../noise.ts";

/** How much warmer than the faulty GPU's own limit the hot GPU runs, and what the driver does about it. */
interface ThermalLevel {
  readonly overLimitC: number;
  readonly throttleMask: number;
  readonly clockShare: number;
  readonly powerShare: number;
}

/** Supply air 15 C too warm: all GPUs near the limit, one at it. */
function warmSupply(level: ThermalLevel): Fault {
  return {
    warmsRackByC: 15,
    apply(draft, context) {
      const { model } = context.spec;
      for (const index of allGpus(context)) {
        const gpu = gpuOf(draft, index);
        const isHot = index === context.gpu;
        // Neighbours share the air: 3 to 5 C cooler, still without throttling.
        const wobble = noiseAt(`${context.spec.key}:${index}:hot`, context.nowMs, 60_000);
        const temperatureC = round(model.maxOperatingC + (isHot ? level.overLimitC + 0.4 * wobble : -4 + 0.9 * wobble));
        Object.assign(gpu, temperatures(context.spec, temperatureC, temperatureC + 4));
        if (!isHot) continue;
        gpu.throttleMask = level.throttleMask;
        slow(draft, context, index, level.clockShare, level.powerShare);
      }
    },
    // Throttling leaves no line in the kernel log.
    log: () => [],
  };
}

export const thermalWarning = warmSupply({ overLimitC: 0.5, throttleMask: 0x20, clockShare: 0.72, powerShare: 0.76 });
export const thermalCritical = warmSupply({ overLimitC: 3.5, throttleMask: 0x48, clockShare: 0.45, powerShare: 0.5 });

/** The power supply side pulls the brake on two GPUs. */
export const powerBrake: Fault = {
  apply(draft, context) {
    for (const index of brakedGpus(context)) {
      gpuOf(draft, index).throttleMask = 0x88;
      slow(draft, context, index, 0.45, 0.34);
      cool(draft, context, index);
    }
  },
  log: (context) => [
    {
      atMs: after(context, 0),
      program: "ipmievd[1873]",
      text: "Power Supply sensor PSU3_Status - Power Supply AC lost Asserted",
    },
    {
      atMs: after(context, 2),
      program: "ipmievd[1873]",
      text: "Power Unit sensor PSU_Redundancy - Redundancy Lost Asserted",
    },
  ],
};

/** Clocks locked low by a setting that nobody took back. */
export const clockStuck: Fault = {
  apply(draft, context) {
    const gpu = gpuOf(draft, context.gpu);
    gpu.throttleMask = 0x2;
    slow(draft, context, context.gpu, 0.3, 0.33);
    gpu.applicationSmClockMhz = gpu.smClockMhz;
    cool(draft, context, context.gpu);
  },
  log: () => [],
};

/** The power limit left at half. */
export const clockStuckPowerLimit: Fault = {
  apply(draft, context) {
    const gpu = gpuOf(draft, context.gpu);
    gpu.throttleMask = 0x4;
    gpu.powerLimitW = Math.max(context.spec.model.minPowerLimitW, round(context.spec.model.powerLimitW / 2));
    const powerShare = (gpu.powerLimitW / context.spec.model.powerLimitW) * 0.985;
    slow(draft, context, context.gpu, 0.55, powerShare);
    cool(draft, context, context.gpu);
  },
  log: () => [],
};

/** Holds clock and power down at full use; both wobble by the two or three watts that a real board shows. */
function slow(draft: NodeDraft, context: FaultContext, index: number, clockShare: number, powerShare: number): void {
  const { model, key } = context.spec;
  const gpu = gpuOf(draft, index);
  const truth = truthOf(draft, index);
  gpu.smClockMhz = 15 * Math.round((model.maxSmClockMhz * clockShare) / 15);
  gpu.powerDrawW = round(
    model.powerLimitW * powerShare + 1.5 * noiseAt(`${key}:${index}:slow`, context.nowMs, 20_000),
    2,
  );
  truth.loadClockMhz = gpu.smClockMhz;
  truth.loadPower = powerShare;
}

/** A GPU that draws less is cooler. */
function cool(draft: NodeDraft, context: FaultContext, index: number): void {
  const gpu = gpuOf(draft, index);
  const { supplyC } = truthOf(draft, index);
  const temperatureC = round(supplyC + 40 * ((gpu.powerDrawW ?? 0) / context.spec.model.powerLimitW));
  Object.assign(gpu, temperatures(context.spec, temperatureC, temperatureC + 6));
}

function brakedGpus(context: FaultContext): number[] {
  const second = context.peers[0];
  return second === undefined ? [context.gpu] : [context.gpu, second.index];
}
