import { linkDownReason } from "../catalog/nvlink5-link-down.ts";
import type { XidDetail } from "../event.ts";
import { normalizePci } from "./pci.ts";

/** An XID line of the driver, taken apart. */
export interface XidRecord {
  readonly xid: number;
  readonly pci: string;
  readonly pid?: number;
  readonly processName?: string;
  readonly text: string;
  readonly detail: XidDetail;
}

/** How a driver record of an XID begins; a message that begins so and does not parse is a damaged record. */
export const XID_START = "NVRM: Xid";

// MIG puts the GPU instance behind the address: (PCI:0000:9a:00 GPU-I:05).
const RECORD = /^NVRM: Xid \((?:PCI:)?([0-9a-fA-F:.]{7,17})(?: [^()]{1,64})?\): (\d{1,5})(?:$|,\s?([^]*)$)/;
// Process names are cut to 15 characters by the kernel and may hold anything; the first comma ends one.
const PROCESS = /^pid=(?:'([^']*)'|([^,]*)), name=(?:'([^']*)'|([^,]*))(?:,\s?|$)/;
const PID_ONLY = /^pid=(?:'([^']*)'|([^,\s]*))(?:,\s?|$)/;

/** Reads `NVRM: Xid (...): N, ...`. Undefined when the message is not a whole record. Never throws. */
export function parseXidRecord(message: string): XidRecord | undefined {
  const match = RECORD.exec(message);
  if (match === null) return undefined;
  const [, address = "", number, body = ""] = match;
  const pci = normalizePci(address);
  const xid = Number(number);
  if (pci === undefined || xid === 0) return undefined;

  const process = PROCESS.exec(body) ?? PID_ONLY.exec(body);
  const text = (process === null ? body : body.slice(process[0].length)).trim();
  const pid = Number(process?.[1] ?? process?.[2] ?? "");
  const name = (process?.[3] ?? process?.[4] ?? "").trim();
  return {
    xid,
    pci,
    ...(process !== null && Number.isInteger(pid) && pid > 0 ? { pid } : {}),
    ...(name === "" || name === "<unknown>" ? {} : { processName: name }),
    text,
    detail: decodeDetail(xid, text),
  };
}

function decodeDetail(xid: number, text: string): XidDetail {
  if (xid >= 144 && xid <= 150) return nvlink5Detail(xid, text);
  switch (xid) {
    case 13: {
      const place = /\(GPC (\d+), TPC (\d+)(?:, SM (\d+))?\)/.exec(text);
      if (place === null) return {};
      const [, gpc, tpc, sm] = place;
      return { gpc: Number(gpc), tpc: Number(tpc), ...(sm === undefined ? {} : { sm: Number(sm) }) };
    }
    case 31: {
      const engine = /MMU Fault: ENGINE (\w+)/.exec(text)?.[1];
      const access = /\bACCESS_TYPE_(\w+)/.exec(text)?.[1];
      return { ...(engine === undefined ? {} : { engine }), ...(access === undefined ? {} : { access }) };
    }
    case 45: {
      const parent = /caused by previous Xid (\d{1,5})\b/.exec(text)?.[1];
      return parent === undefined ? {} : { causedByXid: Number(parent) };
    }
    case 63:
    case 64:
      return remapDetail(text);
    case 74: {
      const fault = /\blink (-?\d{1,3})\s*\(([^)]*)\)/i.exec(text);
      if (fault === null) return {};
      const words = hexWords(fault[2] ?? "");
      return { link: Number(fault[1]), ...(words.length === 0 ? {} : { words }) };
    }
    case 119: {
      const wait = /Timeout after (\d+)s? of waiting for RPC response/.exec(text)?.[1];
      const rpc = /Expected function (\d+(?: \([^)]*\))?)/.exec(text)?.[1];
      return {
        ...(wait === undefined ? {} : { waitedS: Number(wait) }),
        ...(rpc === undefined ? {} : { rpcFunction: rpc }),
      };
    }
    case 154: {
      const change = /changed from (0x[0-9a-f]+|\d+) \(([^)]*)\) to (0x[0-9a-f]+|\d+) \(([^)]*)\)/i.exec(text);
      if (change === null) return {};
      return { recoveryFrom: Number(change[1]), recoveryTo: Number(change[3]), recoveryText: (change[4] ?? "").trim() };
    }
    default:
      return {};
  }
}

function remapDetail(text: string): XidDetail {
  if (/reserved rows for bank are remapped/i.test(text)) return { isRemapExhausted: true };
  return /marked for remapping/i.test(text) ? { isRemapExhausted: false } : {};
}

/** `SUBUNIT Fatal XC0 i0 Link 09 (0x004505c6 0x00000000 …)`; the parts may be padded with several spaces. */
function nvlink5Detail(xid: number, text: string): XidDetail {
  const match = /^([A-Z][A-Z0-9_]*(?:\/[A-Z0-9_]+)*)\s+(Fatal|Non-?fatal)\b(.*)$/is.exec(text);
  if (match === null) return {};
  const [, subunit = "", severity = "", rest = ""] = match;
  const isInjected = /(?:^|\s)i([01])(?:\s|$)/.exec(rest)?.[1];
  const link = /\bLink\s+(-?\d{1,3})\b/i.exec(rest)?.[1];
  const [intrInfo, errorStatus] = hexWords(/\(([^)]*)\)/.exec(rest)?.[1] ?? "");
  const isLinkEvent = xid === 149 && /NETIR_LINK_(?:EVT|DOWN)/i.test(subunit);
  return {
    subunit,
    isFatal: severity.toLowerCase() === "fatal",
    ...(isInjected === undefined ? {} : { isInjected: isInjected === "1" }),
    ...(link === undefined ? {} : { link: Number(link) }),
    ...(intrInfo === undefined ? {} : { intrInfo }),
    ...(errorStatus === undefined ? {} : { errorStatus }),
    ...(isLinkEvent && intrInfo !== undefined ? { linkDownReason: linkDownReason(intrInfo) } : {}),
  };
}

function hexWords(text: string): number[] {
  return (text.match(/0x[0-9a-f]{1,16}/gi) ?? []).slice(0, 16).map(Number);
}
