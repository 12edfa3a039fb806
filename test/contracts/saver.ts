import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Storage } from "../../server/store/open-storage.ts";

// LangGraph's suite takes the functions of the test runner from the global scope.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });
const { validate } = await import("@langchain/langgraph-checkpoint-validation");

/**
 * LangGraph's own contract for checkpoint savers. The suite knows the savers that keep all values in every checkpoint by
 * the name of their package.
 */
export function describeSaver(packageName: string, open: () => Promise<Storage>): void {
  let storage: Storage | undefined;
  validate({
    checkpointerName: packageName,
    async createCheckpointer() {
      storage ??= await open();
      return storage.checkpointer.saver;
    },
    async destroyCheckpointer() {
      await storage?.checkpointer.truncate();
    },
    async afterAll() {
      await storage?.close();
      storage = undefined;
    },
  });
}
