import type { JsonValue } from "../../../engine/data/table.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { DataDesigner, PreviewRequest } from "../designer/designer.ts";

export interface PreviewRows {
  readonly rows: readonly Readonly<Record<string, JsonValue>>[];
  /** Warnings and errors of the backend, for example rows that were dropped. */
  readonly failures: readonly string[];
}

const MAX_FAILURES = 20;

/**
 * The last dataset that a preview sends. Throws `invalid_input` with the backend's words when it ends without one (the
 * same design would end so again), and whatever the backend throws.
 */
export async function runPreview(designer: DataDesigner, request: PreviewRequest): Promise<PreviewRows> {
  const failures: string[] = [];
  let rows: PreviewRows["rows"] | undefined;
  for await (const message of designer.preview(request)) {
    if (message.kind === "dataset") rows = message.records;
    if (message.kind === "log" && message.level !== "info" && failures.length < MAX_FAILURES) {
      failures.push(message.message);
    }
  }
  if (rows === undefined) {
    throw new ServiceError(
      "invalid_input",
      `the preview made no rows: ${failures.join("; ") || "the backend gave no reason"}`,
    );
  }
  return { rows, failures };
}
