import type { Action } from "../vocabulary.ts";

/** Why an NVLink5 link went down: XID 149, NETIR_LINK_EVT. */
export interface LinkDownReason {
  readonly values: readonly number[];
  readonly cause: "sympathetic" | "once" | "signal" | "software" | "software_or_signal" | "peer" | "host" | "cable";
  readonly meaning: string;
  readonly action: Action;
  readonly followUp: readonly Action[];
}

/**
 * Every reason but 38 and 40 is cleared by a GPU reset; what differs is where to look afterwards.
 * Source: NVIDIA Xid Catalog, edition of 2026-07-14; field position checked against leptonai/gpud (2026-08).
 */
export const LINK_DOWN_REASONS: readonly LinkDownReason[] = [
  { values: [0], cause: "sympathetic", meaning: "follows another error", action: "RESET_GPU", followUp: [] },
  {
    values: [1],
    cause: "once",
    meaning: "report it when it comes more than once a day",
    action: "RESET_GPU",
    followUp: ["WATCH"],
  },
  {
    values: [2, 4, 10],
    cause: "signal",
    meaning: "poor signal on the link",
    action: "RESET_GPU",
    followUp: ["INSPECT_LINK"],
  },
  {
    values: [15, 17, 22],
    cause: "software",
    meaning: "taken down by software or a user",
    action: "RESET_GPU",
    followUp: ["CHECK_APP"],
  },
  {
    values: [16, 18],
    cause: "software_or_signal",
    meaning: "taken down by software or a user, or poor signal on the link",
    action: "RESET_GPU",
    followUp: ["CHECK_APP", "INSPECT_LINK"],
  },
  {
    values: [21, 32, 33, 34, 35, 36, 37],
    cause: "peer",
    meaning: "the peer at the other end of the link is the cause; for a thermal reason check the cooling of the switch",
    action: "RESET_GPU",
    followUp: ["INSPECT_PEER"],
  },
  {
    values: [38],
    cause: "software",
    meaning: "taken down by software or a user, nothing to do",
    action: "NONE",
    followUp: ["CHECK_APP"],
  },
  { values: [40], cause: "host", meaning: "the host is the cause", action: "INSPECT_HOST", followUp: [] },
  {
    values: [42, 43],
    cause: "cable",
    meaning: "cable, transceiver or seating",
    action: "RESET_GPU",
    followUp: ["RESEAT"],
  },
];

/** The reason field, bits 25:20 of the interrupt info. `0x004505c6` gives 4, `0x025001c6` gives 37. */
export function linkDownReason(intrInfo: number): number {
  return Math.floor(intrInfo / 2 ** 20) % 64;
}
