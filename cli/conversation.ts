import {
  type Agent,
  type AgentEvent,
  type Decision,
  type PendingAction,
  type Turn,
  type WireJob,
  createAgent,
} from "./agent.ts";
import type { AgentName } from "./agents.ts";
import { askYesNo } from "./ask-person.ts";
import type { Connection } from "./connection.ts";
import type { CommandContext } from "./context.ts";
import { CliError, type ExitName } from "./exit-codes.ts";
import { createProgressBar } from "./progress-bar.ts";
import { reportText } from "./report-text.ts";
import { printable } from "./terminal.ts";

/** `ask`: a person decides; `never`: every request is refused; `auto`: the server is told not to ask. */
export type ApproveMode = "ask" | "never" | "auto";

export interface ConversationOptions {
  readonly context: CommandContext;
  readonly connection: Connection;
  readonly agent?: AgentName;
  readonly approve: ApproveMode;
  /** Shows tools and text while they come; off for machine-readable output. */
  readonly isShown: boolean;
  readonly onEvent?: (event: AgentEvent) => void;
}

export interface Outcome {
  readonly turn: Turn;
  readonly toolCalls: readonly ToolCallRecord[];
  readonly exit: ExitName;
}

export interface ToolCallRecord {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  isError?: boolean;
  durationMs?: number;
}

export interface Conversation {
  /** One question to the end of its answer, approvals included. */
  ask(threadId: string, question: string): Promise<Outcome>;
  createThread(): Promise<string>;
}

export function createConversation(options: ConversationOptions): Conversation {
  const { context, connection, agent: agentName, approve, isShown, onEvent } = options;
  const { terminal, signal } = context;
  const bar = isShown ? createProgressBar(terminal) : undefined;
  let toolCalls: ToolCallRecord[] = [];
  let openMessage: string | undefined;

  const endLine = (): void => {
    if (openMessage !== undefined) terminal.write("\n");
    openMessage = undefined;
  };
  const show = (event: AgentEvent): void => {
    onEvent?.(event);
    if (event.type !== "job_progress" && event.type !== "raw") bar?.end();
    if (event.type === "tool_start") {
      toolCalls.push({ name: event.name, args: event.args });
      if (isShown) {
        endLine();
        terminal.note(`${terminal.styleNote("cyan", "→")} ${event.name}${argumentText(event.args)}`);
      }
    } else if (event.type === "tool_end") {
      const call = toolCalls.findLast(({ name, durationMs }) => name === event.name && durationMs === undefined);
      if (call !== undefined) Object.assign(call, { isError: event.isError, durationMs: event.durationMs });
      if (isShown && (event.isError || context.options.verbose)) {
        const mark = event.isError ? terminal.styleNote("red", "✗") : terminal.styleNote("green", "✓");
        terminal.note(`${mark} ${event.name} ${Math.round(event.durationMs)} ms`);
      }
    } else if (event.type === "job_progress") {
      endLine();
      bar?.draw(event.progress);
    } else if (event.type === "token" && isShown && terminal.isOutTty) {
      // Only a person wants to watch text grow; a pipe gets the answer once, when it is complete.
      if (openMessage !== undefined && openMessage !== event.messageId) endLine();
      openMessage = event.messageId;
      terminal.write(printable(event.text));
    }
  };
  const agent: Agent = createAgent({
    ...(agentName === undefined ? {} : { agent: agentName }),
    connection,
    signal,
    approvals: approve === "auto" ? "auto" : "ask",
    onEvent: show,
  });

  return {
    createThread: () => agent.createThread(),
    async ask(threadId, question) {
      toolCalls = [];
      let exit: ExitName = "ok";
      let turn = await agent.ask(threadId, question);
      while (turn.pending.length > 0) {
        endLine();
        const decisions = await decide(turn.pending, turn.threadId, options);
        if (decisions.some(({ type }) => type === "reject")) exit = "rejected";
        turn = await agent.resume(threadId, decisions);
      }
      const wasStreamed = openMessage !== undefined;
      endLine();
      if (isShown) {
        if (!wasStreamed) terminal.out(printable(turn.answer));
        if (turn.report?.verdict !== undefined) terminal.out(`\n${reportText(turn.report, terminal)}`);
        if (turn.job !== null) terminal.note(jobText(turn.job));
      }
      return { turn, toolCalls, exit };
    },
  };
}

function jobText({ id, status, progress }: WireJob): string {
  const rows = progress?.rows == null ? "" : `, ${progress.rows} of ${progress.target ?? "?"} rows`;
  const next = status === "completed" ? `; nemops dataset download ${id} fetches it` : `; nemops dataset watch ${id}`;
  return `dataset ${id}: ${status}${rows}${next}`;
}

async function decide(
  pending: readonly PendingAction[],
  threadId: string,
  { context, approve }: ConversationOptions,
): Promise<readonly Decision[]> {
  const { terminal, signal } = context;
  const decisions: Decision[] = [];
  for (const { name, args, description } of pending) {
    if (approve === "never") {
      decisions.push({ type: "reject", message: "approvals are off (--approve never)" });
      continue;
    }
    if (!terminal.canAsk) {
      throw new CliError(
        "approval_needed",
        `${name}${argumentText(args)} needs a yes and nobody can be asked; thread ${threadId} waits (--approve auto runs it, --approve never refuses)`,
      );
    }
    if (description !== undefined) terminal.complain(printable(description));
    const isApproved = await askYesNo(terminal, `Run ${name}${argumentText(args)}?`, signal);
    decisions.push(isApproved ? { type: "approve" } : { type: "reject" });
  }
  return decisions;
}

function argumentText(args: Readonly<Record<string, unknown>>): string {
  const text = Object.entries(args)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(" ");
  return text === "" ? "" : ` ${printable(text.length > 160 ? `${text.slice(0, 159)}…` : text)}`;
}
