import type { GpuEvent } from "../event.ts";
import { BoundedMap } from "./bounded-map.ts";
import { normalizePci } from "./pci.ts";

const PCI = "[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\\.[0-7])?";
const UUID_LINE = new RegExp(`^NVRM: GPU at (?:PCI:)?(${PCI}): (GPU-[0-9a-fA-F-]{8,64})\\s*$`);
const BOARD_SERIAL_LINE = /^NVRM: GPU Board Serial Number: ([\w-]{1,32})\s*$/;
const SERIAL_LINE = new RegExp(`^NVRM: GPU (?:PCI:)?(${PCI}): GPU serial number is ([\\w-]{1,32})\\.?\\s*$`);

/** The driver prints the board's serial right below the UUID; further down it belongs to nothing known. */
const SERIAL_DISTANCE_LINES = 8;
const MAX_GPUS = 1024;

interface Identity {
  uuid?: string;
  serial?: string;
}

export interface Identities {
  /** Reads a driver message; true when it was one that identifies a GPU. */
  read: (message: string, host: string | undefined, line: number) => boolean;
  /** Adds what is known about the GPU of an event; what it has already stays. */
  join: (event: GpuEvent) => GpuEvent;
}

/**
 * UUID and serial by host and PCI address, from the lines the driver prints beside errors. Remembers 1,024 GPUs. A board
 * that is swapped in the course of a log gets its new identity from then on.
 */
export function createIdentities(): Identities {
  const known = new BoundedMap<Identity>(MAX_GPUS);
  let last: { readonly key: string; readonly line: number } | undefined;

  const keyOf = (host: string | undefined, pci: string): string => `${host ?? ""} ${pci}`;

  function learn(key: string, identity: Identity): void {
    const before = known.get(key);
    const isSameGpu = identity.uuid === undefined || before?.uuid === identity.uuid;
    known.set(key, isSameGpu ? { ...before, ...identity } : identity);
  }

  return {
    read(message, host, line) {
      const uuid = UUID_LINE.exec(message);
      if (uuid !== null) {
        const pci = normalizePci(uuid[1] ?? "");
        if (pci === undefined) return false;
        last = { key: keyOf(host, pci), line };
        learn(last.key, { uuid: uuid[2] ?? "" });
        return true;
      }
      const boardSerial = BOARD_SERIAL_LINE.exec(message)?.[1];
      if (boardSerial !== undefined) {
        if (last !== undefined && line - last.line <= SERIAL_DISTANCE_LINES) learn(last.key, { serial: boardSerial });
        return true;
      }
      const serial = SERIAL_LINE.exec(message);
      const pci = serial === null ? undefined : normalizePci(serial[1] ?? "");
      if (serial === null || pci === undefined) return false;
      learn(keyOf(host, pci), { serial: serial[2] ?? "" });
      return true;
    },
    join(event) {
      if (event.pci === undefined || (event.uuid !== undefined && event.serial !== undefined)) return event;
      const identity = known.get(keyOf(event.host, event.pci));
      if (identity === undefined) return event;
      // A serial without the UUID it goes with may be that of another board at the same address.
      if (event.uuid !== undefined && identity.uuid !== undefined && event.uuid !== identity.uuid) return event;
      return { ...identity, ...event };
    },
  };
}
