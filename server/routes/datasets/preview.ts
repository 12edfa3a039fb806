import type { z } from "zod";

import { ServiceError } from "../../../lib/errors.ts";
import type { PreviewMessage } from "../../../tools/data/designer/designer.ts";
import type { DatasetPreview } from "../../schemas/datasets.ts";

/** The whole preview as one answer. Throws `invalid_input` with what it told last when it ends without rows. */
export async function collectPreview(messages: AsyncIterable<PreviewMessage>): Promise<z.infer<typeof DatasetPreview>> {
  const logs: { level: string; message: string }[] = [];
  let records: readonly Readonly<Record<string, unknown>>[] | undefined;
  let profile: unknown = null;
  for await (const message of messages) {
    if (message.kind === "log") logs.push({ level: message.level, message: message.message });
    if (message.kind === "dataset") records = message.records;
    if (message.kind === "analysis") profile = message.analysis;
  }
  if (records !== undefined) return { records: [...records], profile, logs };
  const failure = logs.findLast(({ level }) => level === "error") ?? logs.at(-1);
  throw new ServiceError("invalid_input", `the preview made no rows: ${failure?.message ?? "it did not say why"}`);
}
