import { describe, expect, it } from "vitest";

import { MODELS, modelLimits } from "../../../../engine/gpu/catalog/models.ts";
import { pcieReplayLimitPerMinute } from "../../../../engine/gpu/catalog/pcie.ts";

describe("model limits", () => {
  it.each([
    ["NVIDIA H100 80GB HBM3", "H100 SXM 80GB"],
    ["NVIDIA H100 PCIe", "H100 PCIe"],
    ["NVIDIA H100 NVL", "H100 NVL"],
    ["NVIDIA A100-SXM4-80GB", "A100 SXM4 80GB"],
    ["NVIDIA A100-SXM4-40GB", "A100 SXM4 40GB"],
    ["NVIDIA A100 80GB PCIe", "A100 PCIe 80GB"],
    ["NVIDIA A100-PCIE-40GB", "A100 PCIe 40GB"],
    ["Tesla T4", "T4"],
    ["NVIDIA A10G", "A10G"],
    ["NVIDIA L40S", "L40S"],
    ["NVIDIA H200", "H200 SXM"],
    ["NVIDIA B200", "B200 SXM"],
    ["NVIDIA GB200", "GB200"],
    ["nvidia gb300", "GB300"],
  ])("finds %s as %s", (name, model) => {
    expect(modelLimits(name)?.model).toBe(model);
  });

  it.each(["", "NVIDIA GeForce RTX 4090", "Tesla V100-SXM2-16GB", "NVIDIA GH200 480GB", "NVIDIA T400"])(
    "has no row for %j",
    (name) => {
      expect(modelLimits(name)).toBeUndefined();
    },
  );

  it("keeps its limits in order and its sources stated", () => {
    for (const row of MODELS) {
      expect(row.source, row.model).not.toBe("");
      if (row.shutdownC !== undefined) expect(row.shutdownC).toBeGreaterThan(row.slowdownC ?? Infinity);
      if (row.slowdownMarginC !== undefined && row.shutdownMarginC !== undefined)
        expect(row.shutdownMarginC).toBeLessThan(row.slowdownMarginC);
      // Guards against unit slips of the SKU file: every data-centre part moves between 0.1 and 10 TB/s.
      const bandwidth = row.diagnostic?.memoryBandwidthMbPerSecond;
      if (bandwidth !== undefined) expect(bandwidth, row.model).toBeGreaterThan(100_000);
      if (bandwidth !== undefined) expect(bandwidth, row.model).toBeLessThan(10_000_000);
    }
  });

  it("expects the links of each generation", () => {
    expect(modelLimits("NVIDIA A100-SXM4-80GB")?.nvlinkCount).toBe(12);
    expect(modelLimits("NVIDIA H100 80GB HBM3")?.nvlinkCount).toBe(18);
    expect(modelLimits("Tesla T4")?.nvlinkCount).toBeUndefined();
  });
});

describe("PCIe replay limit", () => {
  it.each([
    [4, 16, 16],
    [5, 16, 31],
    [3, 16, 8],
    [1, 16, 3],
  ])("is, for Gen%i x%i, %i a minute", (generation, width, limit) => {
    expect(pcieReplayLimitPerMinute(generation, width)).toBe(limit);
  });

  it("is unknown for what PCIe does not have", () => {
    expect(pcieReplayLimitPerMinute(9, 16)).toBeUndefined();
    expect(pcieReplayLimitPerMinute(4, 0)).toBeUndefined();
  });
});
