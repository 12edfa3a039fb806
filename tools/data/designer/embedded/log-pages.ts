import { ServiceError } from "../../../../lib/errors.ts";
import type { JobLogPage } from "../designer.ts";
import type { JobStore } from "./job-store.ts";

const MAX_LIMIT = 1_000;

/** A page of a job's lines, oldest first; a cursor is the number of lines before the page. Throws `invalid_input`. */
export function readLogPage(
  store: JobStore,
  job: number,
  { limit, pageCursor }: { readonly limit: number; readonly pageCursor?: string },
): JobLogPage {
  const offset = pageCursor === undefined ? 0 : readCursor(pageCursor);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new ServiceError("invalid_input", `limit ${limit}: at least 1`);
  const size = Math.min(limit, MAX_LIMIT);
  const { lines, total } = store.logLines(job, offset, size);
  return {
    lines,
    total,
    nextPage: offset + lines.length < total ? String(offset + lines.length) : null,
    previousPage: offset > 0 ? String(Math.max(0, offset - size)) : null,
  };
}

function readCursor(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ServiceError("invalid_input", `page cursor ${JSON.stringify(text.slice(0, 50))} is none of this log`);
}
