import { describe, expect, it } from "vitest";

import { createEventLog } from "../../../server/runs/event-log.ts";
import { openEventStream } from "../../../server/runs/sse.ts";

const all = (): boolean => true;
const never = new AbortController().signal;

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe("an event log", () => {
  it("numbers events from 0 and reads on after any of them", () => {
    const log = createEventLog();
    log.append("metadata", "{}");
    log.append("values|child:1", "[1]");
    expect(log.read(-1, 1_000, all)).toEqual({
      text: "id: 0\nevent: metadata\ndata: {}\n\nid: 1\nevent: values|child:1\ndata: [1]\n\n",
      lastId: 1,
      hasGap: false,
    });
    expect(log.read(1, 1_000, all)).toEqual({ text: "", lastId: 1, hasGap: false });
    expect(log.read(-1, 1_000, (mode) => mode === "values").text).toMatch(/^id: 1\n/);
  });

  it("keeps line breaks out of event names, so that no frame can be forged", () => {
    const log = createEventLog();
    log.append("values|bad\n\nevent: forged", "1");
    expect(log.read(-1, 1_000, all).text).toBe("id: 0\nevent: values|bad event: forged\ndata: 1\n\n");
  });

  it("drops the oldest events beyond its bounds and tells a reader that needed them", async () => {
    const log = createEventLog();
    const big = JSON.stringify("x".repeat(1_000_000));
    for (let index = 0; index < 80; index += 1) log.append("custom", big);
    expect(log.size).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(log.lastId).toBe(79);
    expect(log.read(-1, 10, all).hasGap).toBe(true);
    expect(log.read(78, 10, all).text).toMatch(/^id: 79\n/);
    log.end();
    const late = await readAll(openEventStream({ log, afterId: -1, heartbeatMs: 1_000, signal: never, now: Date.now }));
    expect(late).toMatch(/^event: error\ndata: \{"error":"EventsDropped"/);
  });

  it("takes nothing more after its end", () => {
    const log = createEventLog();
    log.end();
    log.append("values", "1");
    expect(log.lastId).toBe(-1);
  });

  it("wakes every waiting reader at an event, and lets one go whose client left", async () => {
    const log = createEventLog();
    const leaving = new AbortController();
    const waits = [log.wait(-1, 60_000, never), log.wait(-1, 60_000, never), log.wait(-1, 60_000, leaving.signal)];
    leaving.abort();
    expect(await waits[2]).toBe(false);
    log.append("values", "1");
    expect(await Promise.all(waits.slice(0, 2))).toEqual([true, true]);
  });
});
