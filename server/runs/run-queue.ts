/** Work in two orders at once: at most `limit` jobs run, and the jobs of one thread run one after another. */
export interface RunQueue {
  /** Adds a job; it starts soon after a slot is free and the thread's earlier jobs are done. The job must not throw. */
  add(threadId: string, job: () => Promise<void>): QueuedJob;
  /** Jobs that wait. */
  readonly depth: number;
  readonly runningCount: number;
}

export interface QueuedJob {
  /** Takes the job out; false when it has started already. */
  remove(): boolean;
}

/** Measured with 32 clients: two take a tenth less processor time a run than one, and four gain nothing more. */
const STARTS_PER_TURN = 2;

interface Entry {
  readonly threadId: string;
  readonly job: () => Promise<void>;
  hasStarted: boolean;
}

export interface RunQueueOptions {
  readonly limit: number;
  /** Calls back in the next turn of the event loop. */
  readonly nextTurn?: (callback: () => void) => void;
}

/**
 * A few jobs are started in a turn of the event loop. A run that does not wait for anything outside is finished within its
 * turn, SQLite being synchronous: started all at once, thirty of them would keep the loop from accepting a connection,
 * reading a request or sending an answer until the last one is done.
 */
export function createRunQueue({ limit, nextTurn = setImmediate }: RunQueueOptions): RunQueue {
  /** Jobs of each thread in order; the first one may be running. */
  const lanes = new Map<string, Entry[]>();
  /** First jobs of their lanes, in the order they became so. */
  const ready: Entry[] = [];
  let depth = 0;
  let runningCount = 0;
  let isTurnTaken = false;

  const pump = (): void => {
    if (isTurnTaken || ready.length === 0 || runningCount >= limit) return;
    isTurnTaken = true;
    nextTurn(() => {
      isTurnTaken = false;
      for (const entry of ready.splice(0, Math.min(STARTS_PER_TURN, limit - runningCount))) void start(entry);
      pump();
    });
  };

  const start = async (entry: Entry): Promise<void> => {
    entry.hasStarted = true;
    depth -= 1;
    runningCount += 1;
    try {
      await entry.job();
    } finally {
      runningCount -= 1;
      leave(entry);
      pump();
    }
  };

  const leave = (entry: Entry): void => {
    const lane = lanes.get(entry.threadId) ?? [];
    const wasFirst = lane[0] === entry;
    const rest = lane.filter((other) => other !== entry);
    if (rest.length === 0) lanes.delete(entry.threadId);
    else lanes.set(entry.threadId, rest);
    const next = rest[0];
    if (wasFirst && next !== undefined) ready.push(next);
  };

  return {
    add(threadId, job) {
      const entry: Entry = { threadId, job, hasStarted: false };
      const lane = lanes.get(threadId);
      depth += 1;
      if (lane === undefined) {
        lanes.set(threadId, [entry]);
        ready.push(entry);
        pump();
      } else {
        lane.push(entry);
      }
      return {
        remove() {
          if (entry.hasStarted || !(lanes.get(threadId)?.includes(entry) ?? false)) return false;
          depth -= 1;
          const index = ready.indexOf(entry);
          if (index >= 0) ready.splice(index, 1);
          leave(entry);
          return true;
        },
      };
    },
    get depth() {
      return depth;
    },
    get runningCount() {
      return runningCount;
    },
  };
}
