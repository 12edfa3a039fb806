import type { GpuReading, NodeReading, SourceProblem } from "../reading.ts";

/**
 * One reading out of several of the same node. GPUs are joined by UUID, then by PCI address, then by index; what an
 * earlier reading says stands and later ones fill gaps. A different GPU count or driver version, and a GPU that two sources
 * name differently, are noted in `problems`, because then the files may not be of one machine.
 * No readings give an empty reading.
 */
export function mergeReadings(readings: readonly NodeReading[]): NodeReading {
  const [first, ...others] = readings;
  if (first === undefined) return { origin: "file", isSimulated: false, gpus: [], problems: [] };
  return others.reduce(mergeTwo, first);
}

function mergeTwo(base: NodeReading, other: NodeReading): NodeReading {
  const problems: SourceProblem[] = [...base.problems, ...other.problems];
  const note = (message: string): void => {
    problems.push({ kind: "unreadable", message });
  };
  if (differs(base.driverVersion, other.driverVersion)) {
    note(`two sources name different driver versions: ${base.driverVersion} and ${other.driverVersion}`);
  }
  if (differs(base.hostname, other.hostname)) {
    note(`two sources name different hosts: ${base.hostname} and ${other.hostname}`);
  }

  const gpus = [...base.gpus];
  for (const gpu of other.gpus) {
    const at = findSame(gpus, gpu);
    const known = gpus[at];
    if (known === undefined) gpus.push({ ...gpu, index: freeIndex(gpus, gpu.index) });
    else {
      if (differs(known.name, gpu.name)) note(`GPU ${known.index} has two names: ${known.name} and ${gpu.name}`);
      gpus[at] = fillGaps(known, gpu);
    }
  }
  return {
    ...fillGaps(base, other),
    isSimulated: base.isSimulated || other.isSimulated,
    gpus: gpus.sort((left, right) => left.index - right.index),
    problems,
  };
}

function differs(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left !== right;
}

function findSame(gpus: readonly GpuReading[], gpu: GpuReading): number {
  const by = (key: "uuid" | "pci"): number =>
    gpu[key] === undefined ? -1 : gpus.findIndex((known) => known[key] === gpu[key]);
  const uuid = by("uuid");
  if (uuid !== -1) return uuid;
  const pci = by("pci");
  if (pci !== -1) return pci;
  // Equal positions mean the same device only while nothing better contradicts it.
  return gpus.findIndex(
    (known) => known.index === gpu.index && !differs(known.uuid, gpu.uuid) && !differs(known.pci, gpu.pci),
  );
}

function freeIndex(gpus: readonly GpuReading[], wanted: number): number {
  const taken = new Set(gpus.map((gpu) => gpu.index));
  let index = wanted;
  while (taken.has(index)) index += 1;
  return index;
}

/** The first value that is there, key by key; counters by memory kind are filled one level down. */
function fillGaps<Shape extends object>(base: Shape, other: Shape): Shape {
  const merged = { ...other, ...base };
  for (const key of Object.keys(merged) as (keyof Shape)[]) {
    const left = base[key];
    const right = other[key];
    if (isPlainObject(left) && isPlainObject(right)) merged[key] = { ...right, ...left };
  }
  return merged;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
