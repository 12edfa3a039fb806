import { z } from "zod";

import { STATEFUL_RULES } from "../../engine/gpu/catalog/stateful.ts";
import { lookupXid as findXid, XidEntry } from "../../engine/gpu/catalog/xid.ts";
import { Action, Component, Severity } from "../../engine/gpu/vocabulary.ts";
import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";

export const lookupXid = defineTool({
  name: "lookup_xid",
  description:
    "Explains one NVIDIA XID code: meaning, component, severity, what to do first, and the rule over several events where " +
    "there is one. Needs no node.",
  input: z.object({ xid: z.number().int().min(0).max(1_000_000).describe("the code, for example 79") }),
  output: z.object({
    xid: z.number().int().describe("the code asked for"),
    known: z
      .boolean()
      .describe("false: the code is not in the catalogue, and nothing is to be done because of it alone"),
    status: XidEntry.shape.status.describe("own row, family row, legacy, or unknown"),
    mnemonic: z.string().nullable().describe("NVIDIA's name"),
    meaning: z.string().describe("what it means"),
    component: Component.describe("part of the machine"),
    severity: Severity.describe("grade of one event seen alone"),
    action: Action.describe("what to do first when it is seen alone"),
    immediate: z.string().nullable().describe("NVIDIA's immediate resolution bucket"),
    investigate: z.string().nullable().describe("NVIDIA's investigatory bucket"),
    generations: z.array(z.string()).describe("GPU generations that can raise it"),
    stateful_rule: z.string().nullable().describe("how several events together change the answer"),
    source: z.string().describe("where this comes from"),
    simulated: z.literal(false).describe("the catalogue is not simulated"),
  }),
  annotations: {
    title: "Look up an XID",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async ({ xid }, _call: ToolCall<GpuToolContext>) => {
    const entry = findXid(xid);
    const rules = STATEFUL_RULES.filter((rule) => rule.codes.includes(xid)).map((rule) => rule.text);
    return {
      xid,
      known: entry.status !== "unknown",
      status: entry.status,
      mnemonic: entry.mnemonic ?? null,
      meaning: entry.meaning,
      component: entry.component,
      severity: entry.severity,
      action: entry.action,
      immediate: entry.immediate ?? null,
      investigate: entry.investigate ?? null,
      generations: [...entry.generations],
      stateful_rule: rules.length === 0 ? null : rules.join(" "),
      source: entry.source,
      simulated: false as const,
    };
  },
});
