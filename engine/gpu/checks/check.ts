import type { ModelLimits } from "../catalog/models.ts";
import type { Evidence, Finding } from "../finding.ts";
import type { EccCounts, GpuReading, NodeReading } from "../reading.ts";

/** What a rule about one GPU may look at. */
export interface GpuContext {
  readonly gpu: GpuReading;
  readonly node: NodeReading;
  /** Row of the model table; absent for an unknown model. Thresholds of the device come before it. */
  readonly limits?: ModelLimits;
  /** The other GPUs of the node. */
  readonly peers: readonly GpuReading[];
}

/** Judges one GPU. A value the source does not report gives no finding and counts neither as good nor as bad. */
export type GpuRule = (context: GpuContext) => Finding[];

/** Judges what belongs to the node as a whole. */
export type NodeRule = (node: NodeReading) => Finding[];

type Judgement = Omit<Finding, "count" | "gpu" | "pci" | "evidence"> & { readonly evidence: readonly Evidence[] };

export function gpuFinding({ gpu }: Pick<GpuContext, "gpu">, judgement: Judgement): Finding {
  return {
    ...judgement,
    gpu: gpu.index,
    ...(gpu.pci === undefined ? {} : { pci: gpu.pci }),
    evidence: [...judgement.evidence],
    count: 1,
  };
}

export function nodeFinding(judgement: Judgement): Finding {
  return { ...judgement, evidence: [...judgement.evidence], count: 1 };
}

type EccField = keyof EccCounts;
type BankField = "max" | "high" | "partial" | "low" | "none";

/** A scalar of a GPU reading that can be quoted. */
export type GpuField =
  keyof GpuReading | `eccVolatile.${EccField}` | `eccAggregate.${EccField}` | `remapBanks.${BankField}`;

/**
 * Quotes of the named fields, in the given order; fields the GPU does not report are left out.
 * `where` is `gpu 3 ecc_volatile.dram_uncorrected`, `quote` the value as it was read. The throttle mask is quoted in the
 * hexadecimal form that NVML and its documentation use.
 */
export function quoteGpu(gpu: GpuReading, ...fields: readonly GpuField[]): Evidence[] {
  return fields.flatMap((field) => {
    const value = readPath(gpu, field);
    if (value === undefined) return [];
    const quote = field === "throttleMask" ? `0x${Number(value).toString(16)}` : value;
    return [{ from: "reading" as const, where: `gpu ${gpu.index} ${snakeCase(field)}`, quote: quote.slice(0, 400) }];
  });
}

/** Quotes of scalar fields of the node; absent ones are left out. */
export function quoteNode(node: NodeReading, ...fields: readonly (keyof NodeReading)[]): Evidence[] {
  return fields.flatMap((field) => {
    const value = readPath(node, field);
    return value === undefined ? [] : [{ from: "reading" as const, where: `node ${snakeCase(field)}`, quote: value }];
  });
}

function readPath(root: object, path: string): string | undefined {
  let value: unknown = root;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** From this utilisation on a GPU counts as being under load, when its link and clocks should be at full speed. */
const LOAD_PCT = 20;

/** Unknown utilisation is not load: rules that need load then stay silent. */
export function isUnderLoad(gpu: GpuReading): boolean {
  return (gpu.utilizationPct ?? 0) >= LOAD_PCT;
}

/** Whether a bit of the clocks event reasons is set; false when the mask is not reported. */
export function hasThrottleBit(gpu: GpuReading, bit: number): boolean {
  return Math.floor((gpu.throttleMask ?? 0) / bit) % 2 === 1;
}

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
