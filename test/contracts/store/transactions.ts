import { describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import type { Store } from "../../../server/store/store.ts";
import { newThread } from "../../../server/store/threads.ts";
import { newAssistant } from "./assistants.ts";
import { NOW_MS } from "./support.ts";

export function describeTransactions(store: () => Store): void {
  describe("transactions", () => {
    it("undoes a transaction that throws, and runs those with one lock after one another", async () => {
      const assistant = newAssistant();
      const failing = store().transaction(async (tables) => {
        await tables.assistants.insert(assistant);
        throw new Error("undone");
      });
      await expect(failing).rejects.toThrow("undone");
      expect(await store().assistants.get(assistant.assistantId)).toBeUndefined();

      // A row that is not there yet: only one of them may find it missing.
      const threadId = newUuid();
      const found = await Promise.all(
        Array.from({ length: 16 }, () =>
          store().transaction(
            async ({ threads }) => {
              const thread = await threads.get(threadId);
              const count = Number(thread?.metadata["count"] ?? 0) + 1;
              if (thread === undefined) await threads.insert(newThread(threadId, NOW_MS, { count }));
              else await threads.setMetadata(threadId, { count }, {}, NOW_MS);
              return count;
            },
            { lock: threadId },
          ),
        ),
      );
      expect(found.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
    });
  });
}
