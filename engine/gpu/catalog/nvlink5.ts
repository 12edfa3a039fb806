import type { XidDetail } from "../event.ts";
import type { Action, Severity } from "../vocabulary.ts";
import { LINK_DOWN_REASONS, type LinkDownReason, linkDownReason } from "./nvlink5-link-down.ts";

/** What a status bit asks for, weakest first. `evaluate`: take XID 154's action; without one restart the application. */
export type StatusRule = "ignore" | "report" | "evaluate" | "reset";

interface UnitRow {
  readonly xid: number;
  readonly subunits: readonly string[];
  /** Masks over errorStatus; several can be set at once and the strongest rule holds. */
  readonly bits?: Readonly<Partial<Record<StatusRule, readonly number[]>>>;
  /** Exact values of errorStatus, where it is a number and not a mask. */
  readonly values?: Readonly<Partial<Record<StatusRule, readonly number[]>>>;
  /** For any status. */
  readonly always?: StatusRule;
  /** Bits whose record is harmless unless it says Fatal: whether the hardware promoted them shows only there. */
  readonly promotable?: readonly number[];
  readonly followUp?: readonly Action[];
  readonly note?: string;
}

const TOP = 0x80000000;

/** Source: NVIDIA Xid Catalog, edition of 2026-07-14, NVLink5 sheet (XID 144–150). */
export const NVLINK5_UNITS: readonly UnitRow[] = [
  { xid: 144, subunits: ["SAW_MVB"], bits: { reset: [0x2, 0x10], report: [0x1, 0x8], ignore: [0x4, 0x20] } },
  { xid: 145, subunits: ["RLW_CTRL"], bits: { report: [TOP] } },
  {
    xid: 145,
    subunits: ["RLW_REMAP"],
    bits: {
      reset: [0x40, 0x80],
      evaluate: [0x1, 0x2, 0x4, 0x8, 0x10, 0x20],
      ignore: [0x100, 0x200],
      report: [TOP],
    },
    note: "bits 4 to 20 are explained by a link that went down within the last 30 seconds",
  },
  { xid: 145, subunits: ["RLW_RSPCOL"], bits: { reset: [0x2], ignore: [0x1], report: [TOP] } },
  { xid: 145, subunits: ["RLW_RXPIPE"], bits: { report: [0x8, TOP] }, promotable: [0x1, 0x2, 0x4] },
  {
    xid: 145,
    subunits: ["RLW_SRC_TRACK"],
    bits: { reset: [0x1, 0x10, 0x20], ignore: [0x2], evaluate: [0x4, 0x8], report: [TOP] },
  },
  {
    xid: 145,
    subunits: ["RLW_TAGSTATE"],
    bits: { reset: [0x2, 0x20000, 0x100000], ignore: [0x1, 0x10000], report: [TOP] },
  },
  {
    xid: 146,
    subunits: ["TLW_CTRL", "TLW_RX", "TLW_TX", "TLW_RX_PIPE0", "TLW_RX_PIPE1", "TLW_TX_PIPE0", "TLW_TX_PIPE1"],
    bits: { reset: [0x4], report: [0x2, TOP], ignore: [0x1] },
  },
  { xid: 147, subunits: ["TREX"], bits: { report: [0x1, TOP] } },
  { xid: 148, subunits: ["NVLPW", "NVLPW_CTRL"], bits: { report: [TOP] } },
  { xid: 149, subunits: ["NETIR_INT"], always: "reset", note: "follows another error; report it when it is alone" },
  {
    xid: 149,
    subunits: ["NETIR_BER_EVENT"],
    values: { report: [0, 1, 2, 3] },
    followUp: ["INSPECT_LINK"],
    note: "bit error rate: inspect link and cables",
  },
  { xid: 149, subunits: ["NETIR_MFDE_EVENT"], values: { reset: [1, 4, 5, 7], ignore: [3] } },
  { xid: 150, subunits: ["MSE", "MSE_DEGRADED", "MSE_WATCHDOG"], always: "reset" },
];

export interface Nvlink5Decode {
  readonly xid: number;
  readonly subunit: string | undefined;
  readonly action: Action;
  readonly followUp: readonly Action[];
  readonly severity: Severity;
  readonly meaning: string;
  /** XID 154, when there is one, replaces `action`. */
  readonly isEvaluated154: boolean;
  /** Which part of the record decided: its subunit and status, its severity word, or nothing in it. */
  readonly decidedBy: "status" | "severity_word" | "none";
  readonly reason?: LinkDownReason;
}

const RANK: Readonly<Record<StatusRule, number>> = { ignore: 0, report: 1, evaluate: 2, reset: 3 };

const RULES: Readonly<
  Record<StatusRule, { action: Action; followUp: readonly Action[]; severity: Severity; meaning: string }>
> = {
  ignore: { action: "NONE", followUp: [], severity: "info", meaning: "to be ignored" },
  report: {
    action: "NONE",
    followUp: ["WATCH"],
    severity: "warning",
    meaning: "keeps running; report it when it repeats",
  },
  evaluate: {
    action: "RESTART_APP",
    followUp: ["WATCH"],
    severity: "warning",
    meaning: "the driver's recovery action (XID 154) decides; without one the application is restarted",
  },
  reset: { action: "RESET_GPU", followUp: ["RMA_REVIEW"], severity: "critical", meaning: "needs a GPU reset" },
};

function hasBit(status: number, mask: number): boolean {
  return Math.floor(status / mask) % 2 === 1;
}

function statusRule(row: UnitRow, status: number | undefined, isFatal: boolean | undefined): StatusRule | undefined {
  if (row.always !== undefined) return row.always;
  if (status === undefined) return undefined;
  const matching: StatusRule[] = [];
  for (const rule of ["ignore", "report", "evaluate", "reset"] as const) {
    if (row.bits?.[rule]?.some((mask) => hasBit(status, mask)) === true) matching.push(rule);
    if (row.values?.[rule]?.includes(status) === true) matching.push(rule);
  }
  if (row.promotable?.some((mask) => hasBit(status, mask)) === true)
    matching.push(isFatal === true ? "reset" : "ignore");
  return matching.sort((left, right) => RANK[right] - RANK[left])[0];
}

/** Severity word alone, as gpud does for what its table does not hold: Fatal asks for a reset, Nonfatal to keep watching. */
function byWord(xid: number, detail: XidDetail, note: string): Nvlink5Decode {
  const base = { xid, subunit: detail.subunit, isEvaluated154: false } as const;
  if (detail.isFatal === undefined) {
    return { ...base, action: "WATCH", followUp: [], severity: "warning", meaning: note, decidedBy: "none" };
  }
  return detail.isFatal
    ? {
        ...base,
        action: "RESET_GPU",
        followUp: ["RMA_REVIEW"],
        severity: "critical",
        meaning: `${note}; the record says Fatal`,
        decidedBy: "severity_word",
      }
    : {
        ...base,
        action: "NONE",
        followUp: ["WATCH"],
        severity: "warning",
        meaning: `${note}; the record says Nonfatal`,
        decidedBy: "severity_word",
      };
}

/**
 * The action of an NVLink5 record (XID 144–150) from its subunit, status, link-down reason and severity word, in this
 * order. `detail.subunit` may name two levels joined by `/`. Never throws; what the table does not know falls back to
 * the severity word, and without one to watching.
 */
export function decodeNvlink5(detail: XidDetail, xid: number): Nvlink5Decode {
  const names = (detail.subunit ?? "").toUpperCase().split("/");
  if (xid === 149 && names.some((name) => name === "NETIR_LINK_EVT" || name === "NETIR_LINK_DOWN")) {
    return decodeLinkDown(detail);
  }
  const row =
    NVLINK5_UNITS.find(
      (candidate) => candidate.xid === xid && candidate.subunits.some((name) => names.includes(name)),
    ) ?? (xid === 150 ? NVLINK5_UNITS.find((candidate) => candidate.xid === 150) : undefined);
  if (row === undefined) return byWord(xid, detail, "subunit not in the table");
  const rule = statusRule(row, detail.errorStatus, detail.isFatal);
  if (rule === undefined) return byWord(xid, detail, "status not in the table");
  const outcome = RULES[rule];
  return {
    xid,
    subunit: detail.subunit,
    action: outcome.action,
    followUp: [...(row.followUp ?? []), ...outcome.followUp],
    severity: outcome.severity,
    meaning: row.note === undefined ? outcome.meaning : `${outcome.meaning}; ${row.note}`,
    isEvaluated154: rule === "evaluate",
    decidedBy: "status",
  };
}

function decodeLinkDown(detail: XidDetail): Nvlink5Decode {
  const value = detail.linkDownReason ?? (detail.intrInfo === undefined ? undefined : linkDownReason(detail.intrInfo));
  const reason = LINK_DOWN_REASONS.find((row) => row.values.includes(value ?? -1));
  // The table holds fatal link events only. Links go down and up while they train, at every boot for example, and the
  // driver reports that as Nonfatal with a reason all the same.
  if (detail.isFatal === false && reason !== undefined) {
    return { ...byWord(149, detail, `link down: ${reason.meaning}`), reason };
  }
  if (reason === undefined) return byWord(149, detail, `link-down reason ${value ?? "not given"} is not in the table`);
  return {
    xid: 149,
    subunit: detail.subunit,
    action: reason.action,
    followUp: reason.followUp,
    severity: reason.action === "RESET_GPU" ? "critical" : "warning",
    meaning: `link down: ${reason.meaning}`,
    isEvaluated154: false,
    decidedBy: "status",
    reason,
  };
}
