import { Readable } from "node:stream";

import type { FastifyReply } from "fastify";

import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { PreviewMessage as DesignerMessage } from "../../../tools/data/designer/designer.ts";
import type { PreviewMessage } from "../../schemas/data-designer.ts";
import { toServiceAnalysis } from "./analysis.ts";

export interface PreviewAnswer {
  /** Stopped when the client leaves. */
  readonly messages: AsyncIterable<DesignerMessage>;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Answers with one JSON object a line, each as it comes, and a heartbeat where nothing comes for a while. What fails
 * before the first message is thrown, so that a bad config is a plain 422; later it is an `error` log, as its status is 200 by then.
 */
export async function sendPreview(reply: FastifyReply, answer: PreviewAnswer): Promise<FastifyReply> {
  const messages = answer.messages[Symbol.asyncIterator]();
  let next = messages.next();
  // It is awaited in `lines` as well, which may begin later.
  next.catch(() => undefined);
  await silenceOr(next, answer);

  async function* lines(): AsyncGenerator<string> {
    try {
      for (;;) {
        const result = await silenceOr(next, answer);
        if (result === undefined) {
          yield toLine({ kind: "heartbeat" });
          continue;
        }
        if (result.done === true) return;
        yield toLine(result.value);
        next = messages.next();
      }
    } catch (error) {
      answer.log.warn({ err: error }, "preview failed");
      yield toLine({ kind: "log", level: "error", message: errorMessage(error) });
    } finally {
      await messages.return?.();
    }
  }
  return reply
    .header("content-type", "application/jsonl")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .send(Readable.from(lines(), { objectMode: false }));
}

/** The next message, or undefined when it takes longer than a heartbeat. */
async function silenceOr<Value>(
  next: Promise<Value>,
  { clock, heartbeatMs }: PreviewAnswer,
): Promise<Value | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([next, clock.sleep(heartbeatMs, timer.signal).then(() => undefined)]);
  } finally {
    timer.abort();
  }
}

function toLine(message: DesignerMessage): string {
  return `${JSON.stringify(toWire(message))}\n`;
}

function toWire(message: DesignerMessage): PreviewMessage {
  switch (message.kind) {
    case "heartbeat":
      return { message: "", message_type: "heartbeat", extra: {} };
    case "log":
      return { message: message.message, message_type: "log", extra: { level: message.level } };
    case "dataset":
      return { message: JSON.stringify(message.records), message_type: "dataset", extra: {} };
    case "analysis":
      return { message: JSON.stringify(toServiceAnalysis(message.analysis)), message_type: "analysis", extra: {} };
  }
}
