import { z } from "zod";

import type { ThreadEvent } from "./thread-log.ts";

const Head = z.tuple([
  z.number().describe("seq"),
  z.string().describe("event_id"),
  z.string().describe("method"),
  z.string().describe("channel"),
  z.array(z.string()).describe("namespace"),
]);

/** Two lines an event: what filters look at, so that a large event need not be parsed to be skipped, and the envelope. */
export function encodeEvents(events: readonly ThreadEvent[]): string {
  return events
    .map(({ seq, eventId, method, channel, namespace, json }) => {
      const head: z.infer<typeof Head> = [seq, eventId, method, channel, [...namespace]];
      return `${JSON.stringify(head)}\n${json}`;
    })
    .join("\n");
}

/** What `encodeEvents` made. */
export function decodeEvents(text: string): ThreadEvent[] {
  const lines = text.split("\n");
  const events: ThreadEvent[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [seq, eventId, method, channel, namespace] = Head.parse(JSON.parse(lines[index] ?? ""));
    events.push({ seq, eventId, method, channel, namespace, json: lines[index + 1] ?? "" });
  }
  return events;
}
