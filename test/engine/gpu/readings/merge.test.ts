import { describe, expect, it } from "vitest";

import { mergeReadings } from "../../../../engine/gpu/readings/merge.ts";
import type { GpuReading, NodeReading } from "../../../../engine/gpu/reading.ts";

function node(gpus: readonly GpuReading[], rest: Partial<NodeReading> = {}): NodeReading {
  return { origin: "file", isSimulated: false, problems: [], ...rest, gpus: [...gpus] };
}

describe("mergeReadings", () => {
  it("joins by UUID before PCI address before index and fills gaps from later sources", () => {
    const merged = mergeReadings([
      node([
        { index: 0, uuid: "GPU-a", pci: "0000:01:00.0", temperatureC: 40, eccVolatile: { dramUncorrected: 1 } },
        { index: 1, pci: "0000:02:00.0" },
        { index: 2 },
      ]),
      node([
        {
          index: 1,
          uuid: "GPU-a",
          temperatureC: 99,
          lastXid: 79,
          eccVolatile: { dramUncorrected: 5, sramCorrected: 2 },
        },
        { index: 0, pci: "0000:02:00.0", fanSpeedPct: 30 },
        { index: 2, powerDrawW: 100 },
      ]),
    ]);
    expect(merged.gpus).toEqual([
      {
        index: 0,
        uuid: "GPU-a",
        pci: "0000:01:00.0",
        temperatureC: 40,
        lastXid: 79,
        eccVolatile: { dramUncorrected: 1, sramCorrected: 2 },
      },
      { index: 1, pci: "0000:02:00.0", fanSpeedPct: 30 },
      { index: 2, powerDrawW: 100 },
    ]);
    expect(merged.problems).toEqual([]);
  });

  it("does not join devices whose addresses differ, even at one index", () => {
    const merged = mergeReadings([
      node([{ index: 0, pci: "0000:01:00.0" }]),
      node([{ index: 0, pci: "0000:02:00.0" }]),
    ]);
    expect(merged.gpus.map((gpu) => [gpu.index, gpu.pci])).toEqual([
      [0, "0000:01:00.0"],
      [1, "0000:02:00.0"],
    ]);
  });

  it("keeps the first of two contradictions and notes the ones that matter", () => {
    const merged = mergeReadings([
      node([{ index: 0, uuid: "GPU-a", name: "H100" }], { driverVersion: "550", hostname: "a" }),
      node([{ index: 0, uuid: "GPU-a", name: "T4" }], { driverVersion: "535", hostname: "b" }),
    ]);
    expect(merged).toMatchObject({ driverVersion: "550", hostname: "a" });
    expect(merged.problems.map((problem) => problem.message)).toEqual([
      "two sources name different driver versions: 550 and 535",
      "two sources name different hosts: a and b",
      "GPU 0 has two names: H100 and T4",
    ]);
  });

  it("gives an empty reading for no sources and keeps the mark of a simulation", () => {
    expect(mergeReadings([]).gpus).toEqual([]);
    expect(mergeReadings([node([]), node([], { isSimulated: true })]).isSimulated).toBe(true);
  });
});
