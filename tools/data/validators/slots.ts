/** Lets at most `limit` tasks run at once; the others wait in the order in which they came. */
export interface Slots {
  run<Value>(task: () => Promise<Value>): Promise<Value>;
}

export function createSlots(limit: number): Slots {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(task) {
      if (running >= limit) await new Promise<void>((resolve) => void waiting.push(resolve));
      else running += 1;
      try {
        return await task();
      } finally {
        // The place goes to the next one directly, so that nobody slips in between.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
