import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import { jobArgs } from "../submission.ts";
import type { DesignCall } from "./column-calls.ts";
import { call } from "./turn.ts";
import { type PolicyView, namedFormats } from "./view.ts";

/** Rows that are offered when nobody has named a number. */
export const DEFAULT_ROWS = 100;
export function createCall({ said }: PolicyView, draft: DesignDraft): DesignCall {
  const wanted = { ...draft, num_records: draft.num_records ?? DEFAULT_ROWS };
  // The schema of the formats checks them again in the submitter.
  return call("create_job", { ...jobArgs(wanted, undefined), ...withFormats(namedFormats(said)) });
}

function withFormats(formats: readonly string[] | undefined): Record<string, unknown> {
  return formats === undefined ? {} : { formats };
}

export function offerRows(design: DesignDraft | null): string | undefined {
  if (design === null || design.config.columns.length === 0) return undefined;
  const rows = (design.num_records ?? DEFAULT_ROWS).toLocaleString("en-US");
  return `Shall I make ${rows} rows? Say yes, name another number, or tell me what to change.`;
}
