import { describe, expect, it } from "vitest";

import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import { GpuReading, NodeReading } from "../../../../engine/gpu/reading.ts";
import { parseMetrics } from "../../../../engine/gpu/readings/metrics.ts";
import { parseSmiXml } from "../../../../engine/gpu/readings/smi-xml.ts";
import { createSimulatedNode, type SimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import {
  type ModelName,
  SCENARIO_VARIANTS,
  scenarioLabel,
  SCENARIOS,
} from "../../../../engine/gpu/simulator/scenarios.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
const LABELS = [...SCENARIOS, ...SCENARIO_VARIANTS].map(scenarioLabel);

/** Fields that `nvidia-smi -q -x` does not have; they come from metrics, counters over time or other commands. */
const NOT_IN_XML = new Set([
  "index",
  "nvlinks",
  "lastXid",
  "windowedXids",
  "graphicsEngineActive",
  "pcieReplaysPerMinute",
]);
/** Fields that the exporter's text shares with the reading, one to one. */
const IN_METRICS = [
  "temperatureC",
  "memoryTemperatureC",
  "temperatureLimitMarginC",
  "powerDrawW",
  "powerLimitW",
  "defaultPowerLimitW",
  "smClockMhz",
  "throttleMask",
  "utilizationPct",
  "memoryUsedMib",
  "remappedUncorrectable",
  "isRemapFailed",
  "pcieGeneration",
  "pcieWidth",
  "pcieReplayCount",
  "lastXid",
  "windowedXids",
  "graphicsEngineActive",
] as const satisfies readonly (keyof GpuReading)[];

function nodeOf(scenario: string, seed: number, model?: ModelName): SimulatedNode {
  return createSimulatedNode({ seed, scenario, nowMs: NOW_MS, model });
}

function byPci(reading: NodeReading, pci: string | undefined): GpuReading | undefined {
  return reading.gpus.find((gpu) => gpu.pci === pci);
}

function xmlFields(gpu: GpuReading): Record<string, unknown> {
  return Object.fromEntries(Object.entries(gpu).filter(([key]) => !NOT_IN_XML.has(key)));
}

describe.each(LABELS)("the views of a node with %s", (label) => {
  const seeds = [1, 7, 42];

  it("have the shape of a reading", () => {
    for (const seed of seeds) expect(() => NodeReading.parse(nodeOf(label, seed).reading())).not.toThrow();
  });

  it("agree: nvidia-smi XML", () => {
    for (const seed of seeds) {
      const node = nodeOf(label, seed);
      const reading = node.reading();
      const { stdout, exitCode } = node.smiCommand();
      const parsed = parseSmiXml(stdout);
      expect(parsed.gpus).toHaveLength(reading.gpus.length);
      expect(parsed.driverVersion).toBe(reading.driverVersion);
      expect(parsed.attachedGpus).toBe(reading.attachedGpus);
      expect(parsed.problems.map((problem) => problem.kind)).toEqual(reading.problems.map((problem) => problem.kind));
      expect(exitCode === 0).toBe(reading.problems.length === 0 && reading.gpus.every((gpu) => gpu.isLost !== true));
      for (const gpu of reading.gpus) {
        const seen = byPci(parsed, gpu.pci);
        if (gpu.isLost === true) expect(seen?.isLost).toBe(true);
        else expect(seen && xmlFields(seen)).toEqual(xmlFields(gpu));
      }
    }
  });

  it("agree: exporter metrics", () => {
    for (const seed of seeds) {
      const node = nodeOf(label, seed);
      const reading = node.reading();
      const parsed = parseMetrics(node.metricsText());
      const present = reading.gpus.filter((gpu) => gpu.isLost !== true);
      expect(parsed.gpus.map((gpu) => gpu.uuid)).toEqual(present.map((gpu) => gpu.uuid));
      for (const gpu of present) {
        const seen = parsed.gpus.find((row) => row.uuid === gpu.uuid);
        for (const field of IN_METRICS) expect(seen?.[field], `${field} of GPU ${gpu.index}`).toEqual(gpu[field]);
      }
    }
  });

  it("agree: kernel log", () => {
    for (const seed of seeds) {
      const node = nodeOf(label, seed);
      const reading = node.reading();
      const log = parseLog(node.kernelLog());
      expect(log.skippedLines).toBe(0);
      expect(log.hosts).toEqual([node.hostname]);
      for (const event of log.events) {
        expect(event.atMs).toBeLessThanOrEqual(NOW_MS);
        if (event.kind !== "xid") continue;
        const gpu = byPci(reading, event.pci);
        expect(gpu, `XID ${event.xid} names a GPU of this node`).toBeDefined();
        if (gpu?.isLost !== true) expect(gpu?.lastXid).toBeDefined();
      }
    }
  });
});

describe.each(["A100", "B200", "T4"] as const)("a node with %s", (model) => {
  it.each(["healthy", "thermal_warning", "clock_stuck", "memory_pressure", "gsp_timeout"])(
    "agrees with its XML under %s",
    (scenario) => {
      const node = nodeOf(scenario, 4, model);
      const parsed = parseSmiXml(node.smiXml());
      for (const gpu of node.reading().gpus) {
        const seen = byPci(parsed, gpu.pci);
        expect(seen && xmlFields(seen)).toEqual(xmlFields(gpu));
      }
    },
  );
});

describe("what shows where", () => {
  const xidsOf = (label: string): number[] =>
    parseLog(nodeOf(label, 7).kernelLog()).events.flatMap((event) => (event.kind === "xid" ? [event.xid] : []));
  const signalsOf = (label: string): string[] => [
    ...new Set(
      parseLog(nodeOf(label, 7).kernelLog()).events.flatMap((event) => (event.kind === "signal" ? [event.signal] : [])),
    ),
  ];

  it.each([
    ["healthy", []],
    ["thermal_warning", []],
    ["ecc_errors", [48, 63, 94, 45]],
    ["ecc_errors:exhausted", [48, 64, 94, 45]],
    ["memory_pressure", []],
    ["gpu_fallen_off_bus", [79, 154, 45, 45, 45]],
    ["nvlink_errors", [74, 74]],
    ["nvlink_errors:blackwell", [149, 154, 145, 45]],
    ["clock_stuck", []],
    ["power_brake", []],
    ["gsp_timeout", [119, 119, 119, 154]],
    ["row_remap_exhausted", [48, 64, 95, 45]],
    ["pcie_degraded", []],
    ["nvswitch_fatal", [74, 74, 74, 74, 45, 45, 45, 45]],
    ["fabric_manager_down", []],
    ["driver_mismatch", []],
    ["ib_flap", []],
    ["app_fault_xid13", [13, 13, 43, 13, 13, 43]],
    ["contained_94", [94, 45]],
    ["sdc_suspect", []],
    ["stale_telemetry", []],
    ["boot_nvlink_training", [149, 149, 149, 149, 149, 149, 149, 149]],
  ])("the log of %s holds the XIDs %j in this order", (label, xids) => {
    expect(xidsOf(label)).toEqual(xids);
  });

  it.each([
    ["memory_pressure", "cuda_out_of_memory"],
    ["gpu_fallen_off_bus", "aer_fatal"],
    ["power_brake", "power_alarm"],
    ["pcie_degraded", "pcie_bandwidth_limited"],
    ["pcie_degraded", "aer_corrected"],
    ["nvswitch_fatal", "fabric_manager_error"],
    ["fabric_manager_down", "fabric_manager_version_mismatch"],
    ["fabric_manager_down", "cuda_not_initialized"],
    ["driver_mismatch", "api_mismatch"],
    ["ib_flap", "ib_link_down"],
    ["ib_flap", "ib_link_up"],
    ["sdc_suspect", "numeric_anomaly"],
  ])("the log of %s holds the signal %s", (label, signal) => {
    expect(signalsOf(label)).toContain(signal);
  });

  it("a healthy log holds nothing but the boot", () => {
    expect(signalsOf("healthy")).toEqual(["boot", "driver_load"]);
  });

  it("a lost GPU is counted by nobody: one short, no series, and still named", () => {
    const node = nodeOf("gpu_fallen_off_bus", 7);
    const reading = node.reading();
    expect(reading).toMatchObject({ attachedGpus: 3, expectedGpus: 4 });
    expect(reading.gpus.filter((gpu) => gpu.isLost).map((gpu) => gpu.index)).toEqual([node.faultyGpu]);
    expect(node.metricsText()).not.toContain(reading.gpus[node.faultyGpu]?.uuid);
  });

  it("one fatal SXID is one event, although it takes three lines", () => {
    const events = parseLog(nodeOf("nvswitch_fatal", 7).kernelLog()).events.filter((event) => event.kind === "sxid");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ sxid: 19_084, isFatal: true });
  });

  it("the neighbours of a hot GPU are warm, within 10 C and without throttling", () => {
    const node = nodeOf("thermal_warning", 7);
    const [hot, others] = [node.reading().gpus[node.faultyGpu], node.reading().gpus];
    expect(hot).toMatchObject({ throttleMask: 0x20 });
    expect(hot?.temperatureLimitMarginC).toBeLessThanOrEqual(0);
    for (const gpu of others.filter((row) => row.index !== node.faultyGpu)) {
      expect(gpu.throttleMask).toBe(0);
      expect((hot?.temperatureC ?? 0) - (gpu.temperatureC ?? 0)).toBeLessThan(10);
      expect(gpu.temperatureLimitMarginC).toBeGreaterThan(0);
    }
  });

  it("an application fault never names the same cluster of a GPU twice", () => {
    for (const seed of [1, 7, 42]) {
      const places = parseLog(nodeOf("app_fault_xid13", seed).kernelLog()).events.flatMap((event) =>
        event.kind === "xid" && event.detail.gpc !== undefined
          ? [`${event.pci} ${event.detail.gpc} ${event.detail.tpc}`]
          : [],
      );
      expect(places).toHaveLength(2);
      expect(new Set(places).size).toBe(2);
    }
  });

  it("link events of a boot come within 90 seconds of it and leave all links active", () => {
    const node = nodeOf("boot_nvlink_training", 7);
    const { events } = parseLog(node.kernelLog());
    const bootMs = events.find((event) => event.kind === "signal" && event.signal === "boot")?.atMs ?? 0;
    for (const event of events.filter((row) => row.kind === "xid")) {
      expect((event.atMs ?? Infinity) - bootMs).toBeLessThanOrEqual(90_000);
    }
    for (const gpu of node.reading().gpus) {
      expect(gpu.nvlinks?.every((link) => link.isActive)).toBe(true);
      expect(gpu).toMatchObject({ fabricState: "Completed", recoveryAction: "None" });
    }
  });
});
