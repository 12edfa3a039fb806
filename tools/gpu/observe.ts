import { assess } from "../../engine/gpu/assess/assess.ts";
import type { GpuEvent, LogParse } from "../../engine/gpu/event.ts";
import type { Assessment } from "../../engine/gpu/finding.ts";
import type { GpuReading, NodeReading } from "../../engine/gpu/reading.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { GpuToolContext } from "./context.ts";
import type { SourceNode } from "./telemetry/source.ts";

/** One look at a node: its reading, its kernel events and what the rules engine makes of both. */
export interface Observation {
  readonly node: SourceNode;
  readonly reading: NodeReading;
  readonly log: LogParse;
  readonly assessment: Assessment;
}

export interface ObserveOptions {
  /** Absent means the first node. */
  readonly node?: string;
  readonly signal: AbortSignal;
}

/** Reads and assesses a node. Throws `node_not_found` naming the nodes that exist. */
export async function observeNode(
  { telemetry, clock }: Pick<GpuToolContext, "telemetry" | "clock">,
  { node, signal }: ObserveOptions,
): Promise<Observation> {
  const found = await findNode(telemetry, { node, signal });
  const where = { node: found.id, signal };
  const [reading, log] = await Promise.all([telemetry.readNode(where), telemetry.readEvents(where)]);
  return { node: found, reading, log, assessment: assess({ reading, log, nowMs: clock.now() }) };
}

export async function findNode(
  telemetry: GpuToolContext["telemetry"],
  { node, signal }: ObserveOptions,
): Promise<SourceNode> {
  const nodes = await telemetry.listNodes(signal);
  const found = node === undefined ? nodes[0] : nodes.find((candidate) => candidate.id === node);
  if (found !== undefined) return found;
  const ids = nodes.map((candidate) => candidate.id);
  const shown = `${ids.slice(0, 20).join(", ")}${ids.length > 20 ? `, and ${ids.length - 20} more` : ""}`;
  throw new ServiceError("node_not_found", `no node ${JSON.stringify(node ?? "")}; nodes are ${shown || "none"}`, {
    data: { available_nodes: ids.slice(0, 20) },
  });
}

/** Ids that may be asked about: GPUs in the reading, and lost ones that only a finding names. Ascending. */
export function knownGpuIds({ reading, assessment }: Pick<Observation, "reading" | "assessment">): readonly number[] {
  const ids = [...reading.gpus.map((gpu) => gpu.index), ...assessment.findings.flatMap((finding) => finding.gpu ?? [])];
  return [...new Set(ids)].sort((left, right) => left - right);
}

/** Throws `gpu_not_found` naming the valid ids. */
export function requireGpu(gpuId: number, observation: Observation): void {
  const ids = knownGpuIds(observation);
  if (ids.includes(gpuId)) return;
  const valid = ids.length === 0 ? "none is readable" : `valid ids are ${ids.join(", ")}`;
  throw new ServiceError("gpu_not_found", `no GPU ${gpuId} on node ${observation.node.id}: ${valid}`, {
    data: { available_gpus: [...ids] },
  });
}

/** The GPU an event is about: by UUID, which survives renumbering, else by PCI address. */
export function gpuOfEvent(event: GpuEvent, gpus: readonly GpuReading[]): number | undefined {
  const byUuid = event.uuid === undefined ? undefined : gpus.find((gpu) => gpu.uuid === event.uuid);
  const found = byUuid ?? (event.pci === undefined ? undefined : gpus.find((gpu) => gpu.pci === event.pci));
  return found?.index;
}
