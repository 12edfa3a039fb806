import { describe, expect, it } from "vitest";

import { createFleet } from "../../../../engine/gpu/simulator/fleet.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);

describe("a simulated fleet", () => {
  it("has the scenario on its first node and draws the others by weight", () => {
    const fleet = createFleet({ seed: 3, scenario: "power_brake", nowMs: NOW_MS, nodeCount: 64 });
    expect(fleet[0]?.scenario.name).toBe("power_brake");
    const others = fleet.slice(1);
    expect(others.every((node) => node.scenario.weight > 0)).toBe(true);
    expect(others.filter((node) => node.scenario.name === "healthy").length).toBeGreaterThan(20);
    expect(new Set(others.map((node) => node.scenario.name)).size).toBeGreaterThan(3);
  });

  it("draws the first node too when asked for a random one", () => {
    const drawn = Array.from(
      { length: 30 },
      (_, seed) => createFleet({ seed, scenario: "random", nowMs: NOW_MS, nodeCount: 1 })[0]?.scenario.name,
    );
    expect(new Set(drawn).size).toBeGreaterThan(2);
  });

  it("gives nodes hosts, racks and hardware of their own", () => {
    const fleet = createFleet({ seed: 3, scenario: "healthy", nowMs: NOW_MS, nodeCount: 20, nodesPerRack: 8 });
    expect(new Set(fleet.map((node) => node.hostname)).size).toBe(20);
    expect([...new Set(fleet.map((node) => node.rack))]).toEqual(["rack-01", "rack-02", "rack-03"]);
    const uuids = fleet.flatMap((node) => node.reading().gpus.map((gpu) => gpu.uuid));
    expect(new Set(uuids.filter((uuid) => uuid !== undefined)).size).toBe(uuids.length);
  });

  it("is the same for the same seed", () => {
    const make = (): unknown =>
      createFleet({ seed: 9, scenario: "random", nowMs: NOW_MS, nodeCount: 10 }).map((node) => node.reading());
    expect(make()).toEqual(make());
  });

  it("makes the neighbours of a hot node warm and nobody else", () => {
    const temperatures = (scenario: string): number[] =>
      createFleet({ seed: 3, scenario, nowMs: NOW_MS, nodeCount: 6, nodesPerRack: 3 }).map(
        (node) => node.reading().gpus[0]?.temperatureC ?? 0,
      );
    const normal = temperatures("healthy");
    const warm = temperatures("thermal_warning");
    for (const index of [1, 2]) expect((warm[index] ?? 0) - (normal[index] ?? 0)).toBe(9);
    for (const index of [3, 4, 5]) expect(warm[index]).toBe(normal[index]);
  });

  it.each([0, 1025, 2.5])("refuses %d nodes", (nodeCount) => {
    expect(() => createFleet({ seed: 1, scenario: "healthy", nowMs: NOW_MS, nodeCount })).toThrow(
      expect.objectContaining({ code: "invalid_input" }),
    );
  });
});
