import { describe, expect, it } from "vitest";

import { createSimulatedNode, type SimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import { SCENARIOS } from "../../../../engine/gpu/simulator/scenarios.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
const HOUR_MS = 3_600_000;

function views(node: SimulatedNode): unknown {
  return [node.reading(), node.kernelLog(), node.metricsText(), node.smiCommand()];
}

describe("a simulated node", () => {
  it.each(SCENARIOS.map((scenario) => scenario.name))("is the same for the same seed and times: %s", (scenario) => {
    const patient = createSimulatedNode({ seed: 11, scenario, nowMs: NOW_MS });
    const hurried = createSimulatedNode({ seed: 11, scenario, nowMs: NOW_MS });
    patient.tick(NOW_MS + HOUR_MS);
    for (let minute = 1; minute <= 60; minute += 1) {
      hurried.tick(NOW_MS + minute * 60_000);
      hurried.reading();
    }
    expect(views(hurried)).toEqual(views(patient));
  });

  it("differs with the seed", () => {
    const [first, second] = [1, 2].map((seed) => createSimulatedNode({ seed, scenario: "healthy", nowMs: NOW_MS }));
    expect(first?.reading().gpus[0]?.uuid).not.toBe(second?.reading().gpus[0]?.uuid);
  });

  it("moves with the time and never back", () => {
    const node = createSimulatedNode({ seed: 3, scenario: "thermal_warning", nowMs: NOW_MS });
    const before = node.reading();
    node.tick(NOW_MS + 60_000);
    const after = node.reading();
    expect(after.collectedAtMs).toBe(NOW_MS + 60_000);
    expect(after.gpus.map((gpu) => gpu.powerDrawW)).not.toEqual(before.gpus.map((gpu) => gpu.powerDrawW));
    node.tick(NOW_MS);
    expect(node.reading()).toEqual(after);
  });

  it("is healthy until its fault begins and keeps the fault from then on", () => {
    const node = createSimulatedNode({ seed: 5, scenario: "ecc_errors", nowMs: NOW_MS, faultAfterMs: 600_000 });
    const pending = (): boolean[] => node.reading().gpus.map((gpu) => gpu.isRemapPending === true);
    expect(pending()).toEqual([false, false, false, false]);
    expect(node.kernelLog()).not.toContain("Xid");
    node.tick(NOW_MS + 600_000);
    expect(pending().filter(Boolean)).toHaveLength(1);
    expect(node.kernelLog()).toContain("): 48, ");
    node.tick(NOW_MS + 24 * HOUR_MS);
    expect(pending()[node.faultyGpu]).toBe(true);
    expect(node.kernelLog()).toContain("): 48, ");
  });

  it("counts replays up while a link is degraded", () => {
    const node = createSimulatedNode({ seed: 5, scenario: "pcie_degraded", nowMs: NOW_MS });
    const count = (): number => node.reading().gpus[node.faultyGpu]?.pcieReplayCount ?? 0;
    const before = count();
    node.tick(NOW_MS + 10 * 60_000);
    expect(count() - before).toBe(460);
  });

  it("draws the faulty GPU from the seed", () => {
    const faulty = Array.from(
      { length: 40 },
      (_, seed) => createSimulatedNode({ seed, scenario: "ecc_errors", nowMs: NOW_MS }).faultyGpu,
    );
    expect(new Set(faulty)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("leaves one GPU idle on some healthy nodes, with the slow link of an idle GPU", () => {
    const nodes = Array.from({ length: 20 }, (_, seed) =>
      createSimulatedNode({ seed, scenario: "healthy", nowMs: NOW_MS }).reading(),
    );
    const idle = nodes.flatMap((node) => node.gpus.filter((gpu) => gpu.utilizationPct === 0));
    expect(idle.length).toBeGreaterThan(3);
    expect(idle.length).toBeLessThan(18);
    for (const gpu of idle) expect(gpu).toMatchObject({ pcieGeneration: 1, throttleMask: 1, processes: [] });
  });

  it.each([1, 4, 8, 16])("has %i GPUs with addresses in bus order", (gpuCount) => {
    const { gpus } = createSimulatedNode({ seed: 1, scenario: "healthy", nowMs: NOW_MS, gpuCount }).reading();
    expect(gpus.map((gpu) => gpu.index)).toEqual(Array.from({ length: gpuCount }, (_, index) => index));
    const addresses = gpus.map((gpu) => gpu.pci ?? "");
    expect(addresses).toEqual([...addresses].sort());
    expect(new Set(gpus.map((gpu) => gpu.uuid)).size).toBe(gpuCount);
  });

  it.each([0, 17, 1.5, -1])("refuses %d GPUs", (gpuCount) => {
    expect(() => createSimulatedNode({ seed: 1, scenario: "healthy", nowMs: NOW_MS, gpuCount })).toThrow(
      expect.objectContaining({ code: "invalid_input" }),
    );
  });

  it.each([
    ["ecc_errors", "T4", "row remapping"],
    ["nvlink_errors", "T4", "NVLink"],
    ["nvlink_errors:blackwell", "H100", "NVLink 5"],
    ["fabric_manager_down", "T4", "NVLink"],
  ] as const)("refuses %s on a %s, which has no %s", (scenario, model, needed) => {
    expect(() => createSimulatedNode({ seed: 1, scenario, nowMs: NOW_MS, model })).toThrow(
      expect.objectContaining({ code: "invalid_input", message: expect.stringContaining(needed) }),
    );
  });

  it.each(SCENARIOS.map((scenario) => scenario.name))("runs %s with a single GPU too", (scenario) => {
    const node = createSimulatedNode({ seed: 9, scenario, nowMs: NOW_MS, gpuCount: 1 });
    expect(node.faultyGpu).toBe(0);
    expect(node.reading().isSimulated).toBe(true);
    expect(node.kernelLog()).toMatch(/Linux version/);
  });

  it("gives each caller a reading of its own", () => {
    const node = createSimulatedNode({ seed: 1, scenario: "healthy", nowMs: NOW_MS });
    const reading = node.reading();
    reading.gpus.length = 0;
    expect(node.reading().gpus).toHaveLength(4);
  });
});
