import type { NodeReading, SourceProblem } from "../reading.ts";
import { pciAddress } from "./value.ts";

/**
 * What `nvidia-smi` says outside its report: before it, after it, or in its place. Whole-node failures become problems of
 * the source; messages about one device are kept for that device.
 */
export interface SmiMessages {
  readonly problems: readonly SourceProblem[];
  readonly devices: readonly { readonly pci: string; readonly text: string; readonly isLost: boolean }[];
}

const PROBLEMS: readonly (readonly [SourceProblem["kind"], RegExp])[] = [
  ["driver_mismatch", /driver\/library version mismatch/i],
  ["driver_not_loaded", /couldn't communicate with the nvidia driver|nvidia driver is not loaded/i],
  ["no_devices", /no devices were found/i],
  ["failed", /failed to initialize nvml|unable to determine the device handle/i],
];

const DEVICE =
  /unable to determine the device handle for gpu\s*\d*:?\s*([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/i;
const INFOROM = /infoROM is corrupted at gpu ([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/i;

export function readSmiMessages(text: string): SmiMessages {
  const problems: SourceProblem[] = [];
  const devices: { pci: string; text: string; isLost: boolean }[] = [];
  for (const line of text.split(/\r?\n/).slice(0, 200)) {
    const message = line.trim().slice(0, 400);
    const kind = PROBLEMS.find(([, pattern]) => pattern.test(message))?.[0];
    const lost = pciAddress(DEVICE.exec(message)?.[1]);
    const corrupted = pciAddress(INFOROM.exec(message)?.[1]);
    if (lost !== undefined) devices.push({ pci: lost, text: message, isLost: true });
    else if (corrupted !== undefined) devices.push({ pci: corrupted, text: message, isLost: false });
    else if (kind !== undefined) problems.push({ kind, message });
  }
  return { problems, devices };
}

/** Adds the messages to a reading: a device that only a message names becomes a GPU of its own at the end. */
export function addSmiMessages(reading: NodeReading, messages: SmiMessages): NodeReading {
  const gpus = [...reading.gpus];
  for (const { pci, text, isLost } of messages.devices) {
    const at = gpus.findIndex((gpu) => gpu.pci === pci);
    const known = gpus[at] ?? { index: gpus.length, pci };
    const marked = { ...known, errorText: known.errorText ?? text, ...(isLost ? { isLost } : {}) };
    if (at === -1) gpus.push(marked);
    else gpus[at] = marked;
  }
  return { ...reading, gpus, problems: [...reading.problems, ...messages.problems] };
}
