import { isoTime } from "../../lib/clock.ts";
import type { AssistantBody } from "../schemas/assistant.ts";
import type { RunBody } from "../schemas/run.ts";
import type { ThreadBody } from "../schemas/thread.ts";
import type { Assistant } from "../store/assistants.ts";
import type { Run } from "../store/runs.ts";
import type { Thread } from "../store/threads.ts";

export function toWireAssistant(assistant: Assistant): AssistantBody {
  return {
    assistant_id: assistant.assistantId,
    graph_id: assistant.graphId,
    name: assistant.name,
    description: assistant.description,
    config: assistant.config,
    context: assistant.context,
    metadata: assistant.metadata,
    version: assistant.version,
    created_at: isoTime(assistant.createdAtMs),
    updated_at: isoTime(assistant.updatedAtMs),
  };
}

export function toWireThread(thread: Thread): ThreadBody {
  return {
    thread_id: thread.threadId,
    created_at: isoTime(thread.createdAtMs),
    updated_at: isoTime(thread.updatedAtMs),
    state_updated_at: isoTime(thread.stateUpdatedAtMs),
    metadata: thread.metadata,
    status: thread.status,
    config: thread.config,
    values: thread.values,
    interrupts: thread.interrupts,
    error: thread.error,
  };
}

export function toWireRun(run: Run): RunBody {
  return {
    run_id: run.runId,
    thread_id: run.threadId,
    assistant_id: run.assistantId,
    created_at: isoTime(run.createdAtMs),
    updated_at: isoTime(run.updatedAtMs),
    status: run.status,
    metadata: run.metadata,
    kwargs: {
      ...run.kwargs,
      config: { ...run.kwargs.config, configurable: withoutCaller(run.kwargs.config.configurable) },
    },
    multitask_strategy: run.multitaskStrategy,
  };
}

/** What is known of the caller is for the graph: it may hold what `authenticate` found, such as a token. */
function withoutCaller(configurable: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configurable).filter(([name]) => !name.startsWith("langgraph_auth_")));
}

/** Keeps only the fields a caller selected; all of them when nothing was selected. */
export function selectFields<Resource extends object>(
  resource: Resource,
  select: readonly string[] | null | undefined,
): Partial<Resource> {
  if (select == null || select.length === 0) return resource;
  // Leaving out entries of an object gives a part of it.
  return Object.fromEntries(Object.entries(resource).filter(([key]) => select.includes(key))) as Partial<Resource>;
}
