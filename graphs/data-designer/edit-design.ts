import { z } from "zod";

import { DesignDraft } from "../../engine/data/design/draft.ts";
import type { ToolOutcome } from "../../mcp/client/tool-client.ts";
import type { ToolRequest } from "../execute-tools.ts";
import { reasonOf } from "./results.ts";
import { EditedArgs, type SubmissionArgs, visibleColumns, withArgs } from "./submission.ts";

export interface Edited {
  readonly design: DesignDraft;
  readonly formats: SubmissionArgs["formats"];
  /** Why the changes cannot be made; the design is then the one before them. */
  readonly problem?: string;
}

/**
 * The design with what an operator changed on the approval card. Columns are removed through the tools, the last first,
 * so that what reads a column goes before it; constraints and helpers that hang on it go along.
 */
export async function applyEdit(
  action: { readonly name: string; readonly args: Readonly<Record<string, unknown>> },
  before: { readonly design: DesignDraft; readonly formats: SubmissionArgs["formats"] },
  call: (request: ToolRequest, design: DesignDraft) => Promise<ToolOutcome>,
): Promise<Edited> {
  const refuse = (problem: string): Edited => ({ ...before, problem });
  if (action.name !== "create_job") return refuse(`"${action.name}" cannot be done in its place`);
  const args = EditedArgs.safeParse(action.args);
  if (!args.success) return refuse(z.prettifyError(args.error));
  const { columns } = args.data;
  const present = visibleColumns(before.design);
  const unknown = (columns ?? []).filter((name) => !present.includes(name));
  if (unknown.length > 0) return refuse(`no column ${unknown.join(", ")}; columns are ${present.join(", ")}`);

  let design = withArgs(before.design, args.data);
  const removed = columns == null ? [] : present.filter((name) => !columns.includes(name));
  for (const name of removed.reverse()) {
    if (!visibleColumns(design).includes(name)) continue;
    const outcome = await call({ id: "", name: "remove_column", args: { name, cascade: true } }, design);
    const next = outcome.isError ? undefined : DesignDraft.safeParse(outcome.structured?.["design"]).data;
    if (next === undefined) return refuse(`"${name}" cannot be left out: ${reasonOf(outcome)}`);
    design = next;
  }
  const gone = (columns ?? []).filter((name) => !visibleColumns(design).includes(name));
  if (gone.length > 0) return refuse(`${gone.join(", ")} cannot be kept without ${removed.join(", ")}`);
  return { design, formats: args.data.formats ?? before.formats };
}
