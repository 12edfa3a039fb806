import { type Agent, type IncomingMessage, request } from "node:http";

/** What one run brought to one reader, over however many connections. */
export interface RunTally {
  readonly events: number;
  readonly lost: number;
  readonly doubled: number;
  /** Times the reader left in the middle and came back. */
  readonly returns: number;
  /** Which events came, when some were lost or doubled. */
  readonly problem: string | undefined;
}

export interface SoakRunOptions {
  readonly agent: Agent;
  readonly url: string;
  readonly threadId: string;
  /** Custom events the graph is to write. */
  readonly ticks: number;
  /** Number of events after which the reader leaves; undefined when it stays. */
  readonly leaveAfter: number | undefined;
}

const LIMIT_MS = 60_000;

interface Reading {
  readonly ids: number[];
  readonly ticks: number[];
  location: string | undefined;
  error: string | undefined;
}

/**
 * Streams one run to its end, leaving once where told to and coming back with the id of the last event it had read. Throws
 * when the server refuses, when the run fails, or when nothing arrives for a minute.
 */
export async function readRun({ agent, url, threadId, ticks, leaveAfter }: SoakRunOptions): Promise<RunTally> {
  const reading: Reading = { ids: [], ticks: [], location: undefined, error: undefined };
  const body = JSON.stringify({
    assistant_id: "talker",
    input: { count: ticks },
    stream_mode: ["custom", "values"],
    stream_resumable: true,
    on_disconnect: "continue",
  });
  let isOver = await readPart({ agent, url: `${url}/threads/${threadId}/runs/stream`, body }, reading, leaveAfter);
  let returns = 0;
  while (!isOver) {
    const { location } = reading;
    if (location === undefined) throw new Error("the stream had no Location to come back to");
    const lastId = reading.ids.at(-1) ?? -1;
    isOver = await readPart({ agent, url: `${url}${location}`, lastId }, reading, undefined);
    returns += 1;
  }
  if (reading.error !== undefined) throw new Error(`a run failed: ${reading.error}`);
  const seen = new Set(reading.ids);
  const first = reading.ids[0] ?? 0;
  const last = reading.ids.at(-1) ?? -1;
  const gaps = last - first + 1 - seen.size;
  const missingTicks = ticks - new Set(reading.ticks).size;
  const lost = Math.max(gaps, missingTicks);
  const doubled = Math.max(reading.ids.length - seen.size, reading.ticks.length - new Set(reading.ticks).size);
  const shown = `left after ${leaveAfter}; ids ${reading.ids.join(" ")}; ${reading.location}`;
  const problem = lost + doubled > 0 ? shown : undefined;
  return { events: reading.ids.length, lost, doubled, returns, problem };
}

interface Part {
  readonly agent: Agent;
  readonly url: string;
  readonly body?: string;
  readonly lastId?: number;
}

/** Reads until the server ends the stream (true) or `leaveAfter` events have come (false). */
function readPart({ agent, url, body, lastId }: Part, reading: Reading, leaveAfter?: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent,
        method: body === undefined ? "GET" : "POST",
        timeout: LIMIT_MS,
        headers: {
          "content-type": "application/json",
          ...(lastId === undefined ? {} : { "last-event-id": String(lastId) }),
        },
      },
      (response: IncomingMessage) => {
        if (response.statusCode !== 200) {
          reject(new Error(`${url} answered ${response.statusCode}`));
          response.destroy();
          return;
        }
        reading.location = response.headers.location ?? reading.location;
        let rest = "";
        let hasLeft = false;
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          // What came in the same packet is still handed over after the response was destroyed.
          if (hasLeft) return;
          const frames = (rest + text).split("\n\n");
          rest = frames.pop() ?? "";
          for (const frame of frames) {
            readFrame(frame, reading);
            if (leaveAfter !== undefined && reading.ids.length >= leaveAfter) {
              hasLeft = true;
              resolve(false);
              response.destroy();
              return;
            }
          }
        });
        response.on("end", () => resolve(true));
        response.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`nothing came from ${url} in ${LIMIT_MS} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function readFrame(frame: string, reading: Reading): void {
  let event = "";
  let data = "";
  for (const line of frame.split("\n")) {
    if (line.startsWith("id: ")) reading.ids.push(Number(line.slice(4)));
    else if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data = line.slice(6);
  }
  if (event === "error") reading.error = data;
  // The graph of the soak writes nothing else.
  if (event === "custom") reading.ticks.push((JSON.parse(data) as { tick: number }).tick);
}
