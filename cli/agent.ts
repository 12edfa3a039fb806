import { Client } from "@langchain/langgraph-sdk";
import { z } from "zod";

import { errorMessage } from "../lib/errors.ts";
import { AGENTS, type AgentName } from "./agents.ts";
import type { Connection } from "./connection.ts";
import { CliError } from "./exit-codes.ts";
import type { Progress } from "./progress-bar.ts";
import { refusal, unreachable } from "./service.ts";
import { WireReport } from "./wire.ts";

/** What happens while the agent works, in the order in which it happens. */
export type AgentEvent =
  | { readonly type: "token"; readonly messageId: string; readonly text: string }
  | { readonly type: "tool_start"; readonly name: string; readonly args: Readonly<Record<string, unknown>> }
  | { readonly type: "tool_end"; readonly name: string; readonly isError: boolean; readonly durationMs: number }
  | { readonly type: "job_progress"; readonly progress: Progress }
  | { readonly type: "raw"; readonly event: string; readonly data: unknown };

export interface PendingAction {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly description?: string;
}

export type Decision = { readonly type: "approve" } | { readonly type: "reject"; readonly message?: string };

export interface Turn {
  readonly threadId: string;
  readonly runId: string | null;
  readonly answer: string;
  readonly report: WireReport | null;
  /** The dataset job of the thread, for the agent that makes datasets. */
  readonly job: WireJob | null;
  /** Calls that wait for a yes; the turn is not over then. */
  readonly pending: readonly PendingAction[];
}

export interface AgentOptions {
  /** The graph that answers; that of the thread when it has one already, else `gpu_ops`. */
  readonly agent?: AgentName;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly approvals: "ask" | "auto";
  readonly onEvent: (event: AgentEvent) => void;
}

export interface Agent {
  createThread(): Promise<string>;
  ask(threadId: string, question: string): Promise<Turn>;
  resume(threadId: string, decisions: readonly Decision[]): Promise<Turn>;
}

const CustomEvent = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("tool_start"),
    name: z.string(),
    args: z.record(z.string(), z.unknown()).default({}),
  }),
  z.looseObject({
    type: z.literal("tool_end"),
    name: z.string(),
    is_error: z.boolean().default(false),
    duration_ms: z.number().default(0),
  }),
  z.looseObject({
    type: z.literal("job_progress"),
    rows: z.number().nullish(),
    target: z.number(),
    rows_per_second: z.number().nullish(),
    eta_seconds: z.number().nullish(),
  }),
]);

const WireJob = z.looseObject({
  id: z.string(),
  status: z.string(),
  progress: z.looseObject({ rows: z.number().nullish(), target: z.number().nullish() }).nullish(),
});
export type WireJob = z.infer<typeof WireJob>;
const Thread = z.looseObject({ metadata: z.looseObject({ graph_id: z.string().nullish() }).nullish() });

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);
const Message = z.looseObject({ type: z.string(), id: z.string().nullish(), content: Content });
const MessageTuple = z.tuple([Message, z.unknown()]);
const Interrupted = z.looseObject({
  __interrupt__: z.array(
    z.looseObject({
      value: z.looseObject({
        action_requests: z.array(
          z.looseObject({
            name: z.string(),
            args: z.record(z.string(), z.unknown()),
            description: z.string().optional(),
          }),
        ),
      }),
    }),
  ),
});
const State = z.looseObject({
  values: z.looseObject({
    messages: z.array(z.unknown()).default([]),
    report: WireReport.nullish(),
    job: WireJob.nullish(),
  }),
});
const Failure = z.looseObject({ error: z.string().optional(), message: z.string().optional() });

/** Talks to one of the graphs through the official client, so that the CLI uses nothing another client could not. */
export function createAgent({ agent, connection, signal, approvals, onEvent }: AgentOptions): Agent {
  const client = new Client({
    apiUrl: connection.url,
    apiKey: null,
    defaultHeaders: { ...connection.headers },
    callerOptions: { fetch: connection.fetch, maxRetries: 0 },
  });

  /** What a thread was begun with goes on with it, unless another agent is named. */
  const graphOf = async (threadId: string): Promise<string> => {
    if (agent !== undefined) return agent;
    const thread = Thread.safeParse(await guarded(() => client.threads.get(threadId)));
    return thread.data?.metadata?.graph_id ?? AGENTS[0];
  };

  const turn = async (threadId: string, payload: Readonly<Record<string, unknown>>): Promise<Turn> => {
    let runId: string | null = null;
    let pending: readonly PendingAction[] = [];
    const stream = client.runs.stream(threadId, await graphOf(threadId), {
      ...payload,
      streamMode: ["updates", "messages-tuple", "custom"],
      context: { approvals },
      onDisconnect: "cancel",
      multitaskStrategy: "reject",
      onRunCreated: ({ run_id }) => {
        runId = run_id;
      },
    });
    // The first interrupt cancels the run on the server and lets the stream end by itself.
    const cancel = (): void => {
      if (runId !== null) void client.runs.cancel(threadId, runId).catch(() => {});
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const { event, data } of stream as AsyncIterable<{ event: string; data: unknown }>) {
        onEvent({ type: "raw", event, data });
        if (event === "error") throw new CliError("failure", failureText(data));
        const interrupted = event === "updates" ? Interrupted.safeParse(data) : undefined;
        if (interrupted?.success === true) {
          pending = interrupted.data.__interrupt__.flatMap(({ value }) => value.action_requests);
        }
        publish(event, data, onEvent);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw asCliError(connection, error);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
    signal.throwIfAborted();
    const state = State.parse(await guarded(() => client.threads.getState(threadId)));
    return {
      threadId,
      runId,
      answer: lastAnswer(state.values.messages),
      report: pending.length > 0 ? null : (state.values.report ?? null),
      job: state.values.job ?? null,
      pending,
    };
  };

  const guarded = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      throw asCliError(connection, error);
    }
  };

  return {
    createThread: async () => (await guarded(() => client.threads.create({ graphId: agent ?? AGENTS[0] }))).thread_id,
    ask: (threadId, question) => turn(threadId, { input: { messages: [{ role: "user", content: question }] } }),
    resume: (threadId, decisions) => turn(threadId, { command: { resume: { decisions } } }),
  };
}

function publish(event: string, data: unknown, onEvent: AgentOptions["onEvent"]): void {
  if (event === "custom") {
    const custom = CustomEvent.safeParse(data);
    if (!custom.success) return;
    const { data: tool } = custom;
    if (tool.type === "tool_start") onEvent({ type: "tool_start", name: tool.name, args: tool.args });
    else if (tool.type === "job_progress") {
      const { rows, target, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds } = tool;
      const eta = etaSeconds == null ? {} : { etaSeconds };
      onEvent({
        type: "job_progress",
        progress: { done: rows ?? 0, target, rowsPerSecond: rowsPerSecond ?? 0, ...eta },
      });
    } else onEvent({ type: "tool_end", name: tool.name, isError: tool.is_error, durationMs: tool.duration_ms });
  } else if (event === "messages") {
    const tuple = MessageTuple.safeParse(data);
    if (!tuple.success || !/^ai/i.test(tuple.data[0].type)) return;
    const text = contentText(tuple.data[0].content);
    if (text !== "") onEvent({ type: "token", messageId: tuple.data[0].id ?? "", text });
  }
}

function lastAnswer(messages: readonly unknown[]): string {
  const last = messages.map((message) => Message.safeParse(message).data).findLast((message) => message !== undefined);
  return last !== undefined && /^ai/i.test(last.type) ? contentText(last.content).trim() : "";
}

function contentText(content: z.infer<typeof Content>): string {
  if (typeof content === "string") return content;
  return content.map((block) => (block.type === "text" ? (block.text ?? "") : "")).join("");
}

function failureText(data: unknown): string {
  const failure = Failure.safeParse(data).data;
  return failure?.message ?? failure?.error ?? "the run failed";
}

/** The official client puts the HTTP status on its errors; anything without one never reached the server. */
function asCliError(connection: Connection, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const status: unknown = error instanceof Error ? Reflect.get(error, "status") : undefined;
  if (typeof status !== "number") return unreachable(connection, error);
  const text: unknown = error instanceof Error ? Reflect.get(error, "text") : undefined;
  return refusal(status, typeof text === "string" ? parseOr(text, { detail: text }) : { detail: errorMessage(error) });
}

function parseOr(text: string, fallback: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fallback;
  }
}
