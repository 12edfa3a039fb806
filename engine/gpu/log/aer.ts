import { normalizePci } from "./pci.ts";

export type AerSignal = "aer_fatal" | "aer_uncorrected" | "aer_corrected";

/** One line about a PCIe error. The kernel prints a notice and then the details of the same error. */
export interface AerLine {
  readonly signal: AerSignal;
  readonly isNotice: boolean;
  /** The device that reports; for a notice mostly the port above the one at fault. */
  readonly reporter: string;
  /** The device at fault, where the line names it. */
  readonly device: string | undefined;
}

const ADDRESS = "[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]";
const NOTICE = new RegExp(
  `^[\\w-]{1,32} (${ADDRESS}): AER: (?:Multiple )?(Correct(?:ed|able)|Uncorrect(?:ed|able) \\((?:Non-)?Fatal\\)) error (?:message )?received(?: from)?:? ?(${ADDRESS})?`,
  "i",
);
const DETAILS = new RegExp(
  `^[\\w-]{1,32} (${ADDRESS}): (?:AER: )?PCIe Bus Error: severity=(Correct(?:ed|able)|Uncorrect(?:ed|able) \\((?:Non-)?Fatal\\))`,
  "i",
);

/** Reads the two kinds of AER lines of the Linux kernel, old (`id=0010`) and new spelling. Never throws. */
export function parseAerLine(message: string): AerLine | undefined {
  const notice = NOTICE.exec(message);
  const match = notice ?? DETAILS.exec(message);
  if (match === null) return undefined;
  const [, reporterText = "", severity = "", deviceText] = match;
  const reporter = normalizePci(reporterText);
  if (reporter === undefined) return undefined;
  const device = notice === null ? reporter : deviceText === undefined ? undefined : normalizePci(deviceText);
  return { signal: signalOf(severity.toLowerCase()), isNotice: notice !== null, reporter, device };
}

function signalOf(severity: string): AerSignal {
  if (severity.startsWith("correct")) return "aer_corrected";
  return severity.includes("non-fatal") ? "aer_uncorrected" : "aer_fatal";
}
