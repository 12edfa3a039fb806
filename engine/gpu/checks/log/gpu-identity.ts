import type { GpuEvent } from "../../event.ts";
import type { GpuReading, NodeReading } from "../../reading.ts";

/** A GPU as the assessment names it: by reading where it is known, else by what the log says. */
export interface GpuRef {
  /** The same for all records of one GPU of one host, and different for any other. */
  readonly key: string;
  readonly index?: number;
  readonly pci?: string;
  readonly reading?: GpuReading;
}

export interface GpuIdentities {
  /** The GPU a record is about; undefined when it names none. */
  resolve(event: GpuEvent): GpuRef | undefined;
  /** Records of several hosts are in the log: names of hosts then tell GPUs apart. */
  readonly isMixed: boolean;
}

/**
 * Joins the records of a log with the GPUs of a reading by PCI address and UUID. With records of several hosts only those
 * of the reading's own host are joined: the same address on another host is another GPU.
 */
export function createIdentities(reading: NodeReading | undefined, hosts: readonly string[]): GpuIdentities {
  const known = (reading?.gpus ?? []).map((gpu) => ({
    key: `gpu ${gpu.index}`,
    index: gpu.index,
    ...(gpu.pci === undefined ? {} : { pci: gpu.pci }),
    reading: gpu,
  }));
  const isMixed = hosts.length > 1;
  const isOwnHost = (host: string | undefined): boolean =>
    !isMixed || host === undefined || isSameHost(host, reading?.hostname);

  return {
    isMixed,
    resolve(event) {
      const ref = isOwnHost(event.host) ? known.find((candidate) => isSameGpu(candidate.reading, event)) : undefined;
      if (ref !== undefined) return ref;
      const name = event.pci ?? event.uuid;
      if (name === undefined) return undefined;
      return {
        key: `${isMixed ? (event.host ?? "") : ""}/${event.pci === undefined ? name : shortPci(name)}`,
        ...(event.pci === undefined ? {} : { pci: event.pci }),
      };
    },
  };
}

function isSameGpu(gpu: GpuReading, event: GpuEvent): boolean {
  if (event.pci !== undefined && gpu.pci !== undefined) return shortPci(event.pci) === shortPci(gpu.pci);
  if (event.uuid !== undefined && gpu.uuid !== undefined) return event.uuid === gpu.uuid;
  if (event.pci !== undefined || event.uuid !== undefined) return false;
  // A job names its device by CUDA's number, which is the reading's order unless the job was given a subset.
  const cuda = event.kind === "signal" ? /^cuda:(\d{1,3})$/.exec(event.device ?? "")?.[1] : undefined;
  return cuda !== undefined && Number(cuda) === gpu.index;
}

/** An address in lower case, with a domain of four digits and without the function, which not every line prints. */
export function shortPci(address: string): string {
  return address
    .toLowerCase()
    .replace(/^0{4}(?=[0-9a-f]{4}:)/, "")
    .replace(/\.\d$/, "");
}

/** Compares host names by their first label, without regard to case. */
export function isSameHost(left: string | undefined, right: string | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return firstLabel(left) === firstLabel(right);
}

function firstLabel(host: string): string {
  return host.toLowerCase().split(".")[0] ?? "";
}
