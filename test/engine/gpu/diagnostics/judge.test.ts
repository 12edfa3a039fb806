import { describe, expect, it } from "vitest";

import {
  judgeCompute,
  judgeMemory,
  judgeNvlink,
  judgePcie,
  judgeThermal,
} from "../../../../engine/gpu/diagnostics/judge.ts";
import { passiveCheck } from "../../../../engine/gpu/diagnostics/passive.ts";
import { thresholdsFor } from "../../../../engine/gpu/diagnostics/thresholds.ts";
import type { GpuReading } from "../../../../engine/gpu/reading.ts";

describe("judging", () => {
  it("memory: errors, a pending and a failed remap fail; ten corrected errors do not", () => {
    expect(judgeMemory({ newUncorrected: 0, newCorrected: 10 }).outcome).toBe("pass");
    expect(judgeMemory({ newUncorrected: 0, newCorrected: 11 }).outcome).toBe("fail");
    expect(judgeMemory({ newUncorrected: 1, newCorrected: 0 }).outcome).toBe("fail");
    expect(judgeMemory({ newUncorrected: 0, newCorrected: 0, isRemapPending: true }).outcome).toBe("fail");
    expect(judgeMemory({ newUncorrected: 0, newCorrected: 0, isRemapFailed: true }).outcome).toBe("fail");
  });

  it("compute: a target decides, wrong results and hardware slowdown decide before it", () => {
    const target = { computeTflops: 29.25 };
    expect(judgeCompute({ sustainedTflops: 29.25, hasMiscompare: false }, target).outcome).toBe("pass");
    expect(judgeCompute({ sustainedTflops: 29.24, hasMiscompare: false }, target).outcome).toBe("fail");
    expect(judgeCompute({ sustainedTflops: 50, hasMiscompare: true }, target).outcome).toBe("fail");
    for (const throttleMask of [0x40, 0x80, 0x88]) {
      expect(judgeCompute({ sustainedTflops: 50, hasMiscompare: false, throttleMask }, target).outcome).toBe("fail");
    }
    expect(judgeCompute({ sustainedTflops: 50, hasMiscompare: false, throttleMask: 0x4 }, target).outcome).toBe("pass");
  });

  it("a number without a threshold is measured and never passed", () => {
    const results = [
      judgeCompute({ sustainedTflops: 50, hasMiscompare: false }, {}),
      judgeCompute({ hasMiscompare: false }, { computeTflops: 1 }),
      judgeNvlink({ linksActive: 6, linksTotal: 6, newErrors: 0 }, {}),
      judgePcie({ width: 16, bandwidthGbPerSecond: 50 }, {}),
      judgePcie({ width: 16 }, { pcieWidth: 16, pcieMinGbPerSecond: 48 }),
      judgeThermal({ loadTemperatureC: 60 }, {}),
      judgeThermal({}, { slowdownC: 90 }),
    ];
    for (const { outcome, conclusion } of results) {
      expect(outcome).toBe("measured");
      expect(conclusion).toMatch(/^measured, not judged: /);
    }
  });

  it("NVLink: all links of the model, no errors, enough bandwidth", () => {
    const thresholds = { nvlinkCount: 18, peerGbPerSecond: 335 };
    const good = { linksActive: 18, linksTotal: 18, newErrors: 0, bandwidthGbPerSecond: 335 };
    expect(judgeNvlink(good, thresholds).outcome).toBe("pass");
    expect(judgeNvlink({ ...good, bandwidthGbPerSecond: 334 }, thresholds).outcome).toBe("fail");
    expect(judgeNvlink({ ...good, newErrors: 1 }, thresholds).outcome).toBe("fail");
    expect(judgeNvlink({ ...good, linksActive: 17 }, thresholds).outcome).toBe("fail");
    // The device lists fewer links than the model has.
    expect(judgeNvlink({ ...good, linksActive: 17, linksTotal: 17 }, thresholds).outcome).toBe("fail");
    expect(judgeNvlink({ linksActive: 0, linksTotal: 0, newErrors: 0 }, {}).outcome).toBe("skipped");
  });

  it("temperature: warns near the operating limit, fails at it and near slowdown", () => {
    const thresholds = { maxOperatingC: 85, slowdownC: 87 };
    const outcomes = [60, 82, 83, 84, 85, 88].map(
      (loadTemperatureC) => judgeThermal({ loadTemperatureC }, thresholds).outcome,
    );
    expect(outcomes).toEqual(["pass", "pass", "warn", "warn", "fail", "fail"]);
    expect(judgeThermal({ loadTemperatureC: 88 }, { slowdownC: 90 }).outcome).toBe("fail");
    expect(judgeThermal({ loadTemperatureC: 87 }, { slowdownC: 90 }).outcome).toBe("pass");
  });
});

describe("thresholdsFor", () => {
  it("takes temperatures from the device before the model table", () => {
    const gpu: GpuReading = { index: 0, name: "Tesla T4", slowdownTemperatureC: 91, maxOperatingTemperatureC: 83 };
    expect(thresholdsFor(gpu)).toMatchObject({ slowdownC: 91, maxOperatingC: 83 });
    expect(thresholdsFor({ index: 0, name: "Tesla T4" })).toMatchObject({ slowdownC: 93, maxOperatingC: 85 });
  });

  it("makes absolute limits of the distances that a T.Limit part reports", () => {
    const gpu: GpuReading = { index: 0, temperatureC: 60, temperatureLimitMarginC: 25, slowdownMarginC: -2 };
    expect(thresholdsFor(gpu)).toMatchObject({ maxOperatingC: 85, slowdownC: 87 });
  });

  it("scales the host rate with the lanes the device can have", () => {
    const wide = thresholdsFor({ index: 0, maxPcieGeneration: 4, maxPcieWidth: 16 });
    const narrow = thresholdsFor({ index: 0, maxPcieGeneration: 4, maxPcieWidth: 8 });
    expect(wide).toMatchObject({ pcieTheoryGbPerSecond: 31.5, pcieMinGbPerSecond: 21 });
    expect(narrow).toMatchObject({ pcieTheoryGbPerSecond: 15.75, pcieMinGbPerSecond: 10.5 });
  });

  it("knows no threshold of an unknown model", () => {
    const thresholds = thresholdsFor({ index: 0, name: "Some Other GPU" });
    expect(Object.values(thresholds).filter((value) => value !== undefined)).toEqual([]);
  });
});

describe("passiveCheck", () => {
  it.each(["memory_stress", "compute_stress"] as const)("has nothing to say on %s", (test) => {
    expect(passiveCheck(test, { index: 0 })).toBeUndefined();
  });

  it("never passes a test that needs load", () => {
    const gpu: GpuReading = {
      index: 0,
      name: "NVIDIA H100 80GB HBM3",
      pcieWidth: 16,
      maxPcieWidth: 16,
      temperatureC: 30,
    };
    expect(passiveCheck("pcie_bandwidth", gpu)?.outcome).toBe("measured");
    expect(passiveCheck("thermal_profile", gpu)?.outcome).toBe("measured");
  });

  it("leaves out what was not reported", () => {
    expect(passiveCheck("pcie_bandwidth", { index: 0 })?.details).toEqual({});
    expect(passiveCheck("thermal_profile", { index: 0 })?.details).toEqual({});
  });
});
