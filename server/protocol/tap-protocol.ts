import { convertToProtocolEvent } from "@langchain/langgraph/stream";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { isFinished } from "../runs/run-status.ts";
import type { RunTap, TapRun } from "../runs/run-tap.ts";
import type { GraphChunk } from "../runs/stream-events.ts";
import { type EventPipeline, type PipelineEvent, createEventPipeline } from "./event-pipeline.ts";
import { emitRootStatus, errorOf, toAgentStatus } from "./root-status.ts";
import type { ThreadHub } from "./thread-hub.ts";

const INTERRUPT = "__interrupt__";

export interface TapOptions {
  readonly hub: ThreadHub;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes the events of runs that were started through the protocol, or on threads that it is used on. */
export function createProtocolTap({ hub, clock, log }: TapOptions): TapRun {
  return (live, graph) => {
    const { threadId, runId, kwargs } = live.run;
    if (kwargs.protocol !== true && !hub.isUsed(threadId)) return undefined;
    const { thread, release } = hub.acquire(threadId);
    let isDeleted = false;
    const owner = { runId, owner: live.owner };
    // Who has the store to itself has its runs.
    const owned = hub.isShared ? () => (isDeleted ? undefined : owner) : undefined;
    const emit: Emit = (event) => thread.emit(event, { owned });
    const pipeline = createEventPipeline({
      graphName: live.graphId,
      transformers: graph.streamTransformers ?? [],
      emit,
      now: () => clock.now(),
    });
    // A reader that came while the run was being prepared may have been told, and so may those of the process before.
    const running = { status: "running", nowMs: clock.now() } as const;
    emitRootStatus(thread, live, running, { unless: () => thread.hasRun(runId), owned });
    const answered = answeredInterrupts(kwargs.command?.resume);
    if (answered.length > 0) {
      const params = { namespace: [], timestamp: clock.now(), data: { interrupt_ids: answered } };
      emit({ method: "input.answered", params });
    }
    const onChunk = createChunkWriter(emit, pipeline, clock);
    const tap: RunTap = {
      onChunk(chunk) {
        try {
          onChunk(chunk);
        } catch (error) {
          // A transformer of the graph that throws must not end the run.
          log.warn({ run_id: runId, thread_id: threadId, err: error }, "protocol event not written");
        }
      },
      async onEnd(result) {
        try {
          // A run that was rolled back has no row any more, and no other owner.
          isDeleted = live.stopReason === "rollback" && isFinished(result.status);
          // A run that was handed over, or taken, goes on elsewhere.
          if (isFinished(result.status)) {
            const status = toAgentStatus(result);
            const error = status === "failed" ? errorOf(result) : undefined;
            await pipeline.finish(status, error === undefined ? undefined : new Error(error));
            const end = { status, nowMs: clock.now(), error };
            emitRootStatus(thread, live, end, { unless: () => thread.hasEnded(runId), owned });
          }
          await thread.flush();
        } finally {
          release();
        }
      },
    };
    return tap;
  };
}

type Emit = (event: PipelineEvent) => void;

function createChunkWriter(emit: Emit, pipeline: EventPipeline, clock: Clock): (chunk: GraphChunk) => void {
  const requested = new Set<string>();

  const request = (interrupts: readonly unknown[], namespace: string[]): void => {
    for (const interrupt of interrupts) {
      // LangGraph's own record.
      const { id, value } = interrupt as { readonly id?: unknown; readonly value?: unknown };
      // A subgraph's interrupt is shown again in its parents; it asks once, where it was raised.
      if (typeof id !== "string" || requested.has(id)) continue;
      requested.add(id);
      const params = { namespace, timestamp: clock.now(), data: { interrupt_id: id, payload: value } };
      emit({ method: "input.requested", params });
    }
  };

  return ({ namespace, mode, data }) => {
    const path = [...namespace];
    let payload = data;
    if (mode === "values" || mode === "updates") {
      const split = splitInterrupts(data);
      request(split.interrupts, path);
      if (split.rest === undefined) return;
      payload = split.rest;
    }
    for (const event of convertToProtocolEvent({ namespace: path, mode, payload, seq: 0 })) pipeline.push(event);
  };
}

/** Interrupts go their own way; what is left of the chunk is undefined when it held nothing else. */
function splitInterrupts(data: unknown): { readonly interrupts: readonly unknown[]; readonly rest: unknown } {
  if (typeof data !== "object" || data === null || !(INTERRUPT in data)) return { interrupts: [], rest: data };
  const { [INTERRUPT]: raised, ...rest } = data as Record<string, unknown>;
  return {
    interrupts: Array.isArray(raised) ? raised : [],
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

const INTERRUPT_ID = /^[0-9a-f]{32}$/;

/** Ids that a resume answers; none when it gives one value without saying for what. */
function answeredInterrupts(resume: unknown): string[] {
  if (typeof resume !== "object" || resume === null || Array.isArray(resume)) return [];
  const ids = Object.keys(resume);
  return ids.every((id) => INTERRUPT_ID.test(id)) ? ids : [];
}
