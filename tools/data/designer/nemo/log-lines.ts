import { z } from "zod";

import type { JobLogLine } from "../designer.ts";
import { toIso } from "./job-fields.ts";
import type { WireLogs } from "./wire.ts";

/** What the service's own logger writes into a line's message. Source: Python SDK 1.4, `get_logs`. */
const Wrapped = z.object({
  message: z.string(),
  levelname: z.string().nullish(),
  level: z.string().nullish(),
  name: z.string().nullish(),
});

/** Lines whose message is plain text, or a JSON object with name, levelname and message. */
export function readLogLine(line: WireLogs["data"][number]): JobLogLine {
  const wrapped = unwrap(line.message);
  return {
    timestamp: toIso(line.timestamp),
    level: readLevel(wrapped?.levelname ?? wrapped?.level),
    step: line.job_step ?? wrapped?.name ?? "",
    task: line.job_task ?? "",
    message: wrapped?.message ?? line.message,
  };
}

/** Lines of `v1beta1`: `{msg, level}` or `{msg, state}`, one JSON object a line. Source: Python SDK 1.2. */
const OldLine = z.object({
  msg: z.string(),
  level: z.string().nullish(),
  state: z.string().nullish(),
  step: z.string().nullish(),
  ts: z.string().nullish(),
});

export function readOldLogLine(value: unknown): JobLogLine | undefined {
  const parsed = OldLine.safeParse(value);
  if (!parsed.success) return undefined;
  const { msg, level, state, step, ts } = parsed.data;
  return { timestamp: toIso(ts), level: readLevel(level ?? state), step: step ?? "", task: "", message: msg };
}

export function readLevel(text: string | null | undefined): JobLogLine["level"] {
  const name = (text ?? "info").toLowerCase();
  if (name === "error" || name === "critical" || name === "fatal") return "error";
  return name.startsWith("warn") ? "warning" : "info";
}

function unwrap(message: string): z.infer<typeof Wrapped> | undefined {
  if (!message.startsWith("{")) return undefined;
  try {
    const parsed = Wrapped.safeParse(JSON.parse(message));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
