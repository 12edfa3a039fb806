/** Work in two orders at once: at most `limit` jobs run, and the jobs of one thread run one after another. */
export interface RunQueue {
  /** Adds a job; it starts when a slot is free and the thread's earlier jobs are done. The job must not throw. */
  add(threadId: string, job: () => Promise<void>): QueuedJob;
  /** Jobs that wait. */
  readonly depth: number;
  readonly runningCount: number;
  /** Jobs of the thread, running and waiting. */
  countOfThread(threadId: string): number;
}

export interface QueuedJob {
  /** Takes the job out; false when it has started already. */
  remove(): boolean;
}

interface Entry {
  readonly threadId: string;
  readonly job: () => Promise<void>;
  hasStarted: boolean;
}

export function createRunQueue({ limit }: { readonly limit: number }): RunQueue {
  /** Jobs of each thread in order; the first one may be running. */
  const lanes = new Map<string, Entry[]>();
  /** First jobs of their lanes, in the order they became so. */
  const ready: Entry[] = [];
  let depth = 0;
  let runningCount = 0;

  const pump = (): void => {
    for (let free = limit - runningCount; free > 0; free -= 1) {
      const entry = ready.shift();
      if (entry === undefined) return;
      void start(entry);
    }
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
    countOfThread: (threadId) => lanes.get(threadId)?.length ?? 0,
  };
}
