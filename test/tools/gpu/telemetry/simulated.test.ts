import { describe, expect, it } from "vitest";

import { createSimulatedSource } from "../../../../tools/gpu/telemetry/simulated.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const signal = new AbortController().signal;

describe("the simulated source", () => {
  it("lists its nodes with racks and reads the first by default", async () => {
    const source = createSimulatedSource({
      scenario: "ecc_errors",
      seed: 7,
      gpuCount: 8,
      nodeCount: 10,
      clock: createManualClock(),
    });
    const nodes = await source.listNodes(signal);
    expect(nodes).toHaveLength(10);
    expect(nodes[9]).toEqual({ id: "gpu-node-010", hostname: "gpu-node-010", rack: "rack-02" });
    const reading = await source.readNode({ signal });
    expect(reading).toMatchObject({ hostname: "gpu-node-001", origin: "simulated", isSimulated: true });
    expect(reading.gpus).toHaveLength(8);
    expect((await source.readNode({ node: "gpu-node-010", signal })).hostname).toBe("gpu-node-010");
    expect(source.describe()).toBe("10 simulated nodes with 8 GPUs, scenario ecc_errors, seed 7");
  });

  it("lives in the time of its clock", async () => {
    const clock = createManualClock();
    const source = createSimulatedSource({ scenario: "pcie_degraded", seed: 7, gpuCount: 4, nodeCount: 1, clock });
    const first = await source.readNode({ signal });
    clock.jump(600_000);
    const second = await source.readNode({ signal });
    expect(second.collectedAtMs).toBe((first.collectedAtMs ?? 0) + 600_000);
    const replays = (reading: typeof first): number =>
      reading.gpus.reduce((sum, gpu) => sum + (gpu.pcieReplayCount ?? 0), 0);
    expect(replays(second) - replays(first)).toBe(460);
  });

  it("tells one story in reading, events and diagnostics", async () => {
    const source = createSimulatedSource({
      scenario: "gpu_fallen_off_bus",
      seed: 3,
      gpuCount: 4,
      nodeCount: 1,
      clock: createManualClock(),
    });
    const lost = (await source.readNode({ signal })).gpus.find((gpu) => gpu.isLost);
    const { events } = await source.readEvents({ signal });
    expect(events.find((event) => event.kind === "xid" && event.xid === 79)?.pci).toBe(lost?.pci);
    const request = { test: "memory_stress", gpu: lost?.index ?? -1, mode: "quick" } as const;
    const progress: number[] = [];
    const result = await source.runDiagnostic(request, { signal, onProgress: (done) => progress.push(done) });
    expect(result).toMatchObject({ outcome: "refused", isSimulated: true });
    expect(progress).toEqual([1]);
  });

  it("names the nodes it has when asked for another", async () => {
    const source = createSimulatedSource({
      scenario: "healthy",
      seed: 1,
      gpuCount: 1,
      nodeCount: 12,
      clock: createManualClock(),
    });
    await expect(source.readNode({ node: "gpu-7", signal })).rejects.toMatchObject({
      code: "node_not_found",
      message: expect.stringContaining("gpu-node-008 and 4 more"),
    });
  });

  it("refuses an unknown scenario", () => {
    expect(() =>
      createSimulatedSource({ scenario: "fire", seed: 1, gpuCount: 4, nodeCount: 1, clock: createManualClock() }),
    ).toThrow(expect.objectContaining({ code: "invalid_input", message: expect.stringContaining("clock_stuck") }));
  });
});
