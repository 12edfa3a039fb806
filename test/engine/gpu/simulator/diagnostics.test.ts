import { describe, expect, it } from "vitest";

import { DiagnosticName, DiagnosticResult } from "../../../../engine/gpu/diagnostic.ts";
import { createSimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import { SCENARIO_VARIANTS, scenarioLabel, SCENARIOS } from "../../../../engine/gpu/simulator/scenarios.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
const LABELS = [...SCENARIOS, ...SCENARIO_VARIANTS].map(scenarioLabel);

/** The compatibility table of the original system. */
const DETAIL_KEYS: Readonly<Record<DiagnosticName, readonly string[]>> = {
  memory_stress: ["memory_tested_gb", "pattern", "passes", "ecc_errors_during_test", "pages_retired"],
  compute_stress: [
    "operation",
    "sustained_tflops",
    "peak_temperature_c",
    "thermal_throttle_events",
    "clock_boost_sustained",
  ],
  nvlink_check: ["nvlink_version", "links_active", "links_total", "bandwidth_gb_s", "crc_errors", "replay_errors"],
  pcie_bandwidth: ["pcie_gen", "pcie_width", "bandwidth_measured_gb_s", "bandwidth_expected_gb_s", "bandwidth_ratio"],
  thermal_profile: [
    "idle_temperature_c",
    "load_temperature_c",
    "thermal_headroom_c",
    "fan_response_adequate",
    "ambient_temperature_c",
    "thermal_paste_condition",
  ],
};

type Outcomes = readonly [memory: string, compute: string, nvlink: string, pcie: string, thermal: string];
const ALL_PASS: Outcomes = ["pass", "pass", "pass", "pass", "pass"];
const all = (outcome: string): Outcomes => [outcome, outcome, outcome, outcome, outcome];

/** Outcome of the five tests on the faulty GPU, in the order of `DiagnosticName`. */
const EXPECTED: Readonly<Record<string, Outcomes>> = {
  thermal_warning: ["pass", "pass", "pass", "pass", "fail"],
  "thermal_warning:critical": ["pass", "fail", "pass", "pass", "fail"],
  ecc_errors: ["fail", "pass", "pass", "pass", "pass"],
  "ecc_errors:exhausted": all("refused"),
  gpu_fallen_off_bus: all("refused"),
  nvlink_errors: ["pass", "pass", "fail", "pass", "pass"],
  "nvlink_errors:blackwell": ["pass", "pass", "fail", "pass", "pass"],
  clock_stuck: ["pass", "fail", "pass", "pass", "pass"],
  "clock_stuck:power_limit": ["pass", "fail", "pass", "pass", "pass"],
  power_brake: ["pass", "fail", "pass", "pass", "fail"],
  gsp_timeout: all("refused"),
  row_remap_exhausted: all("refused"),
  pcie_degraded: ["pass", "pass", "pass", "fail", "pass"],
  nvswitch_fatal: ["pass", "pass", "fail", "pass", "pass"],
  fabric_manager_down: ["unavailable", "unavailable", "fail", "unavailable", "unavailable"],
  driver_mismatch: all("unavailable"),
};

describe("simulated diagnostics", () => {
  it.each(LABELS)("agree with the fault of %s", (scenario) => {
    for (const seed of [1, 7, 42]) {
      const node = createSimulatedNode({ seed, scenario, nowMs: NOW_MS });
      const outcomes = DiagnosticName.options.map(
        (test) => node.runDiagnostic({ test, gpu: node.faultyGpu, mode: "quick" }).outcome,
      );
      expect(outcomes).toEqual(EXPECTED[scenario] ?? ALL_PASS);
    }
  });

  it.each(DiagnosticName.options)("have exactly the known detail keys: %s", (test) => {
    const node = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS });
    for (const mode of ["quick", "full"] as const) {
      const result = DiagnosticResult.parse(node.runDiagnostic({ test, gpu: 2, mode }));
      expect(Object.keys(result.details)).toEqual(DETAIL_KEYS[test]);
      expect(result).toMatchObject({ test, gpu: 2, mode, ranAs: "simulated", isSimulated: true });
      expect(result.conclusion).toMatch(/^Simulated: /);
    }
  });

  it("measure nothing when they are refused", () => {
    const node = createSimulatedNode({ seed: 7, scenario: "gpu_fallen_off_bus", nowMs: NOW_MS });
    const result = node.runDiagnostic({ test: "memory_stress", gpu: node.faultyGpu, mode: "full" });
    expect(result).toMatchObject({ outcome: "refused", durationSeconds: 0, details: {} });
    expect(result.conclusion).toContain("GPU is lost");
  });

  it("pass on the GPUs beside the faulty one", () => {
    const node = createSimulatedNode({ seed: 7, scenario: "ecc_errors", nowMs: NOW_MS });
    const other = (node.faultyGpu + 1) % 4;
    expect(node.runDiagnostic({ test: "memory_stress", gpu: other, mode: "quick" }).outcome).toBe("pass");
  });

  it("find wrong results only in full mode, as long tests do", () => {
    const node = createSimulatedNode({ seed: 7, scenario: "sdc_suspect", nowMs: NOW_MS });
    const run = (mode: "quick" | "full"): DiagnosticResult =>
      node.runDiagnostic({ test: "compute_stress", gpu: node.faultyGpu, mode });
    expect(run("quick").outcome).toBe("pass");
    expect(run("full")).toMatchObject({ outcome: "fail", durationSeconds: 600 });
  });

  it("skip the link check on a GPU without links", () => {
    const node = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS, model: "T4" });
    const result = node.runDiagnostic({ test: "nvlink_check", gpu: 0, mode: "quick" });
    expect(result).toMatchObject({ outcome: "skipped", details: { nvlink_version: null, links_total: 0 } });
  });

  it.each(["A100", "B200", "T4"] as const)("pass on a healthy %s", (model) => {
    const node = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS, model });
    for (const test of DiagnosticName.options) {
      expect(["pass", "skipped"]).toContain(node.runDiagnostic({ test, gpu: 1, mode: "full" }).outcome);
    }
  });

  it.each([4, -1, 0.5])("refuse GPU %d of four and name the valid ids", (gpu) => {
    const node = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS });
    expect(() => node.runDiagnostic({ test: "memory_stress", gpu, mode: "quick" })).toThrow(
      expect.objectContaining({ code: "gpu_not_found", message: expect.stringContaining("0 to 3") }),
    );
  });
});
