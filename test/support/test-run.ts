import type { Run } from "../../server/store/runs.ts";

/** A run as it is accepted, with what the test wants to be different. */
export function createTestRun(changes: Partial<Run> = {}): Run {
  return {
    runId: "run",
    threadId: "thread",
    assistantId: "assistant",
    status: "pending",
    metadata: {},
    multitaskStrategy: "enqueue",
    attempt: 0,
    isTemporary: false,
    startAtMs: 0,
    stopRequested: null,
    owner: "me",
    followedBy: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    kwargs: {
      input: {},
      command: null,
      config: { configurable: {} },
      context: null,
      stream_mode: ["values"],
      subgraphs: false,
      resumable: false,
      temporary: false,
      interrupt_before: null,
      interrupt_after: null,
      durability: "async",
      webhook: null,
    },
    ...changes,
  };
}
