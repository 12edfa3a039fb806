import { InputRespondParams } from "../schemas/protocol.ts";
import type { Thread } from "../store/threads.ts";
import type { CommandHandler, CommandTarget, ProtocolContext } from "./command-context.ts";
import { ProtocolError, readParams } from "./protocol-error.ts";
import { assistantFor, launch, pendingInterrupts, requireThread } from "./start-run.ts";

/** How long an answer waits for the run that asked to be stored: clients see the question a moment before. */
const SETTLE_MS = 10_000;

/** `input.respond`: answers one or several pending interrupts, by their ids, in one run. */
export const respond: CommandHandler = async (context, target, params) => {
  const body = readParams(InputRespondParams, params);
  // The union keeps them apart by their required field.
  const answers = "responses" in body && Array.isArray(body.responses) ? body.responses : [body];
  const resume: Record<string, unknown> = {};
  for (const answer of answers) {
    const { interrupt_id: id, response } = answer as { readonly interrupt_id: string; readonly response?: unknown };
    if (Object.hasOwn(resume, id)) {
      throw new ProtocolError("invalid_argument", `params.responses: interrupt ${id} is answered twice`);
    }
    resume[id] = response ?? null;
  }
  const ids = Object.keys(resume);
  const thread = await whenAsked(context, target, ids);
  const pending = pendingInterrupts(thread);
  if (pending.length === 0) {
    throw new ProtocolError("invalid_argument", `thread ${thread.threadId} has no pending interrupt`);
  }
  const unknown = ids.filter((id) => !pending.includes(id));
  if (unknown.length > 0) {
    throw new ProtocolError(
      "no_such_interrupt",
      `${unknown.join(", ")}: not a pending interrupt of this thread; pending are ${pending.join(", ")}`,
    );
  }
  const assistant = await assistantFor(context, thread, undefined);
  const live = await launch(context, target, assistant, {
    assistant_id: assistant.assistantId,
    command: {
      resume,
      ...(body.update == null ? {} : { update: body.update }),
      ...(body.goto == null ? {} : { goto: body.goto }),
    },
    config: body.config,
    metadata: body.metadata,
    // A run that waits to be resumed blocks nothing, so whatever runs now was started after the question.
    multitask_strategy: "enqueue",
  });
  return { run_id: live.run.runId };
};

/** The thread once it waits for these answers, or as it is when nothing that runs can ask for them any more. */
async function whenAsked(context: ProtocolContext, target: CommandTarget, ids: readonly string[]): Promise<Thread> {
  const thread = await requireThread(context, target);
  const pending = pendingInterrupts(thread);
  if (thread.status === "interrupted" && ids.every((id) => pending.includes(id))) return thread;
  const running = (await context.runs.followThread(thread.threadId)).find((live) => live.status === "running");
  if (running === undefined) return thread;
  const limit = new AbortController();
  const signal = AbortSignal.any([limit.signal, target.signal]);
  await Promise.race([running.settled, context.clock.sleep(SETTLE_MS, signal).catch(() => undefined)]);
  limit.abort(new Error("the run has ended"));
  return requireThread(context, target);
}
