import type { ServerResponse } from "node:http";

import type { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

import type { Clock } from "../../lib/clock.ts";

export interface HttpSession {
  readonly id: string;
  readonly transport: StreamableHTTPServerTransport;
  /** Requests that still have an open response, the session's event stream included. */
  openResponses: number;
  lastUsedMs: number;
}

export interface HttpSessionsOptions {
  readonly clock: Clock;
  readonly maxSessions: number;
  readonly idleMs: number;
}

/**
 * The sessions of one HTTP endpoint. Bounded: an idle session ends after `idleMs`, and when the table is full the one
 * idle longest makes room. A session with an open response is never ended to make room.
 */
export class HttpSessions {
  readonly #sessions = new Map<string, HttpSession>();
  readonly #options: HttpSessionsOptions;
  /** Handshakes under way: they count, or a burst of them would pass the bound. */
  #reserved = 0;

  constructor(options: HttpSessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): HttpSession | undefined {
    return this.#sessions.get(id);
  }

  add(id: string, transport: StreamableHTTPServerTransport): HttpSession {
    const session = { id, transport, openResponses: 0, lastUsedMs: this.#options.clock.now() };
    this.#sessions.set(id, session);
    return session;
  }

  remove(id: string): void {
    this.#sessions.delete(id);
  }

  /** Keeps the session alive until the response has ended. */
  hold(session: HttpSession, response: ServerResponse): void {
    session.openResponses += 1;
    session.lastUsedMs = this.#options.clock.now();
    response.once("close", () => {
      session.openResponses -= 1;
      session.lastUsedMs = this.#options.clock.now();
    });
  }

  /**
   * Takes a place for a handshake, to be given back with `release`. Ends expired sessions first, and one more when the
   * table is full. False, and no place taken, when every session is in use.
   */
  async reserve(): Promise<boolean> {
    const { clock, idleMs, maxSessions } = this.#options;
    const idle = [...this.#sessions.values()]
      .filter((session) => session.openResponses === 0)
      .sort((left, right) => left.lastUsedMs - right.lastUsedMs);
    const expired = idle.filter((session) => clock.now() - session.lastUsedMs >= idleMs);
    const oldest = idle[0];
    const isFull = this.#sessions.size + this.#reserved >= maxSessions;
    const ending = isFull && expired.length === 0 && oldest !== undefined ? [oldest] : expired;
    for (const session of ending) this.#sessions.delete(session.id);
    const hasRoom = this.#sessions.size + this.#reserved < maxSessions;
    if (hasRoom) this.#reserved += 1;
    await Promise.all(ending.map((session) => session.transport.close()));
    return hasRoom;
  }

  release(): void {
    this.#reserved -= 1;
  }

  async closeAll(): Promise<void> {
    const ending = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(ending.map((session) => session.transport.close()));
  }
}
