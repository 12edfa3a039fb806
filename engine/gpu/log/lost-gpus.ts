import type { SignalEvent, XidEvent } from "../event.ts";
import { BoundedMap } from "./bounded-map.ts";
import { normalizePci } from "./pci.ts";

const PCI = "[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\\.[0-7])?";
const WHOLE = new RegExp(
  `^NVRM: (?:GPU (?:at )?(?:PCI:)?(${PCI}):? (?:GPU )?|The NVIDIA GPU (${PCI})\\b.*)(?:has )?fallen off the bus`,
);
const BEGIN = new RegExp(`^NVRM: The NVIDIA GPU (${PCI})\\s*(?:\\(PCI ID.*)?$`);
const END = /^\s*(?:NVRM: )?\s*(?:installed in this system has )?fallen off the bus and is not responding/;

/** The lines of one notice follow each other; this leaves room for those of other processors in between. */
const NOTICE_LINES = 64;
const MAX_NOTICES = 16;
const MAX_GPUS = 256;
const NEAR_SECONDS = 60;
const NEAR_LINES = 1_000;

type Moment = Pick<SignalEvent, "line" | "atMs" | "uptimeS" | "yearlessMs">;

/** Within a minute of each other, or within 1,000 lines where one of them has no comparable time. */
function isNear(left: Moment, right: Moment): boolean {
  if (left.atMs !== undefined && right.atMs !== undefined)
    return Math.abs(left.atMs - right.atMs) <= NEAR_SECONDS * 1000;
  if (left.uptimeS !== undefined && right.uptimeS !== undefined)
    return Math.abs(left.uptimeS - right.uptimeS) <= NEAR_SECONDS;
  if (left.yearlessMs !== undefined && right.yearlessMs !== undefined)
    return Math.abs(left.yearlessMs - right.yearlessMs) <= NEAR_SECONDS * 1000;
  return Math.abs(left.line - right.line) <= NEAR_LINES;
}

export interface LostGpus {
  /** Reads a kernel message; true when it says, or helps to say, that a GPU is lost. */
  read: (message: string, event: Omit<SignalEvent, "pci">) => boolean;
  /** XID 79 tells the same: the notices around it are not counted beside it. */
  seeXid79: (event: XidEvent) => void;
  /** Lets go of everything held back: at a reboot and at the end. */
  flush: () => void;
}

/**
 * GPUs that fell off the bus without an XID. A notice is held back for as long as an XID 79 for the same GPU may still
 * follow, and repeated notices count once. Holds 256 GPUs and 16 unfinished notices at most.
 */
export function createLostGpus(emit: (event: SignalEvent) => void): LostGpus {
  const held = new BoundedMap<{ readonly event: SignalEvent; lastSeen: Moment }>(MAX_GPUS);
  const reported = new BoundedMap<{ lastSeen: Moment }>(MAX_GPUS);
  let notices: SignalEvent[] = [];

  function lose(event: SignalEvent, seenAt: Moment): void {
    const key = `${event.host ?? ""} ${event.pci ?? ""}`;
    const xid79 = reported.get(key);
    if (xid79 !== undefined && isNear(xid79.lastSeen, seenAt)) {
      xid79.lastSeen = seenAt;
      return;
    }
    const before = held.get(key);
    if (before !== undefined && isNear(before.lastSeen, seenAt)) {
      before.lastSeen = seenAt;
      return;
    }
    if (before !== undefined) emit(before.event);
    const forgotten = held.set(key, { event, lastSeen: seenAt });
    if (forgotten !== undefined) emit(forgotten.event);
  }

  return {
    read(message, event) {
      const whole = WHOLE.exec(message);
      if (whole !== null) {
        const pci = normalizePci(whole[1] ?? whole[2] ?? "");
        if (pci !== undefined) lose({ ...event, pci }, event);
        return true;
      }
      const begin = BEGIN.exec(message);
      if (begin !== null) {
        const pci = normalizePci(begin[1] ?? "");
        if (pci !== undefined) notices = [...notices, { ...event, pci }].slice(-MAX_NOTICES);
        return true;
      }
      if (!END.test(message)) return false;
      notices = notices.filter((notice) => event.line - notice.line <= NOTICE_LINES);
      const notice = notices.shift();
      if (notice !== undefined) lose({ ...notice, text: `${notice.text} … ${event.text}` }, event);
      return true;
    },
    seeXid79(event) {
      const key = `${event.host ?? ""} ${event.pci ?? ""}`;
      const before = held.get(key);
      if (before !== undefined) {
        if (!isNear(before.lastSeen, event)) emit(before.event);
        held.delete(key);
      }
      reported.set(key, { lastSeen: event });
    },
    flush() {
      for (const { event } of held.values()) {
        emit(event);
        held.delete(`${event.host ?? ""} ${event.pci ?? ""}`);
      }
      for (const key of reported.keys()) reported.delete(key);
      notices = [];
    },
  };
}
