import { describe, expect, it } from "vitest";

import { shouldRaiseAlert } from "../../../engine/gpu/assess/alerting.ts";
import { assess } from "../../../engine/gpu/assess/assess.ts";
import { parseLog } from "../../../engine/gpu/log/parse-log.ts";
import { mergeReadings } from "../../../engine/gpu/readings/merge.ts";
import { parseMetrics } from "../../../engine/gpu/readings/metrics.ts";
import { parseSmiXml } from "../../../engine/gpu/readings/smi-xml.ts";
import { createSimulatedNode } from "../../../engine/gpu/simulator/node.ts";
import type { SimulatedNode } from "../../../engine/gpu/simulator/node.ts";
import { SCENARIO_VARIANTS, SCENARIOS, scenarioLabel } from "../../../engine/gpu/simulator/scenarios.ts";

const NOW_MS = Date.UTC(2026, 7, 20, 12);
const SEEDS = [1, 2, 3, 4, 5, 6];
const GPU_COUNTS = [1, 2, 4, 8];
const ALL = [...SCENARIOS, ...SCENARIO_VARIANTS];

/** Every node that a scenario makes with these seeds and sizes. */
function nodesOf(scenario: (typeof ALL)[number]): SimulatedNode[] {
  return SEEDS.flatMap((seed) =>
    GPU_COUNTS.map((gpuCount) => createSimulatedNode({ seed, scenario, nowMs: NOW_MS, gpuCount })),
  );
}

it("knows twenty scenarios and their variants", () => {
  expect(SCENARIOS).toHaveLength(20);
  expect(SCENARIO_VARIANTS.length).toBeGreaterThanOrEqual(4);
});

describe.each(ALL.map((scenario) => [scenarioLabel(scenario), scenario] as const))("%s", (_label, scenario) => {
  it("gets its verdict, its first action and its severity from reading and log", () => {
    for (const node of nodesOf(scenario)) {
      const answer = assess({ reading: node.reading(), log: parseLog(node.kernelLog()), nowMs: NOW_MS });
      expect({
        gpus: node.gpuCount,
        verdict: answer.verdict,
        firstAction: answer.actions[0],
        severity: answer.severity,
        shouldAlert: shouldRaiseAlert(answer),
        isSimulated: answer.isSimulated,
      }).toEqual({
        gpus: node.gpuCount,
        verdict: scenario.verdict,
        firstAction: scenario.firstAction,
        severity: scenario.severity,
        shouldAlert: scenario.shouldAlert,
        isSimulated: true,
      });
    }
  });

  it("never proposes a step that it forbids", () => {
    for (const node of nodesOf(scenario)) {
      const { actions, forbiddenActions } = assess({ reading: node.reading(), log: parseLog(node.kernelLog()) });
      expect(actions.filter((action) => forbiddenActions.includes(action))).toEqual([]);
    }
  });

  it("gets the same verdict from what the tools print", () => {
    for (const seed of SEEDS) {
      const node = createSimulatedNode({ seed, scenario, nowMs: NOW_MS, gpuCount: 4 });
      const { stdout } = node.smiCommand();
      // A tool that prints an error in place of a document is a problem of the source, which the reading itself shows.
      const xml = stdout.includes("<nvidia_smi_log>") ? parseSmiXml(stdout) : node.reading();
      const reading = mergeReadings([xml, parseMetrics(node.metricsText())]);
      const answer = assess({ reading, log: parseLog(node.kernelLog()), nowMs: NOW_MS });
      expect({ verdict: answer.verdict, firstAction: answer.actions[0] }).toEqual({
        verdict: scenario.verdict,
        firstAction: scenario.firstAction,
      });
    }
  });
});

it("names the faulty GPU where the scenario has one", () => {
  for (const name of [
    "ecc_errors",
    "gpu_fallen_off_bus",
    "nvlink_errors",
    "clock_stuck",
    "gsp_timeout",
    "contained_94",
  ]) {
    for (const seed of SEEDS) {
      const node = createSimulatedNode({ seed, scenario: name, nowMs: NOW_MS, gpuCount: 8 });
      const { gpus } = assess({ reading: node.reading(), log: parseLog(node.kernelLog()) });
      expect(gpus, name).toEqual([node.faultyGpu]);
    }
  }
});

it("finds nothing on a node before its fault begins", () => {
  const node = createSimulatedNode({
    seed: 5,
    scenario: "gpu_fallen_off_bus",
    nowMs: NOW_MS,
    gpuCount: 4,
    faultAfterMs: 600_000,
  });
  expect(assess({ reading: node.reading(), log: parseLog(node.kernelLog()) }).verdict).toBe("healthy");
  node.tick(NOW_MS + 1_800_000);
  expect(assess({ reading: node.reading(), log: parseLog(node.kernelLog()) }).verdict).toBe("gpu_failed");
});

it("keeps to the scenario's answer when the diagnostics are added", () => {
  for (const scenario of SCENARIOS) {
    const node = createSimulatedNode({ seed: 4, scenario, nowMs: NOW_MS, gpuCount: 4 });
    const tests = ["memory_stress", "compute_stress", "nvlink_check", "pcie_bandwidth", "thermal_profile"] as const;
    const gpu = Math.min(node.faultyGpu, 3);
    const diagnostics = tests.map((test) => node.runDiagnostic({ test, gpu, mode: "quick" }));
    const answer = assess({ reading: node.reading(), log: parseLog(node.kernelLog()), diagnostics });
    expect([scenario.name, answer.verdict, answer.actions[0]]).toEqual([
      scenario.name,
      scenario.verdict,
      scenario.firstAction,
    ]);
  }
});
