import { describe, expect, it } from "vitest";

import { FAULTS } from "../../../../engine/gpu/simulator/faults/index.ts";
import {
  drawScenario,
  findScenario,
  SCENARIO_VARIANTS,
  scenarioLabel,
  SCENARIOS,
} from "../../../../engine/gpu/simulator/scenarios.ts";
import { seededRandom } from "../../../../lib/random.ts";

describe("scenarios", () => {
  it("have the seven known names with their weights and thirteen extras without", () => {
    const weighted = SCENARIOS.filter((scenario) => scenario.weight > 0);
    expect(weighted.map(({ name, weight }) => [name, weight])).toEqual([
      ["healthy", 0.55],
      ["thermal_warning", 0.12],
      ["ecc_errors", 0.1],
      ["memory_pressure", 0.08],
      ["gpu_fallen_off_bus", 0.05],
      ["nvlink_errors", 0.05],
      ["clock_stuck", 0.05],
    ]);
    expect(SCENARIOS.filter((scenario) => scenario.weight === 0).map((scenario) => scenario.name)).toEqual([
      "power_brake",
      "gsp_timeout",
      "row_remap_exhausted",
      "pcie_degraded",
      "nvswitch_fatal",
      "fabric_manager_down",
      "driver_mismatch",
      "ib_flap",
      "app_fault_xid13",
      "contained_94",
      "sdc_suspect",
      "stale_telemetry",
      "boot_nvlink_training",
    ]);
  });

  it("ask for no alert where nothing is wrong with the hardware", () => {
    const silent = SCENARIOS.filter((scenario) => !scenario.shouldAlert).map((scenario) => scenario.name);
    expect(silent).toEqual(["healthy", "memory_pressure", "app_fault_xid13", "boot_nvlink_training"]);
  });

  it("each have one fault model, and there is no fault model without a scenario", () => {
    const labels = [...SCENARIOS, ...SCENARIO_VARIANTS].map(scenarioLabel);
    expect(Object.keys(FAULTS).sort()).toEqual(labels.sort());
  });

  it("are found by name and by name with variant", () => {
    expect(findScenario("ecc_errors")).toMatchObject({ verdict: "gpu_degraded", firstAction: "DRAIN_RESET" });
    expect(findScenario("ecc_errors:exhausted")).toMatchObject({
      variant: "exhausted",
      verdict: "gpu_failed",
      firstAction: "RMA_REVIEW",
    });
    expect(findScenario("nvlink_errors:blackwell").model).toBe("B200");
  });

  it.each(["", "thermal", "healthy:hot", "ecc_errors:"])(
    "refuse the unknown name %j and list the known ones",
    (name) => {
      expect(() => findScenario(name)).toThrow(
        expect.objectContaining({ code: "invalid_input", message: expect.stringContaining("nvlink_errors:blackwell") }),
      );
    },
  );

  it("are drawn by weight: 20,000 draws, each share within 1.5 points", () => {
    const random = seededRandom("draws");
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 20_000; draw += 1) {
      const { name } = drawScenario(random);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name, weight } of SCENARIOS) {
      expect(Math.abs((counts.get(name) ?? 0) / 20_000 - weight), name).toBeLessThan(0.015);
    }
    expect(counts.size).toBe(7);
  });
});
