import { assess } from "./assess/assess.ts";
import type { LogParse } from "./event.ts";
import type { Assessment } from "./finding.ts";
import type { NodeReading } from "./reading.ts";
import { type DiagReport, parseDiagJson } from "./readings/diag-json.ts";
import { mergeReadings } from "./readings/merge.ts";
import { parseMetricsCounted } from "./readings/metrics.ts";
import { parseSmiText } from "./readings/smi-text.ts";
import { parseSmiXml } from "./readings/smi-xml.ts";

/** Recorded output of one node; each part may be missing, and an empty text counts as a part that says nothing. */
export interface TriageInput {
  /** `nvidia-smi -q -x`. */
  readonly smiXml?: string;
  /** `nvidia-smi -q`. */
  readonly smiText?: string;
  /** dcgm-exporter or Prometheus text. */
  readonly metrics?: string;
  /** `dcgmi diag -j`. */
  readonly diagJson?: string;
  readonly log?: LogParse;
}

export interface Triage {
  readonly assessment: Assessment;
  readonly reading: NodeReading;
  readonly diagReport?: DiagReport;
  /** Lines of the kernel log and of the metrics that looked like records and could not be read. */
  readonly skippedLines: number;
}

/**
 * Diagnoses a node from files alone. Sources are merged in the order in which they say most: XML, text, metrics.
 * Throws ServiceError `unreadable_input` for a part that cannot be read; nothing of the others is then assessed.
 */
export function triage(input: TriageInput): Triage {
  const metrics = input.metrics === undefined ? undefined : parseMetricsCounted(input.metrics);
  const readings = [
    ...(input.smiXml === undefined ? [] : [parseSmiXml(input.smiXml)]),
    ...(input.smiText === undefined ? [] : [parseSmiText(input.smiText)]),
    ...(metrics === undefined ? [] : [metrics.reading]),
  ];
  const reading = mergeReadings(readings);
  const diagReport = input.diagJson === undefined ? undefined : parseDiagJson(input.diagJson);
  // A reading with nothing in it is no reading: the rules would otherwise miss the GPUs that nobody looked for.
  const hasReading = reading.gpus.length > 0 || reading.problems.length > 0 || reading.attachedGpus !== undefined;
  return {
    assessment: assess({
      ...(hasReading ? { reading } : {}),
      ...(input.log === undefined ? {} : { log: input.log }),
      ...(diagReport === undefined ? {} : { diagReport }),
    }),
    reading,
    ...(diagReport === undefined ? {} : { diagReport }),
    skippedLines: (input.log?.skippedLines ?? 0) + (metrics?.skippedLines ?? 0),
  };
}
