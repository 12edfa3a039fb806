import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { NOW_MS, ODD } from "./support.ts";

export function describeThreadEvents(store: () => Store): void {
  const append = (threadId: string, afterSeq: number, lastSeq: number, nowMs = NOW_MS): Promise<boolean> =>
    store().threadEvents.append(threadId, { afterSeq, lastSeq, events: `${ODD} ${lastSeq}` }, nowMs);
  const lastSeqs = async (threadId: string, seq = 0): Promise<number[]> =>
    (await store().threadEvents.read(threadId, seq)).map(({ lastSeq }) => lastSeq);

  describe("events of threads", () => {
    it("form a chain that only its newest end can be added to, by one of those who try", async () => {
      const threadId = newUuid();
      expect([await append(threadId, 1, 2), await append(threadId, 0, 9), await append(threadId, 9, 10)]).toEqual([
        false,
        true,
        true,
      ]);
      expect([await append(threadId, 9, 11), await append(threadId, 11, 12)]).toEqual([false, false]);
      const tries = await Promise.all(Array.from({ length: 8 }, () => append(threadId, 10, 20)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      expect([await lastSeqs(threadId), await lastSeqs(threadId, 9), await lastSeqs(threadId, 20)]).toEqual([
        [9, 10, 20],
        [10, 20],
        [],
      ]);
      expect(await store().threadEvents.read(threadId, 10)).toEqual([
        { afterSeq: 10, lastSeq: 20, events: `${ODD} 20` },
      ]);
    });

    it("are freed up to a number, in whole batches, or with their thread", async () => {
      const { threadEvents } = store();
      const [threadId, other] = [newUuid(), newUuid()];
      for (const seq of [0, 2, 4]) await append(threadId, seq, seq + 2);
      await append(other, 0, 1);
      expect(await threadEvents.newest([threadId, other, newUuid()])).toEqual(
        new Map([
          [threadId, 6],
          [other, 1],
        ]),
      );
      await threadEvents.deleteBefore(threadId, 4);
      expect(await lastSeqs(threadId)).toEqual([4, 6]);
      await threadEvents.deleteOfThread(threadId);
      expect([await lastSeqs(threadId), await lastSeqs(other)]).toEqual([[], [1]]);
      expect(await threadEvents.newest([])).toEqual(new Map());
    });

    it("are swept when nothing was added for a time, a bounded number of threads at once", async () => {
      // Long before the events of the other cases.
      const longAgoMs = 1_000;
      const old = [newUuid(), newUuid(), newUuid()];
      for (const threadId of old) await append(threadId, 0, 1, longAgoMs - 1);
      const fresh = newUuid();
      await append(fresh, 0, 1, longAgoMs - 1);
      await append(fresh, 1, 2, longAgoMs);
      expect(await store().threadEvents.sweep(longAgoMs, 2)).toBe(2);
      expect(await store().threadEvents.sweep(longAgoMs, 2)).toBe(1);
      expect(await store().threadEvents.sweep(longAgoMs, 2)).toBe(0);
      expect(await lastSeqs(fresh)).toEqual([1, 2]);
    });
  });
}
