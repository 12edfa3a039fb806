import type { DiagnosticOutcome } from "../diagnostic.ts";
import type { DiagnosticThresholds } from "./thresholds.ts";

export interface Judgement {
  readonly outcome: DiagnosticOutcome;
  /** One sentence or two: what decided. */
  readonly conclusion: string;
}

const HW_SLOWDOWN_BITS = 0x40 | 0x80;

export interface MemoryMeasurement {
  readonly newUncorrected: number;
  readonly newCorrected: number;
  readonly isRemapPending?: boolean;
  readonly isRemapFailed?: boolean;
}

/** More corrected errors than this during one test are a fail. Source: DCGM's single-bit limit. */
const MAX_NEW_CORRECTED = 10;

export function judgeMemory(measured: MemoryMeasurement): Judgement {
  if (measured.isRemapFailed === true) return fail("a row could not be remapped: the memory has no spare row left");
  if (measured.newUncorrected > 0) return fail(`${measured.newUncorrected} uncorrected memory errors during the test`);
  if (measured.isRemapPending === true) return fail("a row waits for its remap, which a reset makes effective");
  if (measured.newCorrected > MAX_NEW_CORRECTED) {
    return fail(`${measured.newCorrected} corrected memory errors during the test, limit ${MAX_NEW_CORRECTED}`);
  }
  return pass("no memory errors");
}

export interface ComputeMeasurement {
  readonly sustainedTflops?: number;
  readonly hasMiscompare: boolean;
  readonly throttleMask?: number;
}

export function judgeCompute(measured: ComputeMeasurement, thresholds: DiagnosticThresholds): Judgement {
  if (measured.hasMiscompare) return fail("results differ from the expected ones: the GPU computes wrong values");
  const slowdown = (measured.throttleMask ?? 0) & HW_SLOWDOWN_BITS;
  if (slowdown !== 0) return fail(`the hardware slowed the GPU down (clock event bits 0x${slowdown.toString(16)})`);
  const { sustainedTflops } = measured;
  const target = thresholds.computeTflops;
  if (sustainedTflops === undefined) return measuredOnly("no throughput was reported");
  if (target === undefined) return measuredOnly(`${sustainedTflops} TFLOP/s, no target is known for this model`);
  if (sustainedTflops < target) return fail(`${sustainedTflops} TFLOP/s, below the target of ${target}`);
  return pass(`${sustainedTflops} TFLOP/s, target ${target}`);
}

export interface NvlinkMeasurement {
  readonly linksActive: number;
  /** Links the device lists, active or not. */
  readonly linksTotal: number;
  readonly newErrors: number;
  readonly bandwidthGbPerSecond?: number;
}

export function judgeNvlink(measured: NvlinkMeasurement, thresholds: DiagnosticThresholds): Judgement {
  const expected = Math.max(measured.linksTotal, thresholds.nvlinkCount ?? 0);
  if (expected === 0) return { outcome: "skipped", conclusion: "this GPU has no NVLink" };
  if (measured.linksActive < expected) {
    return fail(`${expected - measured.linksActive} of ${expected} links are not active`);
  }
  if (measured.newErrors > 0) return fail(`${measured.newErrors} link errors`);
  const minimum = thresholds.peerGbPerSecond;
  const bandwidth = measured.bandwidthGbPerSecond;
  if (bandwidth !== undefined && minimum !== undefined && bandwidth < minimum) {
    return fail(`${bandwidth} GB/s between peers, below ${minimum}`);
  }
  if (thresholds.nvlinkCount === undefined) {
    return measuredOnly(`${measured.linksActive} links active, the model's number of links is not known`);
  }
  const rate = bandwidth === undefined ? "bandwidth not measured" : `${bandwidth} GB/s between peers`;
  return pass(`all ${expected} links active, no errors, ${rate}`);
}

export interface PcieMeasurement {
  readonly width?: number;
  readonly bandwidthGbPerSecond?: number;
}

export function judgePcie(measured: PcieMeasurement, thresholds: DiagnosticThresholds): Judgement {
  const { width, bandwidthGbPerSecond } = measured;
  if (width !== undefined && thresholds.pcieWidth !== undefined && width < thresholds.pcieWidth) {
    return fail(`the link runs x${width} of x${thresholds.pcieWidth}`);
  }
  const minimum = thresholds.pcieMinGbPerSecond;
  if (bandwidthGbPerSecond === undefined) return measuredOnly("link width is as expected, bandwidth was not measured");
  if (minimum === undefined) return measuredOnly(`${bandwidthGbPerSecond} GB/s, no limit is known for this link`);
  if (bandwidthGbPerSecond < minimum) return fail(`${bandwidthGbPerSecond} GB/s, below ${minimum}`);
  return pass(`${bandwidthGbPerSecond} GB/s, at least ${minimum} expected`);
}

export interface ThermalMeasurement {
  readonly loadTemperatureC?: number;
  readonly throttleMask?: number;
}

/** Closer to the slowdown temperature than this is a fail, closer to the operating limit a warning. */
const SLOWDOWN_MARGIN_C = 3;
const OPERATING_MARGIN_C = 3;

export function judgeThermal(measured: ThermalMeasurement, thresholds: DiagnosticThresholds): Judgement {
  const slowdown = (measured.throttleMask ?? 0) & HW_SLOWDOWN_BITS;
  if (slowdown !== 0) return fail(`the hardware slowed the GPU down (clock event bits 0x${slowdown.toString(16)})`);
  const temperature = measured.loadTemperatureC;
  if (temperature === undefined) return measuredOnly("no temperature under load was reported");
  const { maxOperatingC, slowdownC } = thresholds;
  if (slowdownC === undefined && maxOperatingC === undefined) {
    return measuredOnly(`${temperature} C under load, no limit is known for this model`);
  }
  if (maxOperatingC !== undefined && temperature >= maxOperatingC) {
    return fail(`${temperature} C under load, operating limit ${maxOperatingC} C`);
  }
  if (slowdownC !== undefined && temperature > slowdownC - SLOWDOWN_MARGIN_C) {
    return fail(`${temperature} C under load, slowdown begins at ${slowdownC} C`);
  }
  if (maxOperatingC !== undefined && temperature > maxOperatingC - OPERATING_MARGIN_C) {
    return { outcome: "warn", conclusion: `${temperature} C under load, operating limit ${maxOperatingC} C` };
  }
  return pass(`${temperature} C under load, limit ${maxOperatingC ?? slowdownC} C`);
}

function pass(conclusion: string): Judgement {
  return { outcome: "pass", conclusion };
}

function fail(conclusion: string): Judgement {
  return { outcome: "fail", conclusion };
}

function measuredOnly(conclusion: string): Judgement {
  return { outcome: "measured", conclusion: `measured, not judged: ${conclusion}` };
}
