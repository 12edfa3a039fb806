import { createInterface } from "node:readline";

import type { AgentName } from "../agents.ts";
import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { type ApproveMode, createConversation } from "../conversation.ts";
import type { ExitName } from "../exit-codes.ts";
import { askLine } from "../ask-person.ts";

interface Options extends GlobalOptions {
  readonly agent?: AgentName;
  readonly thread?: string;
  readonly approve: ApproveMode;
}

/** Question after question in one thread, until `/exit` or the end of the input. */
export async function run(context: CommandContext, options: Options): Promise<ExitName> {
  const { terminal } = context;
  return withConnection(context, async (connection) => {
    const conversation = createConversation({
      context,
      connection,
      approve: options.approve,
      isShown: true,
      ...(options.agent === undefined ? {} : { agent: options.agent }),
    });
    const threadId = options.thread ?? (await conversation.createThread());
    terminal.note(terminal.styleNote("dim", `thread ${threadId}; /exit ends`));
    let exit: ExitName = "ok";
    for await (const line of lines(context)) {
      const question = line.trim();
      if (question === "/exit" || question === "/quit") break;
      if (question === "") continue;
      exit = (await conversation.ask(threadId, question)).exit;
    }
    return exit;
  });
}

async function* lines({ terminal, signal }: CommandContext): AsyncGenerator<string> {
  if (!terminal.canAsk) {
    yield* createInterface({ input: process.stdin });
    return;
  }
  // A reader per question, so that an approval in between can ask on the same terminal.
  for (;;) {
    try {
      yield await askLine("> ", signal);
    } catch (error) {
      // End of input (Ctrl-D) closes the reader, which ends the conversation and is no failure.
      if (signal.aborted) throw error;
      return;
    }
  }
}
