import {
  AIMD_RULES,
  type AimdRules,
  type AimdState,
  type RateLimited,
  onRateLimit,
  onSuccess,
  rateLimitWaitMs,
  startAimd,
} from "../../../engine/data/llm/aimd.ts";
import { CLOSED_BREAKER, onEndpointFailure, onEndpointLimited } from "../../../engine/data/llm/breaker.ts";
import type { Clock } from "../../../lib/clock.ts";

export interface LaneOptions {
  readonly maxParallel: number;
  readonly clock: Clock;
  readonly rules?: AimdRules | undefined;
  /** False while all lanes together have too many requests in flight. */
  readonly hasRoom: () => boolean;
  /** Called with +1 and -1 as requests start and end. */
  readonly count: (change: 1 | -1) => void;
  readonly onLimit?: ((limit: number) => void) | undefined;
}

export interface SeatOptions {
  /** Seats with lower numbers are served first, so that row groups are finished one after another. */
  readonly order: number;
  readonly columnCount: number;
  /** Starts a cell; the lane counts it as in flight until `release`. */
  readonly start: (cell: number) => void;
  /** The endpoint is given up. */
  readonly onDead: (message: string) => void;
}

export interface Started {
  readonly nowMs: number;
  /** When the request had started. */
  readonly startedAtMs: number;
}

/** The place of one run in the lane of a model alias. */
export interface Seat {
  /** Cells of later columns go first, so that rows are finished one after another and not all at the end. */
  enqueue(cell: number, column: number): void;
  /** Before all other cells of its column: a cell that was refused has waited. */
  enqueueFirst(cell: number, column: number): void;
  release(): void;
  succeeded(): void;
  /** After a 429. Returns how long the refused cell has to wait, in ms. */
  limited(event: RateLimited, message: string): number;
  /** After a timeout, a torn connection or a 5xx. */
  failed(event: Started, message: string): void;
  /** After a refusal: nothing was made, but somebody is there. */
  answered(): void;
  leave(): void;
}

/** The waiting cells of one model alias and how many of its requests may be in flight, for all runs of a job. */
export interface Lane {
  join(options: SeatOptions): Seat;
  pump(): void;
}

interface Queue {
  readonly cells: number[];
  head: number;
}

interface Place extends SeatOptions {
  readonly queues: readonly Queue[];
}

export function createLane(options: LaneOptions): Lane {
  const { maxParallel, clock, rules = AIMD_RULES, hasRoom, count, onLimit } = options;
  let aimd: AimdState = startAimd(maxParallel);
  let breaker = CLOSED_BREAKER;
  let inFlight = 0;
  const places: Place[] = [];
  let waking: AbortController | undefined;

  function pump(): void {
    const wait = Math.max(aimd.pausedUntilMs, breaker.pausedUntilMs) - clock.now();
    if (wait > 0) {
      wakeAfter(wait);
      return;
    }
    // One request tries whether an endpoint in trouble is back.
    const limit = breaker.pauses > 0 ? 1 : aimd.limit;
    while (inFlight < limit && hasRoom()) {
      const next = takeNext(places);
      if (next === undefined) return;
      inFlight += 1;
      count(1);
      next.place.start(next.cell);
    }
  }

  function wakeAfter(wait: number): void {
    if (waking !== undefined) return;
    waking = new AbortController();
    clock.sleep(wait, waking.signal).then(
      () => {
        waking = undefined;
        pump();
      },
      // All runs have ended; nobody waits any more.
      () => undefined,
    );
  }

  function setAimd(next: AimdState): void {
    const before = aimd.limit;
    aimd = next;
    if (next.limit !== before) onLimit?.(next.limit);
  }

  function giveUpIfDead(message: string): void {
    if (breaker.isDead) for (const place of places.slice()) place.onDead(message);
  }

  return {
    pump,
    join(seat) {
      const queues = Array.from({ length: seat.columnCount }, (): Queue => ({ cells: [], head: 0 }));
      const place: Place = { ...seat, queues };
      const before = places.findIndex(({ order }) => order > seat.order);
      places.splice(before === -1 ? places.length : before, 0, place);
      return {
        enqueue: (cell, column) => void queues[column]?.cells.push(cell),
        enqueueFirst: (cell, column) => {
          const queue = queues[column];
          if (queue !== undefined) putFirst(queue, cell);
        },
        release: () => {
          inFlight -= 1;
          count(-1);
        },
        succeeded: () => {
          breaker = CLOSED_BREAKER;
          setAimd(onSuccess(aimd, rules));
        },
        limited: (event, message) => {
          breaker = onEndpointLimited(breaker, event);
          setAimd(onRateLimit(aimd, event, rules));
          giveUpIfDead(message);
          return rateLimitWaitMs(aimd, event.retryAfterMs, rules);
        },
        failed: (event, message) => {
          breaker = onEndpointFailure(breaker, event);
          giveUpIfDead(message);
        },
        answered: () => void (breaker = CLOSED_BREAKER),
        leave: () => {
          const at = places.indexOf(place);
          if (at >= 0) places.splice(at, 1);
          if (places.length > 0) return;
          waking?.abort(new Error("nobody waits"));
          waking = undefined;
        },
      };
    },
  };
}

function putFirst(queue: Queue, cell: number): void {
  if (queue.head === 0) queue.cells.unshift(cell);
  else {
    queue.head -= 1;
    queue.cells[queue.head] = cell;
  }
}

function takeNext(places: readonly Place[]): { readonly place: Place; readonly cell: number } | undefined {
  for (const place of places) {
    for (let column = place.queues.length - 1; column >= 0; column -= 1) {
      const queue = place.queues[column];
      const cell = queue?.cells[queue.head];
      if (queue === undefined || cell === undefined) continue;
      queue.head += 1;
      if (queue.head > 1024 && queue.head * 2 > queue.cells.length) {
        queue.cells.splice(0, queue.head);
        queue.head = 0;
      }
      return { place, cell };
    }
  }
  return undefined;
}
