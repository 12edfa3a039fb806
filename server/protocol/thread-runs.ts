import type { Clock } from "../../lib/clock.ts";
import type { LiveRun } from "../runs/live-runs.ts";
import type { RunManager } from "../runs/run-manager.ts";
import type { Store } from "../store/store.ts";
import { serialize } from "../wire/serialize.ts";
import type { ProtocolThread } from "./protocol-thread.ts";

const CHUNK_CHARS = 64 * 1024;
/** The events that say where one run begins and ends. */
const LIFECYCLE = new Set(["metadata", "error", "end"]);
const ROOT_LIFECYCLE = { channels: ["lifecycle"], namespaces: [[]], depth: 0 };

export interface ThreadRunsOptions {
  /** Its log tells when a run starts. */
  readonly thread: ProtocolThread;
  readonly runs: Pick<RunManager, "followThread">;
  readonly store: Store;
  readonly clock: Clock;
  readonly modes: readonly ("run_modes" | "lifecycle" | "state_update")[];
  /** `<run id>:<event id>` of the last event the reader has; `-1` for all that is kept; undefined for what comes. */
  readonly lastEventId: string | undefined;
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
}

/**
 * The streams of a thread's runs, one after the other: `run_modes` is everything a run's own stream shows, `lifecycle` only
 * its beginning and end, and `state_update` the state of the thread after each run.
 */
export async function* openThreadRuns(options: ThreadRunsOptions): AsyncGenerator<string> {
  const { thread, runs, modes, heartbeatMs, signal } = options;
  yield ": open\n\n";
  const seen = new Set<string>();
  let position = thread.log.end;
  let resume = findResume(await runs.followThread(thread.threadId), options.lastEventId, seen);
  while (!signal.aborted) {
    const known = await runs.followThread(thread.threadId);
    for (const runId of seen) if (!known.some(({ run }) => run.runId === runId)) seen.delete(runId);
    const next = known.find((live) => !seen.has(live.run.runId) && live.status !== "pending");
    if (next === undefined) {
      const hasNews = await thread.log.wait(position, heartbeatMs, signal);
      if (!hasNews && !signal.aborted) yield ": heartbeat\n\n";
      position = thread.log.read(position, [ROOT_LIFECYCLE], Infinity).position;
      continue;
    }
    seen.add(next.run.runId);
    const afterId = resume?.runId === next.run.runId ? resume.eventId : -1;
    resume = undefined;
    const isShown = modes.includes("run_modes") || modes.includes("lifecycle");
    if (isShown) yield* followRun(next, afterId, options);
    else await Promise.race([next.settled, whenAborted(signal)]);
    if (modes.includes("state_update") && !signal.aborted) yield await stateFrame(next, options);
  }
}

async function* followRun(live: LiveRun, afterId: number, options: ThreadRunsOptions): AsyncGenerator<string> {
  const { modes, heartbeatMs, signal } = options;
  const accepts = modes.includes("run_modes") ? () => true : (mode: string) => LIFECYCLE.has(mode);
  let position = afterId;
  while (!signal.aborted) {
    const { text, lastId, hasGap } = live.log.read(position, CHUNK_CHARS, accepts);
    if (hasGap) {
      position = live.log.firstId - 1;
      continue;
    }
    const hasMoved = lastId > position;
    position = lastId;
    // Ids of runs count from 0, so on this stream they carry their run.
    if (text !== "") yield text.replaceAll(/^id: (\d+)$/gm, `id: ${live.run.runId}:$1`);
    else if (hasMoved) continue;
    else if (live.log.isEnded) return;
    else if (!(await live.log.wait(position, heartbeatMs, signal)) && !signal.aborted) yield ": heartbeat\n\n";
  }
}

async function stateFrame({ run }: LiveRun, { store }: ThreadRunsOptions): Promise<string> {
  const thread = await store.threads.get(run.threadId);
  const data = { run_id: run.runId, status: thread?.status, values: thread?.values, interrupts: thread?.interrupts };
  return `event: state_update\ndata: ${serialize(data)}\n\n`;
}

/** Marks the runs that the reader is not to see (again) as seen, and finds where it goes on. */
function findResume(
  known: readonly LiveRun[],
  lastEventId: string | undefined,
  seen: Set<string>,
): { readonly runId: string; readonly eventId: number } | undefined {
  if (lastEventId === "-1") return undefined;
  const [runId = "", eventId = ""] = (lastEventId ?? "").split(":");
  const index = known.findIndex((live) => live.run.runId === runId);
  if (index >= 0 && /^\d{1,15}$/.test(eventId)) {
    for (const live of known.slice(0, index)) seen.add(live.run.runId);
    return { runId, eventId: Number(eventId) };
  }
  for (const live of known) if (live.log.isEnded) seen.add(live.run.runId);
  const current = known.find((live) => !live.log.isEnded && live.status !== "pending");
  return current === undefined ? undefined : { runId: current.run.runId, eventId: current.log.lastId };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
