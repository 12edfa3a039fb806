import type { designFromBrief } from "../../../engine/data/brief/design-from-brief.ts";
import type { readFollowUp } from "../../../engine/data/brief/read-follow-up.ts";

export type { BriefResult } from "../../../engine/data/brief/design-from-brief.ts";
export type { FollowUp } from "../../../engine/data/brief/read-follow-up.ts";

/** Pure readers of what people write. */
export interface BriefReader {
  readonly designFromBrief: typeof designFromBrief;
  readonly readFollowUp: typeof readFollowUp;
}
