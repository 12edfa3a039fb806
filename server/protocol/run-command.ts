import { doWithAccess } from "../auth/command-access.ts";
import type { CommandAnswer, CommandBody } from "../schemas/protocol.ts";
import type { CommandHandler, CommandTarget, ProtocolContext } from "./command-context.ts";
import { ProtocolError, toProtocolError } from "./protocol-error.ts";
import { getState, getTree, listCheckpoints } from "./read-state.ts";
import { respond } from "./respond.ts";
import { forkState, injectInput, startRun } from "./start-run.ts";

/** Commands that work over HTTP and over a socket alike. */
const COMMANDS: ReadonlyMap<string, CommandHandler> = new Map([
  ["run.start", startRun],
  ["input.respond", respond],
  ["input.inject", injectInput],
  ["state.get", getState],
  ["state.listCheckpoints", listCheckpoints],
  ["state.fork", forkState],
  ["agent.getTree", getTree],
]);

const SOCKET_COMMANDS = ["subscription.subscribe", "subscription.unsubscribe", "subscription.reconnect"];

/** Does one command. Never throws: what went wrong is in the answer. `more` are those the transport adds. */
export async function runCommand(
  context: ProtocolContext,
  target: CommandTarget,
  { id, method, params }: CommandBody,
  more: ReadonlyMap<string, CommandHandler> = new Map(),
): Promise<CommandAnswer> {
  const { thread } = target;
  try {
    await thread.sync();
    // Taken before anything happens: whatever comes later may be an effect of the command.
    const appliedThroughSeq = thread.lastSeq;
    const handler = more.get(method) ?? COMMANDS.get(method);
    if (handler === undefined) throw unknownCommand(method, [...COMMANDS.keys(), ...more.keys()]);
    const command = { method, params, threadId: thread.threadId };
    const result = await doWithAccess(target.access, context.store, command, (allowed) =>
      handler(context, target, allowed),
    );
    return {
      type: "success",
      id,
      result,
      meta: { thread_id: thread.threadId, applied_through_seq: appliedThroughSeq },
    };
  } catch (error) {
    const known = toProtocolError(error);
    if (known === undefined) {
      context.log.error({ thread_id: thread.threadId, method, err: error }, "protocol command failed");
      return { type: "error", id, error: "unknown_error", message: "an unexpected error; the server's log has it" };
    }
    return { type: "error", id, error: known.code, message: known.message };
  }
}

function unknownCommand(method: string, known: readonly string[]): ProtocolError {
  if (SOCKET_COMMANDS.includes(method)) {
    return new ProtocolError(
      "not_supported",
      `${method} works on a WebSocket; over HTTP every stream is a subscription`,
    );
  }
  return new ProtocolError("unknown_command", `no command "${method}"; commands are ${known.join(", ")}`);
}
