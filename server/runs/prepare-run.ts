import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { RunCreate, StreamMode } from "../schemas/run.ts";
import type { Assistant } from "../store/assistants.ts";
import type { Thread } from "../store/threads.ts";
import { toCheckpointConfig } from "../wire/checkpoint-ref.ts";
import type { RunConfig, RunKwargs } from "./run-kwargs.ts";

/** Request headers that reach the graph as `configurable`, as on every LangGraph server; credentials never do. */
const HIDDEN_HEADERS = new Set(["x-api-key", "x-tenant-id", "x-service-key", "x-auth-scheme"]);

/** Fields only a LangSmith account gives a meaning to. */
const LANGSMITH_FIELDS = ["feedback_keys", "langsmith_tracer"] as const;

export interface PrepareRunOptions {
  readonly body: RunCreate;
  readonly assistant: Assistant;
  readonly isStateless: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Default config of the graph from the service's settings. */
  readonly graphDefaults: unknown;
  readonly isProtocol?: boolean;
}

/** The stored form of a request: assistant, settings and request merged, the request winning. */
export function prepareKwargs(options: PrepareRunOptions): RunKwargs {
  const { body, assistant, isStateless, headers, graphDefaults, isProtocol = false } = options;
  const modes = body.stream_mode == null ? [] : [body.stream_mode].flat();
  const defaults = asObject(graphDefaults);
  const requested = body.config ?? {};
  const context = { ...asObject(defaults["context"]), ...assistant.context, ...body.context };
  return {
    input: body.input ?? null,
    command: body.command ?? null,
    config: mergeConfigs([defaults, assistant.config, requested], {
      ...headerValues(headers),
      ...toCheckpointConfig(body.checkpoint),
      ...(body.checkpoint_id == null ? {} : { checkpoint_id: body.checkpoint_id }),
    }),
    context: Object.keys(context).length === 0 ? null : context,
    stream_mode: modes.length === 0 ? (["values"] satisfies StreamMode[]) : [...new Set(modes)],
    subgraphs: body.stream_subgraphs ?? false,
    resumable: body.stream_resumable ?? false,
    temporary: isStateless && !["keep", "continue"].includes(body.on_completion ?? "delete"),
    interrupt_before: body.interrupt_before ?? null,
    interrupt_after: body.interrupt_after ?? null,
    durability: body.durability ?? (body.checkpoint_during === false ? "exit" : "async"),
    webhook: body.webhook ?? null,
    ...(isProtocol ? { protocol: true } : {}),
  };
}

function mergeConfigs(
  configs: readonly Readonly<Record<string, unknown>>[],
  configurable: Readonly<Record<string, unknown>>,
): RunConfig {
  const pick = (name: string): unknown => configs.findLast((config) => config[name] != null)?.[name];
  const merge = (name: string): Record<string, unknown> =>
    Object.assign({}, ...configs.map((config) => asObject(config[name]))) as Record<string, unknown>;
  const metadata = merge("metadata");
  // LangGraph's own channel between its parts: with it a request could, for one, answer an interrupt unseen.
  const requested = Object.entries(merge("configurable")).filter(([name]) => !name.startsWith("__pregel_"));
  const merged: Record<string, unknown> = {
    tags: pick("tags"),
    recursion_limit: pick("recursion_limit"),
    max_concurrency: pick("max_concurrency"),
    run_name: pick("run_name"),
  };
  return {
    // Each of them was checked by the schema of the request or of the assistant.
    ...(Object.fromEntries(Object.entries(merged).filter(([, value]) => value != null)) as Partial<RunConfig>),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    configurable: { ...Object.fromEntries(requested), ...configurable },
  };
}

function headerValues(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => typeof value === "string" && isHeader(name) && !HIDDEN_HEADERS.has(name),
    ),
  );
}

function isHeader(name: string): boolean {
  return name === "user-agent" || name.startsWith("x-");
}

/**
 * What a thread keeps of the config of its latest run, so that a graph factory makes the same graph again when the state
 * is read: all but what belonged to that one request: its headers, its caller and the checkpoint it started from.
 */
export function threadConfig(config: RunConfig): Record<string, unknown> {
  const configurable = Object.fromEntries(
    Object.entries(config.configurable).filter(
      ([name]) => !isHeader(name) && !name.startsWith("checkpoint_") && !name.startsWith("langgraph_auth_"),
    ),
  );
  return { ...config, configurable };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/**
 * Refuses what the schema cannot see: fields without a meaning here, nodes the graph does not have, and a resume when
 * nothing waits for one. `graph` is undefined when it depends on the config, and then its nodes are not checked;
 * `thread` is undefined for a stateless run.
 */
export function checkRun(
  body: RunCreate,
  { thread, isNewThread, graph }: { thread?: Thread; isNewThread: boolean; graph?: ServedGraph },
): void {
  const problems: FieldProblem[] = [];
  for (const field of LANGSMITH_FIELDS) {
    const value = body[field];
    const isEmpty = value == null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) problems.push({ field, message: "is not supported: this server has no LangSmith account" });
  }
  if (body.command != null && hasContent(body.input)) {
    problems.push({ field: "input", message: "must be absent, null or empty when a command is given" });
  }
  if (graph !== undefined) problems.push(...unknownNodes(body, graph));
  problems.push(...resumeProblems(body, thread, isNewThread));
  if (problems.length > 0) {
    const detail = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
    throw new ServiceError("invalid_input", detail, { problems });
  }
}

function hasContent(input: unknown): boolean {
  if (input == null) return false;
  // Stock front ends send `{}` beside a command.
  return typeof input !== "object" || Object.keys(input).length > 0;
}

function unknownNodes(body: RunCreate, graph: ServedGraph): FieldProblem[] {
  // Nodes of LangGraph's own, such as `__start__`, are not meant to be named.
  const known = Object.keys(graph.nodes).filter((name) => !name.startsWith("__"));
  const goto = body.command?.goto;
  const targets = (goto == null ? [] : [goto].flat()).map((item) => (typeof item === "string" ? item : item.node));
  const named: [field: string, nodes: readonly string[]][] = [
    ["interrupt_before", Array.isArray(body.interrupt_before) ? body.interrupt_before : []],
    ["interrupt_after", Array.isArray(body.interrupt_after) ? body.interrupt_after : []],
    ["command.goto", targets.filter((name) => name !== "__end__")],
  ];
  return named.flatMap(([field, nodes]) =>
    nodes
      .filter((name) => !known.includes(name))
      .map((name) => ({ field, message: `no node ${JSON.stringify(name)}; nodes are ${known.join(", ")}` })),
  );
}

/** LangGraph's interrupt ids are 128-bit hashes in hexadecimal. */
const INTERRUPT_ID = /^[0-9a-f]{32}$/;

function resumeProblems(body: RunCreate, thread: Thread | undefined, isNewThread: boolean): FieldProblem[] {
  const resume = body.command?.resume;
  if (resume === undefined || resume === null) return [];
  const field = "command.resume";
  if (thread === undefined || isNewThread) return [{ field, message: "there is no interrupted run to resume" }];
  // A busy thread may be interrupted by the time this run starts, and a fork resumes an older checkpoint.
  if (thread.status === "busy" || body.checkpoint_id != null || body.checkpoint != null) return [];
  const pending = Object.values(thread.interrupts)
    .flat()
    .map((interrupt) => (interrupt as { id?: unknown } | null)?.id);
  if (thread.status !== "interrupted" && pending.length === 0) {
    return [{ field, message: `thread ${thread.threadId} has no pending interrupt` }];
  }
  if (typeof resume !== "object" || Array.isArray(resume)) return [];
  const ids = Object.keys(resume);
  if (ids.length === 0 || !ids.every((id) => INTERRUPT_ID.test(id))) return [];
  return ids
    .filter((id) => !pending.includes(id))
    .map((id) => ({ field: `${field}.${id}`, message: "is not a pending interrupt of this thread" }));
}
