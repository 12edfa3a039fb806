import { z } from "zod";

import { assess } from "../../engine/gpu/assess/assess.ts";
import { lookupXid } from "../../engine/gpu/catalog/xid.ts";
import type { GpuEvent } from "../../engine/gpu/event.ts";
import { parseLog } from "../../engine/gpu/log/parse-log.ts";
import { Action } from "../../engine/gpu/vocabulary.ts";
import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";
import { AssessmentWire, toAssessmentWire } from "./wire.ts";

/** Longest log of one call in UTF-16 code units. The command line reads longer ones as a stream. */
export const MAX_LOG_CHARS = 33_554_432;
const MAX_ADDRESSES = 32;

const XidCount = z.object({
  xid: z.number().int().describe("XID code"),
  count: z.number().int().describe("records with it"),
  pci: z.array(z.string()).describe(`PCI addresses, at most ${MAX_ADDRESSES}`),
  meaning: z.string().describe("what the code means"),
  action: Action.describe("what the code asks for when it is seen alone; the assessment weighs all records"),
});

export const analyzeGpuLog = defineTool({
  name: "analyze_gpu_log",
  description:
    "Diagnoses a pasted kernel or job log (dmesg, syslog, journald text or JSON) of any NVIDIA node: verdict with quoted " +
    "evidence, actions, and every XID with count and meaning. Pass the log as it is. Needs no access to the node.",
  input: z.object({
    log: z.string().max(MAX_LOG_CHARS).describe(`the log text, at most ${MAX_LOG_CHARS} characters`),
  }),
  output: z.object({
    assessment: AssessmentWire.describe("what the log says is wrong"),
    xids: z.array(XidCount).describe("by code"),
    total_lines: z.number().int().describe("lines in the log"),
    skipped_lines: z.number().int().describe("lines that look like GPU records but could not be read"),
    dropped_events: z.number().int().describe("events the parser left out because the log holds too many"),
    hosts: z.array(z.string()).describe("host names in the prefixes; several mean that logs are mixed"),
    simulated: z.literal(false).describe("the log is the caller's"),
  }),
  annotations: {
    title: "Analyse a GPU log",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async ({ log }, { context }: ToolCall<GpuToolContext>) => {
    const parsed = parseLog(log);
    return {
      assessment: toAssessmentWire(assess({ log: parsed, nowMs: context.clock.now() })),
      xids: countXids(parsed.events),
      total_lines: parsed.totalLines,
      skipped_lines: parsed.skippedLines,
      dropped_events: parsed.droppedEvents,
      hosts: [...parsed.hosts],
      simulated: false as const,
    };
  },
});

function countXids(events: readonly GpuEvent[]): z.infer<typeof XidCount>[] {
  const byCode = new Map<number, { count: number; pci: Set<string> }>();
  for (const event of events) {
    if (event.kind !== "xid") continue;
    const row = byCode.get(event.xid) ?? { count: 0, pci: new Set<string>() };
    row.count += 1;
    if (event.pci !== undefined && row.pci.size < MAX_ADDRESSES) row.pci.add(event.pci);
    byCode.set(event.xid, row);
  }
  return [...byCode]
    .sort(([left], [right]) => left - right)
    .map(([xid, { count, pci }]) => {
      const { meaning, action } = lookupXid(xid);
      return { xid, count, pci: [...pci], meaning, action };
    });
}
