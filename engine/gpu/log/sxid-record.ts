import { normalizePci } from "./pci.ts";

/** The first line of an NVSwitch error record. */
export interface SxidRecord {
  readonly sxid: number;
  readonly nvswitch: number;
  readonly pci: string;
  readonly isFatal: boolean;
  readonly link?: number;
  readonly text: string;
}

/** How every line of an NVSwitch record begins. */
export const SXID_START = /^nvidia-nvswitch\d{1,3}: SXid\b/;

const LINE = /^nvidia-nvswitch(\d{1,3}): SXid \((?:PCI:)?([0-9a-fA-F:.]{7,17})\): (\d{1,6})(?:$|,\s?([^]*)$)/;
const SEVERITY = /^(Fatal|Non-?fatal)\b,?\s*(?:Link\s+(-?\d{1,3})\b\s*)?/i;

/**
 * Reads a line that begins as `SXID_START` says. A record has three lines with the same number, and the order of them
 * differs between drivers; only the one with the severity word counts, so that a record is one event.
 * `"continuation"` for the other lines, undefined for a damaged one. Never throws.
 */
export function parseSxidLine(message: string): SxidRecord | "continuation" | undefined {
  const match = LINE.exec(message);
  if (match === null) return undefined;
  const [, nvswitch, address = "", number, body = ""] = match;
  const pci = normalizePci(address);
  if (pci === undefined) return undefined;
  const severity = SEVERITY.exec(body);
  if (severity === null) return "continuation";
  return {
    sxid: Number(number),
    nvswitch: Number(nvswitch),
    pci,
    isFatal: severity[1]?.toLowerCase() === "fatal",
    ...(severity[2] === undefined ? {} : { link: Number(severity[2]) }),
    text: body.slice(severity[0].length).trim(),
  };
}
