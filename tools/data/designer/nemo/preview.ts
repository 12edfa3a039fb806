import { errorMessage } from "../../../../lib/errors.ts";
import type { PreviewMessage } from "../designer.ts";
import type { Dialect } from "./dialect.ts";
import { splitLines } from "./json-lines.ts";

const MAX_UNREADABLE = 20;

/**
 * Messages of a preview as they come. A line that cannot be read is told as a warning, a dataset that cannot be read as
 * an error; an end without a dataset and without an error is told as an error, so that a preview never fails silently.
 */
export async function* readPreviewStream(
  body: AsyncIterable<Uint8Array>,
  dialect: Pick<Dialect, "readPreview">,
): AsyncGenerator<PreviewMessage> {
  let hasDataset = false;
  let hasError = false;
  let unreadable = 0;
  for await (const line of splitLines(body)) {
    const messages = readLine(line, dialect);
    if (typeof messages === "string") {
      unreadable += 1;
      if (unreadable <= MAX_UNREADABLE) yield { kind: "log", level: "warning", message: messages };
      continue;
    }
    for (const message of messages) {
      hasDataset ||= message.kind === "dataset";
      hasError ||= message.kind === "log" && message.level === "error";
      yield message;
    }
  }
  if (!hasDataset && !hasError) {
    const message = "the service ended the preview without a dataset and without saying why";
    yield { kind: "log", level: "error", message };
  }
}

function readLine(line: string, dialect: Pick<Dialect, "readPreview">): readonly PreviewMessage[] | string {
  try {
    return dialect.readPreview(JSON.parse(line));
  } catch (error) {
    const shown = errorMessage(error).replaceAll(/\s+/g, " ").slice(0, 200);
    return `the service sent a line that cannot be read (${shown}): ${line.slice(0, 100)}`;
  }
}
