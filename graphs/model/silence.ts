import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";

/**
 * Passes a stream on and gives up when nothing comes for `timeoutMs`: before the first element and between elements,
 * so that a long answer is fine and a stuck one is not. `abort` stops the request behind the stream.
 */
export async function* limitSilence<Element>(
  open: () => Promise<AsyncIterable<Element>>,
  options: { timeoutMs: number; clock: Clock; abort: (reason: Error) => void },
): AsyncGenerator<Element> {
  const { timeoutMs, clock, abort } = options;
  let count = 0;

  async function within<Result>(promise: Promise<Result>): Promise<Result> {
    const timer = new AbortController();
    const silence = clock.sleep(timeoutMs, timer.signal).then(() => {
      const where = count === 0 ? "before the first token" : "in the middle of the answer";
      const error = new ServiceError("timed_out", `the endpoint was silent for ${timeoutMs / 1_000} s ${where}`);
      abort(error);
      throw error;
    });
    // The loser of the race rejects after the race is over; nobody is left to hear it.
    silence.catch(() => undefined);
    promise.catch(() => undefined);
    try {
      return await Promise.race([promise, silence]);
    } finally {
      timer.abort();
    }
  }

  const iterator = (await within(open()))[Symbol.asyncIterator]();
  let isFinished = false;
  try {
    while (true) {
      const next = await within(iterator.next());
      if (next.done === true) {
        isFinished = true;
        return;
      }
      count += 1;
      yield next.value;
    }
  } finally {
    // Not awaited: a generator stuck in its own `next` would never answer.
    if (!isFinished) void iterator.return?.().catch(() => undefined);
  }
}
