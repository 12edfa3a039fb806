import { checkReading } from "../../../../engine/gpu/checks/index.ts";
import type { Finding } from "../../../../engine/gpu/finding.ts";
import type { GpuReading, NodeReading } from "../../../../engine/gpu/reading.ts";

/** A busy, healthy H100 as its driver reports it. */
export function h100(changes: Partial<GpuReading> = {}): GpuReading {
  const index = changes.index ?? 0;
  return {
    index,
    uuid: `GPU-0000000${index}-0000-0000-0000-000000000000`,
    pci: `0000:${(0x1b + index).toString(16)}:00.0`,
    name: "NVIDIA H100 80GB HBM3",
    temperatureC: 55,
    temperatureLimitMarginC: 30,
    powerDrawW: 500,
    powerLimitW: 700,
    defaultPowerLimitW: 700,
    smClockMhz: 1980,
    maxSmClockMhz: 1980,
    throttleMask: 0,
    utilizationPct: 97,
    memoryUsedMib: 40_000,
    memoryTotalMib: 81_559,
    eccVolatile: { dramCorrected: 0, dramUncorrected: 0, sramCorrected: 0, sramUncorrected: 0 },
    isRemapPending: false,
    isRemapFailed: false,
    pcieGeneration: 5,
    maxPcieGeneration: 5,
    pcieWidth: 16,
    maxPcieWidth: 16,
    fabricState: "Completed",
    fabricStatus: "Success",
    nvlinks: Array.from({ length: 18 }, (_, link) => ({ link, isActive: true, replayErrors: 0, crcErrors: 0 })),
    processes: [{ pid: 4242, name: "python3", memoryUsedMib: 39_000 }],
    ...changes,
  };
}

export function node(gpus: readonly GpuReading[], changes: Partial<NodeReading> = {}): NodeReading {
  return {
    origin: "file",
    isSimulated: false,
    hostname: "node-1",
    attachedGpus: gpus.length,
    gpus: [...gpus],
    problems: [],
    ...changes,
  };
}

/** A node of `count` healthy GPUs of which the first has the changes. */
export function nodeWith(changes: Partial<GpuReading>, count = 4): NodeReading {
  return node(Array.from({ length: count }, (_, index) => h100(index === 0 ? changes : { index })));
}

/** Findings about GPU 0 of such a node, by rule. */
export function rulesFor(changes: Partial<GpuReading>, count = 4): Record<string, Finding> {
  const findings = checkReading(nodeWith(changes, count)).filter((finding) => finding.gpu === 0);
  return Object.fromEntries(findings.map((finding) => [finding.rule, finding]));
}
