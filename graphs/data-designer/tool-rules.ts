import { DesignDraft, emptyDraft } from "../../engine/data/design/draft.ts";
import type { ToolDescription, ToolOutcome } from "../../mcp/client/tool-client.ts";
import { approvalReason } from "../../mcp/client/tool-policy.ts";
import { isRecord } from "../conversation.ts";
import type { ToolRequest, ToolRules } from "../execute-tools.ts";
import { toPreview } from "./preview.ts";
import { JobResult, violationsOf } from "./results.ts";
import type { DataDesignerState } from "./state.ts";

/** Calls that the submitter takes. */
export const SUBMISSION_TOOLS: ReadonlySet<string> = new Set(["create_job", "finalize_submission"]);

/** The server whose tools read and answer the design; no other server is shown it. */
const DESIGN_SERVER = "data-designer";
/** Where a request carries the design. */
export const DESIGN_META = "nemops/design";

/** The part of the state that tool results change, as it stands after the calls so far. */
export type Work = Pick<DataDesignerState, "design" | "violations" | "preview" | "job">;

export interface DesignRules extends ToolRules {
  readonly meta: NonNullable<ToolRules["meta"]>;
  readonly absorb: NonNullable<ToolRules["absorb"]>;
  /** What the state becomes after the calls so far. */
  work(): Work;
}

/**
 * Design tools are reducers: each call carries the design, and the one it answers goes into the next. Without a design
 * an empty one is sent, because a tool that finds none would take that of its connection, which all threads share.
 */
export function designRules({ design, violations, preview, job }: Work): DesignRules {
  const work: Work = { design, violations, preview, job };
  return {
    prepare: (request) => request,
    answerInstead: () => undefined,
    approvalReason: (request, tool) => approvalReason({ tool, args: request.args, isSimulated: () => false }),
    meta: (_request, tool) => designMeta(tool, work.design),
    absorb(request, outcome) {
      if (!outcome.isError) absorbResult(request, outcome.structured, work);
      return withoutDesign(outcome);
    },
    work: () => work,
  };
}

export function designMeta(
  tool: Pick<ToolDescription, "server"> | undefined,
  design: DesignDraft | null,
): Readonly<Record<string, unknown>> | undefined {
  return tool?.server === DESIGN_SERVER ? { [DESIGN_META]: design ?? emptyDraft() } : undefined;
}

function absorbResult({ name }: ToolRequest, result: unknown, work: Work): void {
  if (!isRecord(result)) return;
  const changed = DesignDraft.safeParse(result["design"]);
  if (changed.success) work.design = changed.data;
  work.violations = violationsOf(result) ?? work.violations;
  if (name === "preview_data") work.preview = toPreview(result) ?? work.preview;
  const job = JobResult.safeParse(result["job"]);
  // Somebody else's job may be asked about; the thread keeps its own.
  if (job.success && (work.job === null || work.job.id === job.data.id)) work.job = job.data;
}

/** The design is in the state; a copy in every tool message would make the thread grow by a design a call. */
function withoutDesign(outcome: ToolOutcome): ToolOutcome {
  if (outcome.structured === undefined || !("design" in outcome.structured)) return outcome;
  const { design: _design, ...structured } = outcome.structured;
  return { ...outcome, structured };
}
