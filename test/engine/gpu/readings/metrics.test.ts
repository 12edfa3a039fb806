import { describe, expect, it } from "vitest";

import { parseMetrics, parseMetricsCounted } from "../../../../engine/gpu/readings/metrics.ts";
import { failureOf, fixture } from "./fixture.ts";

describe("dcgm-exporter metrics", () => {
  it("reads the default counters of a real L40S", () => {
    const { reading, skippedLines } = parseMetricsCounted(fixture("dcgm-l40s.prom"));
    expect(skippedLines).toBe(0);
    expect(reading).toMatchObject({ hostname: "gpu1-wl8sg", driverVersion: "595.58.03" });
    expect(reading.gpus).toEqual([
      {
        index: 0,
        uuid: "GPU-5b4e07f6-3a86-4340-039d-25f2a83cdc43",
        pci: "0000:00:07.0",
        name: "NVIDIA L40S",
        temperatureC: 32,
        powerDrawW: 35.686,
        smClockMhz: 210,
        memoryClockMhz: 405,
        utilizationPct: 0,
        memoryUtilizationPct: 0,
        memoryUsedMib: 0,
        memoryTotalMib: 46_067,
        memoryReservedMib: 608,
        remappedCorrectable: 0,
        remappedUncorrectable: 0,
        isRemapFailed: false,
        pcieReplayCount: 0,
        graphicsEngineActive: 0,
      },
    ]);
  });

  const { reading, skippedLines } = parseMetricsCounted(fixture("dcgm-faults.prom"));
  const [first, second, third] = reading.gpus;

  it("joins both spellings of labels and names, and keeps the first of repeated series", () => {
    expect(reading.gpus.map((gpu) => gpu.uuid)).toEqual(["GPU-aaaa", "GPU-bbbb", "GPU-cccc"]);
    expect(first).toMatchObject({ index: 0, pci: "0000:0a:00.0", temperatureC: 61 });
    expect(second).toMatchObject({ index: 1, name: "NVIDIA H100 80GB HBM3", temperatureC: 58, isRemapFailed: true });
  });

  it("takes sentinels and NaN for absent values and says why", () => {
    expect(first?.blanks).toEqual({
      powerDrawW: "blank",
      smClockMhz: "not_supported",
      pcieReplayCount: "not_supported",
      memoryClockMhz: "not_a_number",
    });
    for (const absent of ["powerDrawW", "smClockMhz", "pcieReplayCount", "memoryClockMhz"]) {
      expect(first).not.toHaveProperty(absent);
    }
  });

  it("keeps the stale XID gauge apart from counted XIDs", () => {
    expect(first).toMatchObject({ lastXid: 79 });
    expect(first).not.toHaveProperty("windowedXids");
    expect(second?.windowedXids).toEqual({ "63": 2 });
    expect(second).not.toHaveProperty("lastXid");
  });

  it("reads ECC totals without the SRAM share, the clock mask and NVLink counters by link", () => {
    expect(second).toMatchObject({
      eccVolatile: { dramUncorrected: 2, sramUncorrected: 1 },
      throttleMask: 72,
      nvlinks: [{ link: 3, replayErrors: 7, crcErrors: 12 }],
    });
  });

  it("takes device-wide values from MIG series and leaves what is the instance's own", () => {
    expect(third).toEqual({ index: 2, uuid: "GPU-cccc", migMode: true, migInstances: 2, temperatureC: 44 });
  });

  it("counts lines it cannot read", () => {
    expect(skippedLines).toBe(2);
  });

  it("keeps NVLink totals as link -1 where there are no counters by link", () => {
    const text = 'DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL{gpu="0"} 4\n';
    expect(parseMetrics(text).gpus[0]?.nvlinks).toEqual([{ link: -1, replayErrors: 4 }]);
  });

  it("prefers the later of two time stamps", () => {
    const text = 'DCGM_FI_DEV_GPU_TEMP{gpu="0"} 40 1000\nDCGM_FI_DEV_GPU_TEMP{gpu="0"} 80 2000\n';
    expect(parseMetrics(text).gpus[0]?.temperatureC).toBe(80);
  });

  it("reads one host of several and says so", () => {
    const text = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",Hostname="a"} 40\nDCGM_FI_DEV_GPU_TEMP{gpu="0",Hostname="b"} 90\n';
    const node = parseMetrics(text);
    expect(node.gpus.map((gpu) => gpu.temperatureC)).toEqual([40]);
    expect(node.problems[0]?.message).toContain("2 hosts (a, b); only a");
  });

  it("reads empty text, comments and metrics of others as a node without GPUs", () => {
    for (const text of ["", "# HELP x y\n", "node_load1 0.5\n"]) expect(parseMetrics(text).gpus).toEqual([]);
  });

  it.each(["hello, world\nfoo bar baz\n", "{}{}{}", "\0\0"])("refuses text without a metric line", (text) => {
    expect(failureOf(() => parseMetrics(text)).code).toBe("unreadable_input");
  });
});
