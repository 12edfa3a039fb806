/** Requests to one server, as plain HTTP. */

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** Rejects with a TypeError when the connection is refused or breaks. */
export async function call(url: string, method: string, target: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${target}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.trim() === "" ? undefined : toJson(text), headers: response.headers };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // A body that breaks off is a connection that broke.
    throw new TypeError(`no JSON: ${text.slice(0, 200)}`, { cause: error });
  }
}

export interface Frame {
  /** Undefined for a frame that is no event of the run. */
  readonly id: number | undefined;
  readonly event: string;
  readonly data: string;
}

/** Frames of an event stream as they arrive, without heartbeats. Throws when the connection breaks. */
export async function* framesOf(response: Response): AsyncGenerator<Frame> {
  let text = "";
  // A body of fetch is iterable in Node.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      const event = /^event: (.+)$/m.exec(frame)?.[1];
      if (event === undefined) continue;
      const id = /^id: (\d+)$/m.exec(frame)?.[1];
      yield { id: id === undefined ? undefined : Number(id), event, data: /^data: (.*)$/m.exec(frame)?.[1] ?? "" };
    }
  }
}

/** A reader of one run's events on one server. */
export interface Reader {
  readonly frames: readonly Frame[];
  /** Resolves when the stream has ended or broken off; never rejects. */
  readonly ended: Promise<"end" | "broken">;
  stop(): void;
}

export function follow(url: string, target: string, lastEventId: number): Reader {
  const frames: Frame[] = [];
  const stopping = new AbortController();
  const read = async (): Promise<"end" | "broken"> => {
    try {
      const headers = { "last-event-id": String(lastEventId) };
      const response = await fetch(`${url}${target}`, { headers, signal: stopping.signal });
      if (!response.ok) return "broken";
      for await (const frame of framesOf(response)) frames.push(frame);
      return "end";
    } catch {
      return "broken";
    }
  };
  return { frames, ended: read(), stop: () => stopping.abort() };
}

/** Whether a reader has got the custom event that says that a step begins or is over. */
export function hasSeen(
  { frames }: Reader,
  op: string,
  step: { readonly begin?: string; readonly name?: string },
): boolean {
  const data = JSON.stringify({ op, ...step });
  return frames.some((frame) => frame.event === "custom" && frame.data === data);
}
