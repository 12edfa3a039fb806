import type { Action, Severity } from "../vocabulary.ts";

/** Classes of NVSwitch errors, by what is done about them. */
export type SxidClassName =
  | "fabric_reset"
  | "gpu_reset"
  | "data_hit"
  | "link_signal"
  | "mechanical"
  | "thermal"
  | "fabric_config"
  | "field_diag"
  | "ignore"
  | "unlisted";

export interface SxidClass {
  readonly name: SxidClassName;
  readonly meaning: string;
  readonly action: Action;
  /** What follows when it comes back. */
  readonly followUp: readonly Action[];
  readonly severity: Severity;
  /** Codes and inclusive ranges of codes. */
  readonly codes: readonly (number | readonly [first: number, last: number])[];
  readonly source: string;
}

const SOURCE = "NVIDIA Fabric Manager guide and NVIDIA/NVSentinel sxid mapping (2026-07), leptonai/gpud sxid (2026-08)";

/** First row that holds a code wins: a code that stands in two rows of the sources is put into the harmless one last. */
export const SXID_CLASSES: readonly SxidClass[] = [
  {
    name: "fabric_reset",
    meaning: "fatal for the whole fabric",
    action: "RESET_FABRIC",
    followUp: ["REBOOT_NODE", "RMA_REVIEW"],
    severity: "critical",
    codes: [
      10003,
      [10006, 10008],
      12020,
      12028,
      12032,
      14017,
      19084,
      22003,
      22011,
      [23001, 23008],
      [23010, 23016],
      [26001, 26007],
    ],
    source: SOURCE,
  },
  {
    name: "gpu_reset",
    meaning: "fatal for the GPU at this port",
    action: "RESET_GPU",
    followUp: ["INSPECT_LINK", "RMA_REVIEW"],
    severity: "critical",
    codes: [14001, 14002, 14014, 14018, 20034, [24007, 24010]],
    source: SOURCE,
  },
  {
    name: "data_hit",
    meaning: "fatal where it hit data: the work on this port is lost",
    action: "RESTART_APP",
    followUp: ["RESET_GPU", "RMA_REVIEW"],
    severity: "critical",
    codes: [
      11001,
      11007,
      11009,
      11013,
      [11017, 11020],
      12001,
      12002,
      12022,
      [12024, 12027],
      12030,
      12031,
      15001,
      15006,
      [15009, 15013],
      19047,
      19048,
      19054,
      19056,
      19058,
      19060,
      19061,
      19063,
      19064,
      19066,
      19067,
      19069,
      19070,
      22012,
      23009,
      23017,
      [24004, 24006],
    ],
    source: SOURCE,
  },
  {
    name: "link_signal",
    meaning: "signal of a link is poor",
    action: "INSPECT_LINK",
    followUp: ["RESEAT"],
    severity: "warning",
    codes: [[18000, 18999], [19001, 19003], [19007, 19021], 20004, 20005, [25008, 25010]],
    source: SOURCE,
  },
  {
    name: "mechanical",
    meaning: "cable, connector or seating",
    action: "RESEAT",
    followUp: ["INSPECT_LINK"],
    severity: "warning",
    codes: [20009, 20010, 20012, [27001, 27007]],
    source: SOURCE,
  },
  {
    name: "thermal",
    meaning: "the switch or an optic is too hot",
    action: "CHECK_COOLING",
    followUp: [],
    severity: "warning",
    codes: [10004, 28001, 28003, 28005],
    source: SOURCE,
  },
  {
    name: "fabric_config",
    meaning: "the fabric is configured wrongly",
    action: "RESTART_FABRIC_MANAGER",
    followUp: [],
    severity: "warning",
    codes: [11004],
    source: SOURCE,
  },
  {
    name: "field_diag",
    meaning: "hardware suspected",
    action: "RMA_REVIEW",
    followUp: [],
    severity: "warning",
    codes: [19036, 19037, 19080, 19083, 20006, 20007, [20036, 20038]],
    source: SOURCE,
  },
  {
    name: "ignore",
    meaning: "corrected or informative",
    action: "NONE",
    followUp: [],
    severity: "info",
    codes: [
      11012,
      [11021, 11023],
      12021,
      12023,
      15008,
      15011,
      19049,
      19055,
      19057,
      19059,
      19062,
      19065,
      19068,
      19071,
      [24001, 24003],
      10001,
      10002,
      10005,
      [20001, 20003],
      [20013, 20015],
      22013,
      28002,
      28004,
    ],
    source: SOURCE,
  },
];

/** Part of the switch by thousands of the code. Source: NVIDIA/NVSentinel sxid mapping (2026-07). */
export const SXID_UNITS: Readonly<Record<number, string>> = {
  10: "host interface and temperature",
  11: "ingress",
  12: "egress",
  13: "F state",
  14: "T state",
  15: "route",
  16: "nport",
  17: "NVLink control",
  18: "NVLIPT",
  19: "TLC",
  20: "DL/PL",
  21: "AFS",
  22: "Minion",
  23: "crossbar",
  24: "source track",
  25: "NVLIPT",
  26: "SOE",
  27: "cable controller",
  28: "OSFP optics",
  29: "multicast state",
  30: "reduction state",
};

/** Codes on which public systems disagree, with what they say. */
const CONFLICTS: Readonly<Record<number, string>> = {
  15011: "stands in the sources both as a data error and as a corrected single-bit limit",
  12028: "printed as non-fatal, ignored by some operators, a fabric reset for NVSentinel and a reboot for gpud",
  22013: "ignored by NVSentinel, a warning for gpud",
  20012: "mechanical for NVSentinel, a warning for gpud",
};

export interface SxidVerdict {
  readonly code: number;
  readonly unit: string | undefined;
  readonly class: SxidClassName;
  readonly meaning: string;
  readonly action: Action;
  readonly followUp: readonly Action[];
  readonly severity: Severity;
  /** Set when the sources disagree, or when the table and the word in the text do; to be told to the user. */
  readonly conflict?: string;
  readonly source: string;
}

function findClass(code: number): SxidClass | undefined {
  return SXID_CLASSES.find((row) =>
    row.codes.some((entry) => (typeof entry === "number" ? entry === code : code >= entry[0] && code <= entry[1])),
  );
}

/**
 * What to do about an NVSwitch error. The severity word of the record is the floor: a record that says Fatal is never
 * graded below critical, and one that says Non-fatal is not raised above warning by the table, which is advice.
 * `isFatal` is undefined when the record has no severity word; then the table decides alone. Never throws; a code that
 * is in no row is `unlisted` and, unless its text says Fatal, only watched.
 */
export function classifySxid(code: number, isFatal?: boolean): SxidVerdict {
  const row = findClass(code);
  const known = CONFLICTS[code];
  const verdict = {
    code,
    unit: SXID_UNITS[Math.floor(code / 1000)],
    class: row?.name ?? "unlisted",
    meaning: row?.meaning ?? "not in the table",
    source: row?.source ?? "not in a public table",
  } as const;
  const conflict = (text: string): string => (known === undefined ? text : `${known}; ${text}`);

  if (isFatal === true && (row === undefined || row.action === "NONE")) {
    // A fatal error needs at least a reset; without a row there is no telling whether one port or the fabric is hit.
    return {
      ...verdict,
      action: "RESET_FABRIC",
      followUp: ["REBOOT_NODE"],
      severity: "critical",
      conflict: conflict(
        row === undefined ? "fatal by its text, in no table" : "fatal by its text, harmless by the table",
      ),
    };
  }
  if (row === undefined) return { ...verdict, action: "WATCH", followUp: [], severity: "warning" };

  const base = { ...verdict, action: row.action, followUp: row.followUp };
  if (isFatal === true) return { ...base, severity: "critical", ...(known === undefined ? {} : { conflict: known }) };
  if (isFatal === false && row.severity === "critical") {
    return { ...base, severity: "warning", conflict: conflict("non-fatal by its text, fatal by the table") };
  }
  return { ...base, severity: row.severity, ...(known === undefined ? {} : { conflict: known }) };
}
