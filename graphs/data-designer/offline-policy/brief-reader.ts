import type { DesignDraft } from "../../../engine/data/design/draft.ts";

/** A brief as the engine reads it. */
export type BriefResult =
  | {
      readonly kind: "design";
      readonly draft: DesignDraft;
      readonly formats: readonly ("jsonl" | "csv" | "parquet")[];
      readonly assumptions: readonly string[];
      readonly notUnderstood: readonly string[];
    }
  | { readonly kind: "question"; readonly question: string };

/** What the user wants after a design is there. */
export type FollowUp =
  | { readonly kind: "edit"; readonly draft: DesignDraft; readonly changes: readonly string[] }
  | { readonly kind: "approve" | "reject" | "new_brief" | "status" | "cancel" | "jobs" | "show" | "preview" }
  | { readonly kind: "question"; readonly question: string };

/** Pure readers of what people write; `today` is `YYYY-MM-DD`. */
export interface BriefReader {
  designFromBrief(text: string, options: { readonly today: string }): BriefResult;
  readFollowUp(text: string, draft: DesignDraft, options: { readonly today: string }): FollowUp;
}
