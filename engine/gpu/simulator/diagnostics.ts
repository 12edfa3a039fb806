import type { DiagnosticMode, DiagnosticName, DiagnosticOutcome, DiagnosticResult } from "../diagnostic.ts";
import {
  judgeCompute,
  judgeMemory,
  judgeNvlink,
  judgePcie,
  judgeThermal,
  type Judgement,
} from "../diagnostics/judge.ts";
import { diagnosticSeconds } from "../diagnostics/plan.ts";
import { intrusionOf, refusalReasons } from "../diagnostics/safety.ts";
import { type DiagnosticThresholds, thresholdsFor } from "../diagnostics/thresholds.ts";
import type { GpuReading } from "../reading.ts";
import { type GpuTruth, gpuOf, type NodeDraft, truthOf } from "./fault.ts";
import type { SimulatedModel } from "./models.ts";
import { noiseAt, round } from "./noise.ts";
import type { NodeSpec } from "./node-spec.ts";

interface Subject {
  readonly gpu: GpuReading;
  readonly truth: GpuTruth;
  readonly model: SimulatedModel;
  readonly mode: DiagnosticMode;
  readonly thresholds: DiagnosticThresholds;
  /** Deterministic spread of a measurement, -1 to 1. */
  readonly spread: (name: string) => number;
}

interface Measured extends Judgement {
  readonly details: DiagnosticResult["details"];
}

export interface SimulatedDiagnosticRequest {
  readonly test: DiagnosticName;
  readonly gpu: number;
  readonly mode: DiagnosticMode;
  readonly spec: NodeSpec;
  readonly draft: NodeDraft;
  readonly hardFaultXids: readonly number[];
  readonly nowMs: number;
}

/**
 * What a test would measure on this node now. The node's own job is paused for it, which is why a busy GPU is no reason
 * to refuse here. `durationSeconds` is the time the real test would take; nothing waits for it.
 */
export function simulateDiagnostic(request: SimulatedDiagnosticRequest): DiagnosticResult {
  const { test, mode, spec, draft, nowMs } = request;
  const finish = (
    outcome: DiagnosticOutcome,
    conclusion: string,
    rest?: Partial<DiagnosticResult>,
  ): DiagnosticResult => ({
    test,
    gpu: request.gpu,
    mode,
    outcome,
    durationSeconds: 0,
    details: {},
    conclusion: `Simulated: ${conclusion}.`,
    ranAs: "simulated",
    isSimulated: true,
    ...rest,
  });

  const [problem] = draft.reading.problems;
  if (problem !== undefined) {
    return finish("unavailable", `the driver cannot be reached (${problem.message.split("\n", 1)[0]})`);
  }
  const gpu = gpuOf(draft, request.gpu);
  const reasons = refusalReasons({
    gpu,
    intrusion: intrusionOf(test, mode),
    hardFaultXids: request.hardFaultXids,
    canPauseWorkload: true,
  });
  if (reasons.length > 0) return finish("refused", `refused: ${reasons.join("; ")}`);
  if (draft.reading.isFabricManagerRunning === false && test !== "nvlink_check") {
    return finish("unavailable", "no CUDA program can start while the fabric manager is down (error 802)");
  }

  const measured = TESTS[test]({
    gpu,
    truth: truthOf(draft, request.gpu),
    model: spec.model,
    mode,
    thresholds: thresholdsFor(gpu),
    spread: (name) => noiseAt(`${spec.key}:${request.gpu}:${test}:${name}`, nowMs, 60_000),
  });
  if (draft.reading.isFabricManagerRunning === false && measured.outcome === "pass") {
    return finish("fail", "the links are up but the fabric is not ready: the fabric manager does not run", {
      durationSeconds: diagnosticSeconds(test, mode),
      details: measured.details,
    });
  }
  return finish(measured.outcome, measured.conclusion, {
    durationSeconds: diagnosticSeconds(test, mode),
    details: measured.details,
  });
}

const TESTS: Readonly<Record<DiagnosticName, (subject: Subject) => Measured>> = {
  memory_stress({ gpu, truth, mode }) {
    const newUncorrected = truth.hasBadRow ? 1 : 0;
    return {
      ...judgeMemory({
        newUncorrected,
        newCorrected: 0,
        isRemapPending: gpu.isRemapPending,
        isRemapFailed: gpu.isRemapFailed,
      }),
      details: {
        memory_tested_gb: round(((gpu.memoryTotalMib ?? 0) * 0.95) / 1024, 1),
        pattern: "walking ones, random, address",
        passes: mode === "full" ? 10 : 1,
        ecc_errors_during_test: newUncorrected,
        pages_retired: (gpu.remappedUncorrectable ?? 0) + (gpu.retiredPagesDoubleBit ?? 0),
      },
    };
  },

  compute_stress({ gpu, truth, model, mode, thresholds, spread }) {
    const share = truth.loadClockMhz / model.maxSmClockMhz;
    const sustainedTflops = round(model.computeTflops * share * (1 + 0.01 * spread("rate")), 2);
    // A defective unit is rarely hit: only the long test is sure to see it.
    const hasMiscompare = truth.hasWrongResults && mode === "full";
    const throttleMask = (gpu.throttleMask ?? 0) & ~0x1;
    return {
      ...judgeCompute({ sustainedTflops, hasMiscompare, throttleMask }, thresholds),
      details: {
        operation: "matrix multiplication",
        sustained_tflops: sustainedTflops,
        peak_temperature_c: loadTemperatureC(gpu, truth),
        thermal_throttle_events: (throttleMask & 0x60) === 0 ? 0 : mode === "full" ? 96 : 11,
        clock_boost_sustained: truth.loadClockMhz >= 0.9 * model.maxSmClockMhz,
      },
    };
  },

  nvlink_check({ gpu, model, thresholds, spread }) {
    const links = gpu.nvlinks ?? [];
    const active = links.filter((link) => link.isActive === true);
    const errors = (field: "crcErrors" | "replayErrors"): number =>
      links.reduce((sum, link) => sum + (link[field] ?? 0), 0);
    const perLink = (model.nvlink?.speedGbPerSecond ?? 0) * 0.83;
    const bandwidth = round(perLink * active.length * (1 + 0.01 * spread("rate")), 1);
    return {
      ...judgeNvlink(
        {
          linksActive: active.length,
          linksTotal: links.length,
          newErrors: 0,
          bandwidthGbPerSecond: links.length === 0 ? undefined : bandwidth,
        },
        thresholds,
      ),
      details: {
        nvlink_version: model.nvlink?.version ?? null,
        links_active: active.length,
        links_total: links.length,
        bandwidth_gb_s: links.length === 0 ? null : bandwidth,
        crc_errors: errors("crcErrors"),
        replay_errors: errors("replayErrors"),
      },
    };
  },

  pcie_bandwidth({ gpu, thresholds, spread }) {
    const width = gpu.pcieWidth ?? 0;
    const expected = thresholds.pcieTheoryGbPerSecond ?? 0;
    const lanes = width / (gpu.maxPcieWidth ?? 16);
    const bandwidth = round(expected * lanes * (0.82 + 0.015 * spread("rate")), 1);
    return {
      ...judgePcie({ width, bandwidthGbPerSecond: bandwidth }, thresholds),
      details: {
        // Under the test's own load the link leaves its idle generation.
        pcie_gen: gpu.maxPcieGeneration ?? null,
        pcie_width: width,
        bandwidth_measured_gb_s: bandwidth,
        bandwidth_expected_gb_s: expected,
        bandwidth_ratio: expected === 0 ? null : round(bandwidth / expected, 2),
      },
    };
  },

  thermal_profile({ gpu, truth, model, thresholds, spread }) {
    const load = loadTemperatureC(gpu, truth);
    const limit = thresholds.slowdownC ?? model.slowdownC;
    const judgement = judgeThermal(
      { loadTemperatureC: load, throttleMask: (gpu.throttleMask ?? 0) & ~0x1 },
      thresholds,
    );
    return {
      ...judgement,
      details: {
        idle_temperature_c: round(truth.supplyC + 40 * (model.idlePowerW / model.powerLimitW) + spread("idle")),
        load_temperature_c: load,
        thermal_headroom_c: limit - load,
        fan_response_adequate: judgement.outcome !== "fail",
        ambient_temperature_c: round(truth.supplyC),
        thermal_paste_condition: "good",
      },
    };
  },
};

/** A busy GPU shows its temperature under load already; an idle one is computed from what the load would draw. */
function loadTemperatureC(gpu: GpuReading, truth: GpuTruth): number {
  const isBusy = (gpu.utilizationPct ?? 0) > 20;
  if (isBusy && gpu.temperatureC !== undefined) return gpu.temperatureC;
  return round(truth.supplyC + 40 * truth.loadPower);
}
