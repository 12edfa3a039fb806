import type { GpuEvent } from "../engine/gpu/event.ts";
import type { GpuReading } from "../engine/gpu/reading.ts";
import type { Triage } from "../engine/gpu/triage.ts";
import { toAssessmentWire } from "../tools/gpu/wire.ts";

/**
 * The one object that `gpu triage --json` prints. `gpus` are the devices that the files name, with everything a reading
 * says of them; a device that only the log names has no index and no name. `affected_gpus` are those of the verdict.
 */
export function triageJson({ assessment, reading, skippedLines }: Triage, events: readonly GpuEvent[]): object {
  const { gpus: affected, simulated: _simulated, ...wire } = toAssessmentWire(assessment);
  return {
    ...wire,
    affected_gpus: affected,
    gpus: [...reading.gpus.map((gpu) => gpuJson(gpu)), ...gpusOfLog(events, reading.gpus)],
    skipped_lines: skippedLines,
    driver_version: reading.driverVersion ?? null,
    simulated: false,
  };
}

function gpuJson(gpu: GpuReading): object {
  const { index, uuid, pci, name, ...rest } = gpu;
  return { index, uuid: uuid ?? null, pci: pci ?? null, name: name ?? null, ...snakeKeys(rest) };
}

function gpusOfLog(events: readonly GpuEvent[], known: readonly GpuReading[]): object[] {
  const found = new Map<string, { uuid?: string; serial?: string }>();
  for (const event of events) {
    const { pci, uuid, serial } = event;
    if (!isAboutGpu(event) || pci === undefined || known.some((gpu) => gpu.pci === pci)) continue;
    const before = found.get(pci);
    found.set(pci, {
      ...before,
      ...(uuid === undefined ? {} : { uuid }),
      ...(serial === undefined ? {} : { serial }),
    });
  }
  return [...found].map(([pci, { uuid, ...rest }]) => ({ index: null, uuid: uuid ?? null, pci, name: null, ...rest }));
}

/** An SXid names a switch, and the address of a bus or network line may be any device's. */
function isAboutGpu(event: GpuEvent): boolean {
  if (event.kind === "signal") return event.signal === "gpu_lost" || event.signal === "gsp_init_failed";
  return event.kind === "xid";
}

function snakeKeys(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => [toSnake(key), snakeValue(entry)]),
  );
}

function snakeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeValue);
  return typeof value === "object" && value !== null ? snakeKeys(value) : value;
}

function toSnake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
