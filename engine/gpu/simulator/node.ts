import { ServiceError } from "../../../lib/errors.ts";
import { seededRandom } from "../../../lib/random.ts";
import type { DiagnosticMode, DiagnosticName, DiagnosticResult } from "../diagnostic.ts";
import { HARD_FAULT_XIDS } from "../diagnostics/safety.ts";
import type { NodeReading } from "../reading.ts";
import { compact } from "../readings/value.ts";
import { healthyGpu } from "./baseline.ts";
import { simulateDiagnostic } from "./diagnostics.ts";
import type { Fault, FaultContext, LogLine, NodeDraft } from "./fault.ts";
import { faultOf } from "./faults/index.ts";
import { renderKernelLog } from "./kernel-log.ts";
import { renderMetrics, XID_WINDOW_MS } from "./metrics-text.ts";
import { type SimulatedModel, simulatedModel } from "./models.ts";
import { gpuIdentities, jobOf, type NodeSpec } from "./node-spec.ts";
import { findScenario, type ModelName, scenarioLabel, type Scenario } from "./scenarios.ts";
import { renderSmiXml } from "./smi-xml.ts";

export interface SimulatedNodeOptions {
  readonly seed: number | string;
  /** A scenario or its label, `name` or `name:variant`. */
  readonly scenario: string | Scenario;
  /** Unix milliseconds. The fault began 20 to 30 minutes before, so a node shows its scenario at once. */
  readonly nowMs: number;
  /** 1 to 16; 4 by default. */
  readonly gpuCount?: number;
  readonly nodeIndex?: number;
  /** The scenario's own model, else H100. */
  readonly model?: ModelName;
  readonly rack?: string;
  /** Warmer supply than normal, for example through a neighbour in the rack. */
  readonly warmerByC?: number;
  /** When given, the node is healthy until this long after `nowMs`. Scenarios that exist since boot ignore it. */
  readonly faultAfterMs?: number;
}

/**
 * One GPU node made from a seed. Readings, log, metrics, XML and diagnostics are views of one state, which is a pure
 * function of the options and the time: the same seed and the same times give the same output, however often the node
 * was ticked in between. Everything it answers is marked as simulated.
 */
export interface SimulatedNode {
  readonly scenario: Scenario;
  readonly hostname: string;
  readonly rack: string;
  readonly gpuCount: number;
  /** The GPU that has the fault, drawn from the seed; of a scenario without one it means nothing. */
  readonly faultyGpu: number;
  /** Moves the node to this time; an earlier time than the current one changes nothing. */
  tick(nowMs: number): void;
  reading(): NodeReading;
  /** Journal lines as `journalctl -o short-iso` prints them. */
  kernelLog(): string;
  /** What dcgm-exporter serves. */
  metricsText(): string;
  /** The document of `nvidia-smi -q -x`; empty when the tool prints none. */
  smiXml(): string;
  /** Everything `nvidia-smi -q -x` prints, and its exit code. */
  smiCommand(): { readonly stdout: string; readonly exitCode: number };
  /** Throws ServiceError `gpu_not_found` naming the valid ids. */
  runDiagnostic(request: { test: DiagnosticName; gpu: number; mode: DiagnosticMode }): DiagnosticResult;
}

export const MAX_GPUS = 16;
const NORMAL_SUPPLY_C = 24;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Throws ServiceError `invalid_input` for an unknown scenario, one that the model cannot have, and a number of GPUs outside
 * 1 to 16.
 */
export function createSimulatedNode(options: SimulatedNodeOptions): SimulatedNode {
  const spec = createSpec(options);
  const fault = faultOf(spec.scenario);
  let nowMs = options.nowMs;

  const context = (): FaultContext => contextAt(spec, nowMs);
  const faultLines = (): readonly LogLine[] => fault.log(context()).filter((line) => line.atMs <= nowMs);
  const draft = (): NodeDraft => draftAt(spec, fault, faultLines(), nowMs);
  const smiXml = (): string => {
    const { reading, smi } = draft();
    return smi.hasDocument ? renderSmiXml(reading, spec.model.schema, nowMs) : "";
  };

  return {
    scenario: spec.scenario,
    hostname: spec.hostname,
    rack: spec.rack,
    gpuCount: spec.gpus.length,
    faultyGpu: spec.faultyGpu,
    tick(time) {
      nowMs = Math.max(nowMs, time);
    },
    reading: () => draft().reading,
    kernelLog: () => renderKernelLog(spec, faultLines(), nowMs),
    metricsText: () => renderMetrics(draft().reading),
    smiXml,
    smiCommand() {
      const { smi } = draft();
      return { stdout: `${smi.message === undefined ? "" : `${smi.message}\n`}${smiXml()}`, exitCode: smi.exitCode };
    },
    runDiagnostic({ test, gpu, mode }) {
      if (!Number.isInteger(gpu) || gpu < 0 || gpu >= spec.gpus.length) {
        throw new ServiceError(
          "gpu_not_found",
          `no GPU ${gpu} on ${spec.hostname}; ids are 0 to ${spec.gpus.length - 1}`,
        );
      }
      const hardFaultXids = HARD_FAULT_XIDS.filter((code) =>
        faultLines().some((line) => line.xid?.code === code && line.xid.gpu === gpu),
      );
      return simulateDiagnostic({ test, gpu, mode, spec, draft: draft(), hardFaultXids, nowMs });
    },
  };
}

function createSpec(options: SimulatedNodeOptions): NodeSpec {
  const { seed, nowMs, gpuCount = 4, nodeIndex = 0 } = options;
  if (!Number.isInteger(gpuCount) || gpuCount < 1 || gpuCount > MAX_GPUS) {
    throw new ServiceError("invalid_input", `a simulated node has 1 to ${MAX_GPUS} GPUs, not ${gpuCount}`);
  }
  const scenario = typeof options.scenario === "string" ? findScenario(options.scenario) : options.scenario;
  const fault = faultOf(scenario);
  const model = simulatedModel(options.model ?? scenario.model ?? "H100");
  if (!canHave(model, fault)) {
    throw new ServiceError(
      "invalid_input",
      `${scenarioLabel(scenario)} needs a GPU with ${fault.needs}; ${model.productName} has none`,
    );
  }
  const key = `${seed}:${nodeIndex}`;
  const random = seededRandom(`${key}:spec`);
  const faultyGpu = Math.floor(random() * gpuCount);
  const days = 3 + 37 * random();
  const minutes = 20 + 10 * random();
  const bootAtMs = nowMs - (fault.uptimeMs?.(random) ?? Math.round(days * DAY_MS));
  const faultAtMs =
    fault.uptimeMs === undefined ? nowMs + (options.faultAfterMs ?? -Math.round(minutes * MINUTE_MS)) : bootAtMs;
  return {
    key,
    nodeIndex,
    hostname: `gpu-node-${String(nodeIndex + 1).padStart(3, "0")}`,
    rack: options.rack ?? "rack-01",
    scenario,
    model,
    gpus: gpuIdentities(key, gpuCount),
    faultyGpu,
    bootAtMs,
    faultAtMs,
    supplyC: NORMAL_SUPPLY_C + (options.warmerByC ?? 0),
    job: jobOf(key, gpuCount),
  };
}

function canHave(model: SimulatedModel, { needs }: Fault): boolean {
  switch (needs) {
    case undefined:
      return true;
    case "row remapping":
      return model.remapBanks !== undefined;
    case "NVLink":
      return model.nvlink !== undefined;
    case "NVLink 5":
      return model.nvlink?.version === 5;
  }
}

function contextAt(spec: NodeSpec, nowMs: number): FaultContext {
  const identity = spec.gpus[spec.faultyGpu];
  if (identity === undefined) throw new Error(`simulated node has no GPU ${spec.faultyGpu}`);
  return { spec, nowMs, gpu: spec.faultyGpu, identity, peers: spec.gpus.filter((gpu) => gpu !== identity) };
}

function draftAt(spec: NodeSpec, fault: Fault, lines: readonly LogLine[], nowMs: number): NodeDraft {
  const hasFault = nowMs >= spec.faultAtMs;
  const supplyC = spec.supplyC + (hasFault ? (fault.warmsRackByC ?? 0) : 0);
  const idle = idleGpu(spec);
  const { model } = spec;
  const draft: NodeDraft = {
    reading: {
      origin: "simulated",
      isSimulated: true,
      hostname: spec.hostname,
      rack: spec.rack,
      collectedAtMs: nowMs,
      driverVersion: model.driverVersion,
      cudaVersion: model.cudaVersion,
      fabricManagerVersion: model.hasFabric ? model.driverVersion : undefined,
      isFabricManagerRunning: model.hasFabric ? true : undefined,
      attachedGpus: spec.gpus.length,
      expectedGpus: spec.gpus.length,
      gpus: spec.gpus.map((gpu) => healthyGpu(spec, gpu.index, nowMs, { isBusy: gpu.index !== idle, supplyC })),
      problems: [],
    },
    truth: spec.gpus.map(() => ({
      supplyC,
      loadClockMhz: model.maxSmClockMhz,
      loadPower: 0.97,
      hasBadRow: false,
      hasWrongResults: false,
    })),
    smi: { hasDocument: true, exitCode: 0 },
  };
  if (hasFault) fault.apply(draft, contextAt(spec, nowMs));
  addExporterXids(draft.reading, lines, nowMs);
  const reading = compact({ ...draft.reading, gpus: draft.reading.gpus.map((gpu) => compact(gpu)) });
  return { ...draft, reading };
}

/** On half of the healthy nodes one GPU has nothing to do. */
function idleGpu(spec: NodeSpec): number | undefined {
  const random = seededRandom(`${spec.key}:idle`);
  if (spec.scenario.name !== "healthy" || spec.gpus.length < 2 || random() < 0.5) return undefined;
  return Math.floor(random() * spec.gpus.length);
}

/** The exporter keeps the last code it saw and counts those of its window; it knows no GPU that is lost. */
function addExporterXids(reading: NodeReading, lines: readonly LogLine[], nowMs: number): void {
  for (const gpu of reading.gpus) {
    const codes = lines.filter((line) => line.xid?.gpu === gpu.index);
    const last = codes.at(-1)?.xid?.code;
    if (last === undefined || gpu.isLost === true) continue;
    gpu.lastXid = last;
    const recent = codes.filter((line) => line.atMs > nowMs - XID_WINDOW_MS);
    if (recent.length === 0) continue;
    gpu.windowedXids = {};
    for (const { xid } of recent) {
      if (xid === undefined) continue;
      gpu.windowedXids[xid.code] = (gpu.windowedXids[xid.code] ?? 0) + 1;
    }
  }
}
