import { DesignDraft, emptyDraft } from "../../../engine/data/design/draft.ts";
import { explainIssues, PARSE_OPTIONS } from "../../../engine/data/design/issue-message.ts";
import { MAX_DESIGN_DEPTH } from "../../../engine/data/design/read-config.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { ToolCall } from "../../define-tool.ts";

/** Key of a request's `_meta`, and of the MCP session, under which the design travels. */
export const DESIGN_KEY = "nemops/design";

/**
 * The design that a call works on: the one in its `_meta` (null there is an empty one), else the session's, else an
 * empty one. Throws `invalid_input` for a `_meta` that holds something else.
 */
export function readDraft({ meta, session }: ToolCall<unknown>): DesignDraft {
  const given = DESIGN_KEY in meta ? meta[DESIGN_KEY] : session?.get(DESIGN_KEY);
  if (given === undefined || given === null) return emptyDraft();
  // The schema follows the nesting with the stack, so that a hostile depth has to be found before.
  if (isTooDeep(given)) throw unreadable(`it is nested deeper than ${MAX_DESIGN_DEPTH} levels`);
  const parsed = DesignDraft.safeParse(given, PARSE_OPTIONS);
  if (parsed.success) return parsed.data;
  throw unreadable(
    explainIssues(parsed.error)
      .map(({ message }) => message)
      .slice(0, 5)
      .join("; "),
  );
}

/** Keeps the design for the session's next call, unless the caller keeps it. */
export function keepDraft({ meta, session }: ToolCall<unknown>, draft: DesignDraft): void {
  if (!(DESIGN_KEY in meta)) session?.set(DESIGN_KEY, draft);
}

function unreadable(reason: string): ServiceError {
  return new ServiceError("invalid_input", `_meta["${DESIGN_KEY}"] is no design: ${reason}`);
}

function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= MAX_DESIGN_DEPTH; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
