import type { XidEvent } from "../event.ts";
import type { Action } from "../vocabulary.ts";
import { lookupXid } from "./xid.ts";

/** A rule that needs more than one event, or the text of the event, to settle what a code asks for. */
export interface StatefulRule {
  readonly id: string;
  readonly codes: readonly number[];
  readonly text: string;
  readonly source: string;
}

const CATALOG = "NVIDIA Xid Catalog, edition of 2026-07-14";

export const STATEFUL_RULES: readonly StatefulRule[] = [
  {
    id: "same_gpc_tpc",
    codes: [13],
    text: "A second time on the same GPC and TPC of one GPU: run diagnostics, then review for replacement. Otherwise check the application.",
    source: `${CATALOG}, workflow 13`,
  },
  {
    id: "same_gpu_across_jobs",
    codes: [31],
    text: "Again on one GPU under different jobs: run diagnostics. One event, or one application on several GPUs: check the application.",
    source: `${CATALOG}, workflow 31`,
  },
  {
    id: "follows_parent",
    codes: [45],
    text: "Follows the error that came before it. Alone on a node with NVSwitches: restart the fabric manager.",
    source: `${CATALOG}, workflow 45`,
  },
  {
    id: "ecc_with_remap",
    codes: [48],
    text: "With 63 or 64 on the same GPU: drain and reset. Alone: reset. SRAM with the threshold flag set: review for replacement.",
    source: `${CATALOG}, workflow 48`,
  },
  {
    id: "remap_pending",
    codes: [63],
    text: "A remap waits for a reset: reset in the next window, nothing has to stop now.",
    source: `${CATALOG}; leptonai/gpud xid (2026-08)`,
  },
  {
    id: "remap_failed",
    codes: [64],
    text: "Reset; review for replacement when it returns or when the bank has no spare rows.",
    source: `${CATALOG}; leptonai/gpud remapped-rows (2026-08)`,
  },
  {
    id: "contained",
    codes: [94],
    text: "Restart the one application now and reset when convenient; never a reason to reboot.",
    source: `${CATALOG}; leptonai/gpud xid threshold override (2026-08)`,
  },
  {
    id: "ctxsw_timeout",
    codes: [109],
    text: "Reset when the GPU stays stuck or it comes again; a GPU known to have recovered needs only a restart of the application.",
    source: `${CATALOG}; leptonai/gpud xid (2026-08)`,
  },
  {
    id: "nvlink_registers",
    codes: [74],
    text: "The seven register words decide. On many GPUs with links to one peer, that peer or the NVSwitch is the cause.",
    source: `${CATALOG}, NVLink workflow`,
  },
  {
    id: "nvlink5_decode",
    codes: [144, 145, 146, 147, 148, 149, 150],
    text: "Subunit and error status decide, else the word Fatal or Nonfatal.",
    source: `${CATALOG}, NVLink5 workflow`,
  },
  {
    id: "recovery_action",
    codes: [154],
    text: "The text names the action to follow; it takes the place of what the code before it asks for.",
    source: `${CATALOG}; nvml.h API 13, field 230`,
  },
  {
    id: "uvm_in_use",
    codes: [159],
    text: "Reset when unified memory or vGPU is in use, otherwise nothing.",
    source: CATALOG,
  },
  {
    id: "detail_of_48",
    codes: [171, 172],
    text: "Detail of an uncorrectable ECC error: take the action of the 48 beside it.",
    source: CATALOG,
  },
];

/** Escalation of codes that ask for a reboot. Source: leptonai/gpud xid (2026-08). */
export const REPEAT_ESCALATION = {
  reboots: 2,
  text: "The same code after two reboots asks for an inspection of the hardware.",
  source: "leptonai/gpud xid health state (2026-08)",
} as const;

/** The rule for a code, when it has one. */
export function statefulRule(code: number): StatefulRule | undefined {
  return STATEFUL_RULES.find((rule) => rule.codes.includes(code));
}

/** True when a code that asks for a reboot has come back after enough reboots to suspect the hardware. */
export function needsHardwareInspection(code: number, rebootsBefore: number): boolean {
  return lookupXid(code).action === "REBOOT_NODE" && rebootsBefore >= REPEAT_ESCALATION.reboots;
}

/** What is known beside the log; absent means unknown. */
export interface StatefulFlags {
  readonly isSramThresholdExceeded?: boolean;
  readonly isRemapFailed?: boolean;
  /** 109: false when the GPU is known to work again. */
  readonly isStuck?: boolean;
  /** 159. */
  readonly isUvmInUse?: boolean;
}

export interface StatefulOutcome {
  readonly action: Action;
  readonly followUp: readonly Action[];
  readonly rule: string;
  readonly reason: string;
  /** The code this one is an effect of; its own finding carries the action. */
  readonly followsXid?: number;
}

/**
 * What a code on one GPU asks for, given every XID of the node. `events` may hold all GPUs; `pci` picks the one asked
 * about (absent: events without an address). Undefined for codes without a rule over several events, and for those
 * that a decoder settles (74, 144–150, 154). Pure; never throws.
 */
export function refineXid(
  code: number,
  pci: string | undefined,
  events: readonly XidEvent[],
  flags: StatefulFlags = {},
): StatefulOutcome | undefined {
  const onGpu = events.filter((event) => event.pci === pci);
  const own = onGpu.filter((event) => event.xid === code);
  const has = (xid: number): boolean => onGpu.some((event) => event.xid === xid);
  const rule = statefulRule(code)?.id ?? "";
  const outcome = (action: Action, reason: string, followUp: readonly Action[] = []): StatefulOutcome => ({
    action,
    followUp,
    rule,
    reason,
  });
  switch (code) {
    case 13: {
      const place = repeatedPlace(own);
      return place === undefined
        ? outcome("CHECK_APP", "no GPC and TPC came twice")
        : outcome("RUN_DIAG", `${place} came more than once`, ["RMA_REVIEW"]);
    }
    case 31:
      return countJobs(own) > 1
        ? outcome("RUN_DIAG", "several jobs hit it on the same GPU")
        : outcome("CHECK_APP", "one job only");
    case 45: {
      const parent = parentOf(own, events);
      return parent === undefined
        ? outcome("RESTART_FABRIC_MANAGER", "no other XID to follow")
        : { ...outcome("NONE", `follows XID ${parent}`), followsXid: parent };
    }
    case 48:
      if (flags.isSramThresholdExceeded === true) return outcome("RMA_REVIEW", "the SRAM error threshold is exceeded");
      return has(63) || has(64)
        ? outcome("DRAIN_RESET", "with a row remap on the same GPU")
        : outcome("RESET_GPU", "no row remap on the same GPU");
    case 63:
      return outcome("RESET_GPU", "the remap becomes active at the next reset; it can wait for a window");
    case 64:
      return own.length > 1 ||
        flags.isRemapFailed === true ||
        own.some((event) => event.detail.isRemapExhausted === true)
        ? outcome("RMA_REVIEW", "no spare rows are left, or it came back", ["RESET_GPU"])
        : outcome("RESET_GPU", "the remap could not be recorded", ["RMA_REVIEW"]);
    case 94:
      return outcome("RESTART_APP", "contained to one application", ["RESET_GPU"]);
    case 109:
      return own.length <= 1 && flags.isStuck === false
        ? outcome("RESTART_APP", "once, and the GPU recovered")
        : outcome("RESET_GPU", own.length > 1 ? "came again" : "not known to have recovered");
    case 159:
      return flags.isUvmInUse === true
        ? outcome("RESET_GPU", "unified memory or vGPU is in use")
        : outcome("NONE", "unified memory and vGPU are not known to be in use");
    case 171:
    case 172:
      return { ...outcome("NONE", "detail of the uncorrectable error"), followsXid: 48 };
    default:
      return undefined;
  }
}

function repeatedPlace(events: readonly XidEvent[]): string | undefined {
  // One faulting kernel prints a record per SM within the same instant; only another job, or another moment,
  // shows that the place and not the program is at fault.
  const seen = new Map<string, XidEvent>();
  for (const event of events) {
    const { gpc, tpc } = event.detail;
    if (gpc === undefined || tpc === undefined) continue;
    const place = `GPC ${gpc}, TPC ${tpc}`;
    const first = seen.get(place);
    if (first === undefined) seen.set(place, event);
    else if (!isSameMoment(first, event)) return place;
  }
  return undefined;
}

/** Records of one fault: the same process, or without one the same second, or without times the neighbouring lines. */
function isSameMoment(first: XidEvent, second: XidEvent): boolean {
  if (first.pid !== undefined && second.pid !== undefined) return first.pid === second.pid;
  if (first.atMs !== undefined && second.atMs !== undefined) return Math.abs(second.atMs - first.atMs) < 1000;
  if (first.uptimeS !== undefined && second.uptimeS !== undefined) return Math.abs(second.uptimeS - first.uptimeS) < 1;
  // Whole seconds: two records of one moment may stand on both sides of a tick.
  if (first.yearlessMs !== undefined && second.yearlessMs !== undefined)
    return Math.abs(second.yearlessMs - first.yearlessMs) <= 1000;
  return Math.abs(second.line - first.line) < 64;
}

function countJobs(events: readonly XidEvent[]): number {
  const names = new Set(events.flatMap((event) => (event.processName === undefined ? [] : [event.processName])));
  return names.size;
}

/** The text's own "caused by", else the earliest other XID of the node that came before, else any other. */
function parentOf(own: readonly XidEvent[], events: readonly XidEvent[]): number | undefined {
  const stated = own.find((event) => event.detail.causedByXid !== undefined)?.detail.causedByXid;
  if (stated !== undefined) return stated;
  const others = events.filter((event) => event.xid !== 45 && event.xid !== 154);
  const firstLine = own[0]?.line ?? Number.POSITIVE_INFINITY;
  return (others.find((event) => event.line < firstLine) ?? others[0])?.xid;
}
