import type { LogParse } from "../engine/gpu/event.ts";
import { CliError } from "./exit-codes.ts";

/** How much of the beginning of a file is looked at. */
export const HEAD_BYTES = 4 * 1_024;
const MAX_CONTROL_SHARE = 0.1;

/**
 * Refuses a file that is no text, so that "nothing was found" is never said of something nobody could read. A log in
 * which records were found is one, whatever else is in it: after a crash files have runs of zero bytes.
 * Throws a CliError `usage`.
 */
export function refuseBinary(file: string, head: Buffer, parsed: LogParse): void {
  if (head[0] === 0x1f && head[1] === 0x8b) {
    throw new CliError("usage", `${file} is compressed: zcat ${file} | nemops gpu triage --kernel-log -`);
  }
  if (parsed.events.length > 0 || head.length === 0) return;
  const start = head.subarray(0, HEAD_BYTES);
  const controls = start.filter((byte) => (byte < 32 && !(byte >= 9 && byte <= 13) && byte !== 27) || byte === 127);
  if (controls.length > start.length * MAX_CONTROL_SHARE) {
    throw new CliError("usage", `${file} is binary, not a log`);
  }
}
