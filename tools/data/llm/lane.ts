import {
  AIMD_RULES,
  type AimdRules,
  type AimdState,
  type RateLimited,
  onRateLimit,
  onSuccess,
  startAimd,
} from "../../../engine/data/llm/aimd.ts";
import type { Clock } from "../../../lib/clock.ts";

export interface LaneOptions {
  readonly maxParallel: number;
  readonly columnCount: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly rules?: AimdRules;
  /** Starts a cell; the lane counts it as in flight until `release`. */
  readonly start: (cell: number) => void;
  /** False while the whole run has too many requests in flight. */
  readonly hasRoom: () => boolean;
}

export interface Lane {
  /** Cells of later columns go first, so that rows are finished one after another and not all at the end. */
  enqueue(cell: number, column: number): void;
  release(): void;
  succeeded(): void;
  limited(event: RateLimited): void;
  pump(): void;
  readonly limit: number;
}

/** The waiting cells of one model alias and how many of its requests may be in flight. */
export function createLane({
  maxParallel,
  columnCount,
  clock,
  signal,
  rules = AIMD_RULES,
  start,
  hasRoom,
}: LaneOptions): Lane {
  let aimd: AimdState = startAimd(maxParallel);
  let inFlight = 0;
  let isWaking = false;
  const queues = Array.from({ length: columnCount }, () => ({ cells: [] as number[], head: 0 }));

  function take(): number | undefined {
    for (let column = columnCount - 1; column >= 0; column -= 1) {
      const queue = queues[column];
      const cell = queue?.cells[queue.head];
      if (queue === undefined || cell === undefined) continue;
      queue.head += 1;
      if (queue.head > 1024 && queue.head * 2 > queue.cells.length) {
        queue.cells.splice(0, queue.head);
        queue.head = 0;
      }
      return cell;
    }
    return undefined;
  }

  function pump(): void {
    const wait = aimd.pausedUntilMs - clock.now();
    if (wait > 0) {
      wakeAfter(wait);
      return;
    }
    while (inFlight < aimd.limit && hasRoom()) {
      const cell = take();
      if (cell === undefined) return;
      inFlight += 1;
      start(cell);
    }
  }

  function wakeAfter(wait: number): void {
    if (isWaking) return;
    isWaking = true;
    clock.sleep(wait, signal).then(
      () => {
        isWaking = false;
        pump();
      },
      // The run has ended; its cells are settled by whoever ended it.
      () => undefined,
    );
  }

  return {
    enqueue(cell, column) {
      queues[column]?.cells.push(cell);
    },
    release: () => void (inFlight -= 1),
    succeeded: () => void (aimd = onSuccess(aimd, rules)),
    limited: (event) => void (aimd = onRateLimit(aimd, event, rules)),
    pump,
    get limit() {
      return aimd.limit;
    },
  };
}
