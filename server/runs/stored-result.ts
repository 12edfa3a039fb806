import type { Store } from "../store/store.ts";
import type { Run } from "../store/runs.ts";
import { serialize } from "../wire/serialize.ts";
import type { RunResult } from "./live-runs.ts";

/** How a run ended, as its thread tells it to those who ask later. */
export async function readStoredResult(
  store: Pick<Store, "threads">,
  { threadId, status }: Pick<Run, "threadId" | "status">,
): Promise<RunResult> {
  const thread = await store.threads.get(threadId);
  const hasFailed = (status === "error" || status === "timeout") && thread?.error != null;
  return { status, body: serialize(hasFailed ? { __error__: thread.error } : (thread?.values ?? {})) };
}
