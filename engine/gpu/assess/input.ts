import type { DiagnosticResult } from "../diagnostic.ts";
import type { GpuEvent, LogParse } from "../event.ts";
import type { DiagReport } from "../readings/diag-json.ts";
import type { NodeReading } from "../reading.ts";

/** Whatever is known about one node; every part may be absent. */
export interface AssessInput {
  readonly reading?: NodeReading;
  readonly log?: LogParse;
  /** Diagnostics that NemOps ran or simulated. */
  readonly diagnostics?: readonly DiagnosticResult[];
  /** Output of `dcgmi diag -j`. */
  readonly diagReport?: DiagReport;
  /** Present time in Unix milliseconds; without it no record is called old. */
  readonly nowMs?: number;
  /** Records of earlier logs of the node, oldest first; they serve the rules about repeats across restarts. */
  readonly history?: readonly GpuEvent[];
}
