import { HumanMessage } from "@langchain/core/messages";
import { Command, MemorySaver } from "@langchain/langgraph";

import type { DesignDraft, DraftColumn } from "../../../engine/data/design/draft.ts";
import { type DataDesignerGraph, createDataDesignerGraph } from "../../../graphs/data-designer/graph.ts";
import type { BriefReader } from "../../../graphs/data-designer/offline-policy/brief-reader.ts";
import type { DataDesignerState } from "../../../graphs/data-designer/state.ts";
import { systemClock } from "../../../lib/clock.ts";
import type { ToolCallOptions, ToolClient, ToolOutcome } from "../../../mcp/client/tool-client.ts";
import { createTestModel, log } from "../support/run-graph.ts";

export const INVOICE_COLUMNS: DraftColumn[] = [
  { column_type: "sampler", name: "invoice_id", sampler_type: "uuid", params: { prefix: "INV-", short_form: true } },
  { column_type: "sampler", name: "patient", sampler_type: "person_from_faker", params: {}, drop: true },
  { column_type: "expression", name: "patient_name", expr: "{{ patient.first_name }} {{ patient.last_name }}" },
  {
    column_type: "sampler",
    name: "icd_code",
    sampler_type: "category",
    params: { values: ["I10", "E11.9", "J45.909"] },
  },
  {
    column_type: "sampler",
    name: "amount",
    sampler_type: "uniform",
    params: { low: 50, high: 5000, decimal_places: 2 },
  },
  {
    column_type: "sampler",
    name: "invoice_date",
    sampler_type: "datetime",
    params: { start: "2025-01-01", end: "2026-01-01", unit: "D" },
    convert_to: "%Y-%m-%d",
  },
  {
    column_type: "sampler",
    name: "due_date",
    sampler_type: "timedelta",
    params: { reference_column_name: "invoice_date", dt_min: 1, dt_max: 61, unit: "D" },
    convert_to: "%Y-%m-%d",
  },
];

export function invoices(header: Partial<Omit<DesignDraft, "config">> = {}): DesignDraft {
  return { name: "medical_invoices", num_records: null, seed: null, ...header, config: { columns: INVOICE_COLUMNS } };
}

/** Reads the few sentences of these tests; the real reader has tests of its own. */
export const smallBrief: BriefReader = {
  designFromBrief(text) {
    if (!/invoices/i.test(text)) return { kind: "question", question: "What should the rows be about?" };
    const rows = /(\d+) (?:fake|medical|rows)/.exec(text)?.[1];
    const seed = /seed (\d+)/.exec(text)?.[1];
    const draft = invoices({ num_records: rows === undefined ? null : Number(rows), seed: seed ? Number(seed) : null });
    return { kind: "design", draft, formats: [], assumptions: ["amounts are in US dollars"], notUnderstood: [] };
  },
  readFollowUp(text, draft) {
    const { columns } = draft.config;
    const rows = /(\d+) rows/.exec(text)?.[1];
    const removed = /remove (?:the )?(\w+)/.exec(text)?.[1];
    if (rows !== undefined || removed !== undefined) {
      const config = { ...draft.config, columns: columns.filter(({ name }) => name !== removed) };
      const num_records = rows === undefined ? draft.num_records : Number(rows);
      return { kind: "edit", draft: { ...draft, num_records, config }, changes: [text] };
    }
    if (text.startsWith("yes")) return { kind: "approve" };
    if (text.startsWith("no")) return { kind: "reject" };
    const kind = (["status", "cancel", "jobs", "show", "preview"] as const).find((word) => text.includes(word));
    return kind === undefined ? { kind: "question", question: "What should be changed?" } : { kind };
  },
};

export interface Card {
  readonly action_requests: readonly { name: string; args: Record<string, unknown>; description: string }[];
}

export interface Answer {
  readonly state: DataDesignerState;
  readonly text: string;
  /** The approval that the run waits for. */
  readonly card: Card | undefined;
}

export interface Designer {
  readonly graph: DataDesignerGraph;
  readonly config: { configurable: { thread_id: string } };
  ask(text: string, options?: Record<string, unknown>): Promise<Answer>;
  decide(decision: Record<string, unknown>, options?: Record<string, unknown>): Promise<Answer>;
}

export interface DesignerOptions {
  readonly tools: ToolClient;
  readonly settings?: Record<string, string>;
  readonly threadId?: string;
  readonly maxSteps?: number;
  readonly checkpointer?: DataDesignerGraph["checkpointer"];
  readonly brief?: BriefReader;
}

export async function startDesigner(options: DesignerOptions): Promise<Designer> {
  const { tools, settings, threadId = "thread-1", maxSteps = 10, checkpointer, brief = smallBrief } = options;
  const model = await createTestModel(settings);
  const graph = createDataDesignerGraph({ model, tools, brief, maxSteps, clock: systemClock, log });
  graph.checkpointer = checkpointer ?? new MemorySaver();
  const config = { configurable: { thread_id: threadId } };
  const run = async (input: unknown, extra: Record<string, unknown> = {}): Promise<Answer> => {
    // Input and result have the types of the graph; the tests pass commands too.
    const state = (await graph.invoke(input as { messages: HumanMessage[] }, {
      ...config,
      ...extra,
    })) as DataDesignerState & { __interrupt__?: { value: Card }[] };
    return { state, text: state.messages.at(-1)?.text ?? "", card: state.__interrupt__?.[0]?.value };
  };
  return {
    graph,
    config,
    ask: (text, extra) => run({ messages: [new HumanMessage(text)] }, extra),
    decide: (decision, extra) => run(new Command({ resume: { decisions: [decision] } }), extra),
  };
}

export interface Recorded extends ToolClient {
  readonly calls: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];
  names(): string[];
}

/** The same client with a record of what went through it; `before` may hold a call up or end it. */
export function recordTools(
  client: ToolClient,
  hooks: {
    before?: (name: string) => Promise<void> | void;
    after?: (name: string, outcome: ToolOutcome) => ToolOutcome;
  } = {},
): Recorded {
  const calls: { name: string; args: Readonly<Record<string, unknown>> }[] = [];
  return {
    calls,
    names: () => calls.map(({ name }) => name),
    listTools: () => client.listTools(),
    async call(name: string, args: Readonly<Record<string, unknown>>, options?: ToolCallOptions) {
      calls.push({ name, args });
      await hooks.before?.(name);
      const outcome = await client.call(name, args, options);
      return hooks.after?.(name, outcome) ?? outcome;
    },
    close: () => client.close(),
  };
}
