import type { Random } from "../../../lib/random.ts";
import type { GpuReading, NodeReading } from "../reading.ts";
import { healthyGpu } from "./baseline.ts";
import type { GpuIdentity, NodeSpec } from "./node-spec.ts";

/** One line of the node's journal; the node adds time and host. */
export interface LogLine {
  readonly atMs: number;
  /** `kernel`, or program and pid as syslog has them. */
  readonly program: string;
  readonly text: string;
  /** Set when the line is an XID, so that the exporter's gauge agrees with the log. */
  readonly xid?: { readonly gpu: number; readonly code: number };
}

/** What is true of a GPU and that only a test can show. */
export interface GpuTruth {
  supplyC: number;
  /** Highest clock the GPU reaches under load. */
  loadClockMhz: number;
  /** Share of the model's power limit that a full load draws. */
  loadPower: number;
  hasBadRow: boolean;
  hasWrongResults: boolean;
}

/** A node at one moment, open to the fault that is being applied to it. */
export interface NodeDraft {
  readonly reading: NodeReading;
  readonly truth: GpuTruth[];
  /** What `nvidia-smi` prints before its document, or in place of it, and its exit code. */
  smi: { readonly message?: string; readonly hasDocument: boolean; readonly exitCode: number };
}

export interface FaultContext {
  readonly spec: NodeSpec;
  readonly nowMs: number;
  /** Index of the GPU that has the fault. */
  readonly gpu: number;
  readonly identity: GpuIdentity;
  /** The other GPUs of the node. */
  readonly peers: readonly GpuIdentity[];
}

/** One scenario: how it changes a healthy node, and what it writes to the log. Both are pure functions of the time. */
export interface Fault {
  /** What the GPU model must have for the fault to exist. */
  readonly needs?: "row remapping" | "NVLink" | "NVLink 5";
  /** How long the node has been up when it is created; absent means days. The fault then exists since boot. */
  readonly uptimeMs?: (random: Random) => number;
  /** The supply is this much warmer, for the node and for its rack. */
  readonly warmsRackByC?: number;
  readonly apply: (draft: NodeDraft, context: FaultContext) => void;
  /** Lines since the fault began; the node leaves out those later than now. */
  readonly log: (context: FaultContext) => readonly LogLine[];
}

export function gpuOf(draft: NodeDraft, index: number): GpuReading {
  const gpu = draft.reading.gpus[index];
  if (gpu === undefined) throw new Error(`simulated node has no GPU ${index}`);
  return gpu;
}

export function truthOf(draft: NodeDraft, index: number): GpuTruth {
  const truth = draft.truth[index];
  if (truth === undefined) throw new Error(`simulated node has no GPU ${index}`);
  return truth;
}

/** The job on these GPUs ended: no processes, idle clocks, idle power. */
export function stopJob(draft: NodeDraft, context: FaultContext, gpus: readonly number[]): void {
  for (const index of gpus) {
    const { supplyC } = truthOf(draft, index);
    draft.reading.gpus[index] = healthyGpu(context.spec, index, context.nowMs, { isBusy: false, supplyC });
  }
}

export function allGpus(context: FaultContext): number[] {
  return context.spec.gpus.map((gpu) => gpu.index);
}

/** Time `seconds` after the fault began. */
export function after(context: FaultContext, seconds: number): number {
  return context.spec.faultAtMs + seconds * 1000;
}

/** How many events of a steady rate happened since the fault began. */
export function countSince(context: FaultContext, perMinute: number): number {
  return Math.max(0, Math.floor(((context.nowMs - context.spec.faultAtMs) / 60_000) * perMinute));
}

export function kernel(atMs: number, text: string): LogLine {
  return { atMs, program: "kernel", text };
}

/** A line of the training job on this GPU. */
export function jobLine(context: FaultContext, gpu: number, atMs: number, text: string): LogLine {
  const { job } = context.spec;
  return { atMs, program: `${job.unit}[${job.pids[gpu] ?? 0}]`, text };
}

/** `NVRM: Xid (PCI:dddd:bb:dd): code, …` as the driver writes it, without the function digit. */
export function xidLine(identity: GpuIdentity, code: number, atMs: number, text: string): LogLine {
  const address = identity.pci.replace(/\.0$/, "");
  return {
    ...kernel(atMs, `NVRM: Xid (PCI:${address}): ${code}, ${text}`),
    xid: { gpu: identity.index, code },
  };
}

/** The driver names the board before the first XID of a GPU. */
export function boardLines(identity: GpuIdentity, atMs: number): LogLine[] {
  const address = identity.pci.replace(/\.0$/, "");
  return [
    kernel(atMs, `NVRM: GPU at PCI:${address}: ${identity.uuid}`),
    kernel(atMs, `NVRM: GPU Board Serial Number: ${identity.serial}`),
  ];
}

export function jobProcess(context: FaultContext, gpu: number): string {
  const { job } = context.spec;
  return `pid=${job.pids[gpu] ?? 0}, name=${job.name}`;
}

export const NO_PROCESS = "pid='<unknown>', name=<unknown>";
