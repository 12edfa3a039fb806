import type { z } from "zod";

import type { LiveRun } from "../runs/live-runs.ts";
import { RunCreate } from "../schemas/run.ts";
import { InputInjectParams, RunStartParams, StateForkParams } from "../schemas/protocol.ts";
import type { Assistant } from "../store/assistants.ts";
import type { Thread } from "../store/threads.ts";
import { findAssistant } from "../system-assistants.ts";
import type { CommandHandler, CommandTarget, ProtocolContext } from "./command-context.ts";
import { ProtocolError, readParams } from "./protocol-error.ts";
import { emitRootStatus } from "./root-status.ts";

/** What the run's own stream shows to v1 readers; the thread's log has everything. */
const OWN_STREAM_MODES = ["values", "updates", "custom"] as const;

/** `run.start`: a new run, or the answer when the thread waits for one. Runs of one thread wait for each other. */
export const startRun: CommandHandler = async (context, target, params) => {
  const { multitaskStrategy, ...body } = readParams(RunStartParams, params);
  const thread = await context.store.threads.get(target.thread.threadId);
  const assistant = await assistantFor(context, thread, body.assistant_id);
  const strategy = body.multitask_strategy ?? multitaskStrategy ?? "enqueue";
  const pending = thread?.status === "interrupted" ? pendingInterrupts(thread) : [];
  const isFork = body.checkpoint_id != null || body.config?.configurable?.["checkpoint_id"] != null;
  const isAnswer = pending.length > 0 && !isFork && body.command == null && body.input != null;
  const live = await launch(context, target, assistant, {
    ...body,
    ...(isAnswer ? { input: null, command: { resume: answerFor(pending, body.input) } } : {}),
    multitask_strategy: strategy,
  });
  return { run_id: live.run.runId };
};

/** `state.fork`: a run that goes on from an older checkpoint. */
export const forkState: CommandHandler = async (context, target, params) => {
  const { checkpoint_id: checkpointId, input, config } = readParams(StateForkParams, params);
  const thread = await requireThread(context, target);
  const assistant = await assistantFor(context, thread, undefined);
  const live = await launch(context, target, assistant, {
    assistant_id: assistant.assistantId,
    input: input ?? null,
    config,
    checkpoint_id: checkpointId,
    multitask_strategy: "enqueue",
  });
  return { run_id: live.run.runId, thread_id: target.thread.threadId };
};

/** `input.inject`: a message that nobody asked for. It is handed to the thread's assistant when the runs before it are done. */
export const injectInput: CommandHandler = async (context, target, params) => {
  const { namespace, message } = readParams(InputInjectParams, params);
  if (namespace != null && namespace.length > 0) {
    throw new ProtocolError("not_supported", "params.namespace: messages can be given to the root graph only");
  }
  const thread = await requireThread(context, target);
  if (thread.status === "interrupted" && pendingInterrupts(thread).length > 0) {
    throw new ProtocolError("invalid_argument", "the thread waits for an answer; send it with input.respond");
  }
  const assistant = await assistantFor(context, thread, undefined);
  const live = await launch(context, target, assistant, {
    assistant_id: assistant.assistantId,
    input: { messages: [message] },
    multitask_strategy: "enqueue",
  });
  return { run_id: live.run.runId };
};

/** Starts the run and makes sure that its end is seen, even when it never gets its turn. */
export async function launch(
  { runs, clock, hub }: ProtocolContext,
  { thread: { threadId }, headers }: CommandTarget,
  assistant: Assistant,
  body: z.input<typeof RunCreate>,
): Promise<LiveRun> {
  const { thread, release } = hub.acquire(threadId);
  try {
    const live = await runs.create({
      assistant,
      headers,
      threadId,
      isProtocol: true,
      body: {
        ...body,
        assistant_id: assistant.assistantId,
        if_not_exists: "create",
        stream_mode: [...OWN_STREAM_MODES],
      },
    });
    void live.settled.then(({ status }) => {
      const hasRun = (): boolean => thread.hasRun(live.run.runId);
      if (status === "interrupted" && !hasRun()) {
        emitRootStatus(thread, live, { status, nowMs: clock.now() }, { unless: hasRun });
      }
      release();
    });
    return live;
  } catch (error) {
    release();
    throw error;
  }
}

/** The assistant to run. A thread stays with the one it was first used with. Throws `invalid_argument`. */
export async function assistantFor(
  { store, graphs }: ProtocolContext,
  thread: Thread | undefined,
  idOrGraph: string | undefined,
): Promise<Assistant> {
  const bound = thread?.metadata["assistant_id"];
  const boundId = typeof bound === "string" ? bound : undefined;
  const wanted = idOrGraph ?? boundId;
  if (wanted === undefined) {
    throw new ProtocolError("invalid_argument", "no run has been started on the thread; send run.start first");
  }
  const assistant = await findAssistant(store, graphs, wanted);
  if (boundId !== undefined && assistant.assistantId !== boundId) {
    throw new ProtocolError(
      "invalid_argument",
      `params.assistant_id: the thread is bound to assistant ${boundId}; use it, or another thread`,
    );
  }
  return assistant;
}

export async function requireThread({ store }: ProtocolContext, { thread }: CommandTarget): Promise<Thread> {
  const found = await store.threads.get(thread.threadId);
  if (found === undefined) throw new ProtocolError("invalid_argument", `there is no thread ${thread.threadId} yet`);
  return found;
}

/** Ids of what the thread waits for. */
export function pendingInterrupts({ interrupts }: Pick<Thread, "interrupts">): string[] {
  return Object.values(interrupts)
    .flat()
    .flatMap((interrupt) => {
      const id: unknown = (interrupt as { readonly id?: unknown } | null)?.id;
      return typeof id === "string" ? [id] : [];
    });
}

/** One answer goes to everything that waits, unless it says itself what it is for. */
function answerFor(pending: readonly string[], input: unknown): unknown {
  if (typeof input === "object" && input !== null && !Array.isArray(input)) {
    const keys = Object.keys(input);
    if (keys.length > 0 && keys.every((key) => pending.includes(key))) return input;
  }
  return Object.fromEntries(pending.map((id) => [id, input]));
}
