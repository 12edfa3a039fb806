import type { Action, Severity } from "../vocabulary.ts";

/** What a register bit of XID 74 stands for. */
export type Xid74Class =
  | "ignore"
  | "correctable"
  | "secondary"
  | "secondary_fabric"
  | "report_if_repeated"
  | "field_diag_if_repeated"
  | "ecc_if_repeated"
  | "seating"
  | "marginal_signal"
  | "unexpected";

interface BitRow {
  /** Register word, 1-based as NVIDIA counts them. */
  readonly word: number;
  readonly bits: readonly number[];
  readonly class: Xid74Class;
}

/** Source: NVIDIA Xid Catalog, edition of 2026-07-14, NVLink workflow (A100 and H100). Words 2, 6 and 7 carry no rule. */
export const XID74_BITS: readonly BitRow[] = [
  { word: 1, bits: [0, 23, 30], class: "ignore" },
  { word: 1, bits: [1, 20], class: "secondary" },
  { word: 1, bits: [4, 5], class: "ecc_if_repeated" },
  { word: 1, bits: [8, 9, 12, 16, 17, 24, 28], class: "seating" },
  { word: 1, bits: [21, 22], class: "marginal_signal" },
  { word: 1, bits: [27, 29], class: "report_if_repeated" },
  { word: 3, bits: [0, 1, 2, 6], class: "ecc_if_repeated" },
  { word: 3, bits: [13], class: "unexpected" },
  { word: 3, bits: [16, 19], class: "field_diag_if_repeated" },
  { word: 3, bits: [17, 18], class: "report_if_repeated" },
  { word: 4, bits: [16, 17], class: "secondary" },
  { word: 4, bits: [18], class: "secondary_fabric" },
  { word: 5, bits: [18, 19, 21, 22, 24, 25, 27, 28], class: "ecc_if_repeated" },
  { word: 5, bits: [20, 23, 26, 29], class: "correctable" },
];

interface ClassRow {
  readonly class: Xid74Class;
  readonly meaning: string;
  readonly severity: Severity;
  readonly once: readonly Action[];
  /** When the same link had more than `XID74_REPEAT_LIMIT` such events. */
  readonly repeated: readonly Action[];
}

/** More events than this on one link turn an ECC or parity bit into a hardware fault. Source: as the bit table. */
export const XID74_REPEAT_LIMIT = 2;

/** Strongest first: the first class that is present decides. */
const CLASSES: readonly ClassRow[] = [
  {
    class: "marginal_signal",
    meaning: "marginal signal",
    severity: "critical",
    once: ["RESEAT", "RMA_REVIEW"],
    repeated: ["RESEAT", "RMA_REVIEW"],
  },
  {
    class: "seating",
    meaning: "seating of the board or bridge",
    severity: "critical",
    once: ["RESEAT", "RUN_DIAG"],
    repeated: ["RESEAT", "RUN_DIAG"],
  },
  {
    class: "ecc_if_repeated",
    meaning: "ECC or parity error in the link logic",
    severity: "critical",
    once: ["RESET_GPU", "RUN_DIAG"],
    repeated: ["RMA_REVIEW"],
  },
  {
    class: "secondary_fabric",
    meaning: "follows another error and needs a fabric reset",
    severity: "critical",
    once: ["RESET_FABRIC"],
    repeated: ["RESET_FABRIC"],
  },
  {
    class: "field_diag_if_repeated",
    meaning: "a link error; run the field diagnostic when it returns",
    severity: "critical",
    once: ["RESET_GPU"],
    repeated: ["RESET_GPU", "RMA_REVIEW"],
  },
  {
    class: "report_if_repeated",
    meaning: "a link error; report it to the vendor when it returns",
    severity: "critical",
    once: ["RESET_GPU"],
    repeated: ["RESET_GPU", "RMA_REVIEW"],
  },
  {
    class: "unexpected",
    meaning: "a link error that is not expected to occur",
    severity: "critical",
    once: ["RESET_GPU", "RMA_REVIEW"],
    repeated: ["RESET_GPU", "RMA_REVIEW"],
  },
  {
    class: "secondary",
    meaning: "follows another error, often of the peer",
    severity: "warning",
    once: ["INSPECT_PEER"],
    repeated: ["INSPECT_PEER"],
  },
  {
    class: "correctable",
    meaning: "corrected link errors passed their threshold; the link keeps running",
    severity: "warning",
    once: ["WATCH"],
    repeated: ["WATCH"],
  },
  {
    class: "ignore",
    meaning: "a link record that can be ignored",
    severity: "info",
    once: ["NONE"],
    repeated: ["NONE"],
  },
];

export interface Xid74Decode {
  readonly action: Action;
  readonly followUp: readonly Action[];
  readonly severity: Severity;
  readonly meaning: string;
  /** Bits that are set and known, in order of word and bit. */
  readonly bits: readonly { readonly word: number; readonly bit: number; readonly class: Xid74Class }[];
  /** False when no known bit is set: the action is then the catalogue's for the code. */
  readonly isConclusive: boolean;
}

/**
 * Reads the seven register words of an XID 74 record. `eventsOnLink` is how often this link has reported XID 74, this
 * event included. Missing words count as zero. Never throws.
 */
export function decodeXid74(
  words: readonly number[],
  { eventsOnLink = 1 }: { eventsOnLink?: number } = {},
): Xid74Decode {
  const bits = XID74_BITS.flatMap((row) =>
    row.bits
      .filter((bit) => Math.floor((words[row.word - 1] ?? 0) / 2 ** bit) % 2 === 1)
      .map((bit) => ({ word: row.word, bit, class: row.class })),
  ).sort((left, right) => left.word - right.word || left.bit - right.bit);
  const deciding = CLASSES.find((row) => bits.some((bit) => bit.class === row.class));
  if (deciding === undefined) {
    return {
      action: "RESET_GPU",
      followUp: ["INSPECT_LINK"],
      severity: "critical",
      meaning: "no known register bit is set",
      bits,
      isConclusive: false,
    };
  }
  const [action = "RESET_GPU", ...followUp] = eventsOnLink > XID74_REPEAT_LIMIT ? deciding.repeated : deciding.once;
  return { action, followUp, severity: deciding.severity, meaning: deciding.meaning, bits, isConclusive: true };
}
