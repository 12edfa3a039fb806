import { type DesignDraft, type DraftCheck, checkDraft } from "../../../engine/data/design/draft.ts";
import { parseDesign } from "../../../engine/data/design/parse-design.ts";
import type { DataToolContext } from "../context.ts";

/** What is wrong with a draft by itself and for what would make its rows, errors first, and what it lacks. */
export function checkDesign(draft: DesignDraft, { check }: DataToolContext): DraftCheck {
  const own = checkDraft(draft);
  const { design } = parseDesign(draft.config);
  const found = design === undefined ? [] : (check?.(design) ?? []);
  if (found.length === 0) return own;
  const all = [...own.violations, ...found];
  const violations = [...all.filter(({ level }) => level === "error"), ...all.filter(({ level }) => level !== "error")];
  return { ...own, violations };
}
