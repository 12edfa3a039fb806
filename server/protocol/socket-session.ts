import type { WebSocket } from "@fastify/websocket";

import { CommandBody, ReconnectParams, SubscribeParams, UnsubscribeParams } from "../schemas/protocol.ts";
import type { CommandHandler, CommandTarget, ProtocolContext } from "./command-context.ts";
import type { EventFilter } from "./event-filter.ts";
import { ProtocolError, readParams } from "./protocol-error.ts";
import { runCommand } from "./run-command.ts";

/** A reader that has this much unsent is waited for. */
const MAX_UNSENT_BYTES = 1024 * 1024;
const CHUNK_CHARS = 64 * 1024;
/** Commands of one socket under way or waiting; a client that sends more does not read its answers. */
const MAX_COMMANDS = 256;
const MAX_SUBSCRIPTIONS = 256;
/** How many pings may stay unanswered. */
const MAX_MISSED_PINGS = 3;
/** Close codes are 4000 plus the HTTP status, which tells clients whether trying again can help. */
const TOO_MANY = 4429;
const NOT_FOUND = 4404;
const SERVER_STOPS = 1012;

/** Events that were there before a subscription, still to be sent for it. */
interface CatchUp {
  readonly filter: EventFilter;
  position: number;
  readonly until: number;
}

export interface SocketOptions {
  readonly context: ProtocolContext;
  readonly socket: WebSocket;
  readonly target: Omit<CommandTarget, "signal">;
  readonly heartbeatMs: number;
  /** Resolves when the thread's log can be read; until then commands wait. */
  readonly opened: Promise<void>;
  /** Whether the reader may see the thread, asked before its events are sent; without it everybody may. */
  readonly canSee?: (() => Promise<boolean>) | undefined;
}

/**
 * One WebSocket: commands in, answers and events out. An event goes out once, however many subscriptions want it. Ends
 * when the socket closes or the server stops. Never rejects.
 */
export async function serveSocket(options: SocketOptions): Promise<void> {
  const { context, socket, target, heartbeatMs, opened, canSee } = options;
  const { thread } = target;
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, context.hub.closing]);
  const filters = new Map<string, EventFilter>();
  const catchUps: CatchUp[] = [];
  let position = 0;
  let wake = Promise.withResolvers<void>();
  let commands = 0;
  let lastCommand = opened;
  let missedPings = 0;

  const subscribe = (id: string, filter: EventFilter, from: number): number => {
    if (filters.size >= MAX_SUBSCRIPTIONS) {
      throw new ProtocolError("invalid_argument", `a socket has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    filters.set(id, filter);
    const until = position;
    const { events } = thread.log.read(from, [filter], Infinity, until);
    if (events.length > 0) catchUps.push({ filter, position: from, until });
    wake.resolve();
    return events.length;
  };

  const subscriptions: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
    [
      "subscription.subscribe",
      async (_context, _target, params) => {
        const filter = readParams(SubscribeParams, params);
        const id = thread.subscribe(filter);
        return { subscription_id: id, replayed_events: subscribe(id, filter, 0) };
      },
    ],
    [
      "subscription.unsubscribe",
      async (_context, _target, params) => {
        const { subscription_id: id } = readParams(UnsubscribeParams, params);
        if (!filters.delete(id))
          throw new ProtocolError("no_such_subscription", `no subscription ${id} on this socket`);
        thread.unsubscribe(id);
        return {};
      },
    ],
    [
      "subscription.reconnect",
      async (_context, _target, params) => {
        const {
          last_event_id: lastEventId,
          subscriptions: wanted,
          run_id: runId,
        } = readParams(ReconnectParams, params);
        if (runId != null && !thread.hasRun(runId)) {
          throw new ProtocolError("no_such_run", `nothing is kept of run ${runId}`);
        }
        const from = lastEventId == null ? 0 : thread.log.after(seqOf(lastEventId));
        let missed = 0;
        let isComplete = lastEventId == null || thread.log.has(lastEventId);
        for (const id of wanted ?? []) {
          const filter = thread.subscription(id);
          if (filter === undefined) isComplete = false;
          else missed += subscribe(id, filter, from);
        }
        const current = thread.namespaces.map(({ namespace, status }) => ({ namespace, status }));
        return { restored: isComplete, missed_events: missed, current_namespaces: current };
      },
    ],
  ]);

  const sendEvents = async (events: readonly { readonly json: string }[]): Promise<void> => {
    if (events.length > 0 && canSee !== undefined && !(await canSee())) {
      socket.close(NOT_FOUND, "Thread not found");
      throw new Error("the thread is not the reader's to see");
    }
    for (const { json } of events) await send(socket, json, signal);
  };

  const answer = async (text: string): Promise<void> => {
    const parsed = CommandBody.safeParse(parseJson(text));
    const reply = parsed.success
      ? await runCommand(context, { ...target, signal }, parsed.data, subscriptions)
      : { type: "error", id: null, error: "invalid_argument", message: describe(parsed.error) };
    if (!signal.aborted) await send(socket, JSON.stringify(reply), signal);
  };

  socket.on("message", (data, isBinary) => {
    if (commands >= MAX_COMMANDS) {
      socket.close(TOO_MANY, "too many commands at a time");
      return;
    }
    commands += 1;
    // One after the other, as they came: the second may rest on what the first did.
    const text = isBinary || !Buffer.isBuffer(data) ? "" : data.toString();
    lastCommand = lastCommand
      .then(() => (signal.aborted ? undefined : answer(text)))
      .catch(() => undefined) // The socket is gone.
      .finally(() => {
        commands -= 1;
      });
  });
  socket.on("pong", () => {
    missedPings = 0;
  });
  socket.on("close", () => gone.abort(new Error("the client closed the socket")));
  socket.on("error", () => socket.terminate());
  const pings = setInterval(() => {
    missedPings += 1;
    if (missedPings > MAX_MISSED_PINGS) socket.terminate();
    else socket.ping();
  }, heartbeatMs).unref();

  try {
    await opened;
    position = thread.log.end;
    while (!signal.aborted) {
      const catchUp = catchUps[0];
      if (catchUp !== undefined) {
        const batch = thread.log.read(catchUp.position, [catchUp.filter], CHUNK_CHARS, catchUp.until);
        catchUp.position = batch.position;
        if (batch.position >= catchUp.until) catchUps.shift();
        await sendEvents(batch.events);
        continue;
      }
      const batch = thread.log.read(position, [...filters.values()], CHUNK_CHARS);
      const hasMoved = batch.position > position;
      position = batch.position;
      await sendEvents(batch.events);
      if (hasMoved || catchUps.length > 0) continue;
      wake = Promise.withResolvers();
      const waited = new AbortController();
      await Promise.race([
        wake.promise,
        thread.log.wait(position, heartbeatMs, AbortSignal.any([signal, waited.signal])),
      ]);
      waited.abort(new Error("something happened"));
    }
  } catch {
    // The socket is gone, or was closed just above.
  } finally {
    clearInterval(pings);
    if (!gone.signal.aborted) socket.close(SERVER_STOPS, "the server stops");
  }
}

/** Resolves when the socket can take more. Rejects when it is closed. */
async function send(socket: WebSocket, text: string, signal: AbortSignal): Promise<void> {
  if (socket.bufferedAmount < MAX_UNSENT_BYTES) {
    socket.send(text);
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(new Error("the socket is closed"));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    socket.send(text, (error) => (error == null ? resolve() : reject(error)));
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The seq in an event's id. */
export function seqOf(eventId: string): number {
  const digits = /(\d{1,16})$/.exec(eventId)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe({ issues }: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const problems = issues.map(({ path, message }) => `${path.map(String).join(".") || "the message"}: ${message}`);
  return `not a command {id, method, params}: ${problems.join("; ")}`;
}
