import type { AgentName } from "../agents.ts";
import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import type { ApproveMode } from "../conversation.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { describeKept, excerptLog, questionWithLogs } from "../log-excerpt.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly file: readonly string[];
  readonly agent?: AgentName;
  readonly thread?: string;
  readonly approve: ApproveMode;
  readonly jsonl: boolean;
}

/** One question. `--json` prints one object at the end, `--jsonl` every event of the stream and that object last. */
export async function run(context: CommandContext, words: readonly string[], options: Options): Promise<ExitName> {
  const { terminal } = context;
  const question = words.join(" ").trim();
  if (question === "") throw new CliError("usage", "the question is empty");
  const excerpts = await Promise.all(options.file.map((file) => excerptLog(file)));
  for (const excerpt of excerpts) terminal.note(`${excerpt.file}: ${describeKept(excerpt)}`);
  const isMachineReadable = options.json || options.jsonl;
  return withConnection(context, async (connection) => {
    // The official client is most of what this command loads; wrong arguments are answered without it.
    const { createConversation } = await import("../conversation.ts");
    const conversation = createConversation({
      context,
      connection,
      approve: options.approve,
      isShown: !isMachineReadable,
      ...(options.agent === undefined ? {} : { agent: options.agent }),
      ...(options.jsonl
        ? {
            onEvent: (event) => {
              if (event.type === "raw") terminal.out(JSON.stringify({ event: event.event, data: event.data }));
            },
          }
        : {}),
    });
    const threadId = options.thread ?? (await conversation.createThread());
    const { turn, toolCalls, exit } = await conversation.ask(threadId, questionWithLogs(question, excerpts));
    if (isMachineReadable) {
      const result = {
        thread_id: threadId,
        run_id: turn.runId,
        answer: turn.answer,
        report: turn.report,
        job: turn.job,
        tool_calls: toolCalls.map(({ name, args, isError, durationMs }) => ({
          name,
          args,
          is_error: isError ?? false,
          duration_ms: durationMs ?? null,
        })),
        attached: excerpts.map(({ file, keptLines, totalLines, totalBytes }) => ({
          file,
          kept_lines: keptLines,
          total_lines: totalLines,
          total_bytes: totalBytes,
        })),
      };
      terminal.out(options.jsonl ? JSON.stringify({ event: "end", data: result }) : jsonText("ask", result));
    } else {
      terminal.note(terminal.styleNote("dim", `go on with: nemops ask --thread ${threadId} "…"`));
    }
    return exit;
  });
}
