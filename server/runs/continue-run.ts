import type { BaseCheckpointSaver, Checkpoint, CheckpointTuple } from "@langchain/langgraph-checkpoint";

import type { ServedGraph } from "../graph-loader.ts";
import type { Run } from "../store/runs.ts";
import type { Thread } from "../store/threads.ts";
import { serialize } from "../wire/serialize.ts";
import type { RunOutcome } from "./execute-run.ts";
import type { RunKwargs } from "./run-kwargs.ts";

/** How a run that a former process began goes on: what is left of it to execute, or how it had ended already. */
export type Continuation = { readonly run: Run } | { readonly outcome: RunOutcome };

export interface ContinueRunOptions {
  readonly run: Run;
  readonly graph: ServedGraph;
  readonly saver: BaseCheckpointSaver;
  /** As it was before the run; undefined for a stateless run. */
  readonly thread: Thread | undefined;
}

/**
 * A run that wrote a checkpoint goes on from the newest one of its thread, with no input: finished nodes are not run
 * again and the writes of a half-done step are used. One that did not starts as it was asked to. What LangGraph would
 * do a second time is left out: an answer that an interrupt has taken already is not given to the next one, and a run that
 * had reached a node it must stop at does not walk past it.
 */
export async function planContinuation(options: ContinueRunOptions): Promise<Continuation> {
  const { run, graph, saver } = options;
  const address = { configurable: { thread_id: run.threadId, checkpoint_ns: "" } };
  const head = await saver.getTuple(address);
  if (head === undefined || !(await hasCheckpoint(saver, run))) return planFromInput(options);
  const { source } = head.metadata ?? {};
  const { command } = run.kwargs;
  if (isOf(head, run) && (source === "fork" || source === "input") && command?.resume != null) {
    // The command's update is in this checkpoint; its answer is still to be given.
    return { run: withKwargs(run, { input: null, command: { resume: command.resume } }) };
  }
  if (isOf(head, run) && (await isAtStaticInterrupt(head, options))) {
    const { values } = await graph.getState(address);
    return { outcome: { event: "interrupt", stateJson: serialize(values ?? {}), interrupts: [] } };
  }
  return { run: withKwargs(run, { input: null, command: null }) };
}

async function hasCheckpoint(saver: BaseCheckpointSaver, run: Run): Promise<boolean> {
  const address = { configurable: { thread_id: run.threadId, checkpoint_ns: "" } };
  for await (const tuple of saver.list(address, { limit: 1, filter: { run_id: run.runId } })) {
    if (isOf(tuple, run)) return true;
  }
  return false;
}

/** Every checkpoint of a run names it in its metadata. */
function isOf({ metadata }: CheckpointTuple, { runId }: Run): boolean {
  return metadata !== undefined && "run_id" in metadata && metadata.run_id === runId;
}

/** The same run from the newest checkpoint of its thread, wherever it first started from. */
function withKwargs(run: Run, changes: Pick<RunKwargs, "input" | "command">): Run {
  const {
    checkpoint_id: _id,
    checkpoint_ns: _ns,
    checkpoint_map: _map,
    ...configurable
  } = run.kwargs.config.configurable;
  return { ...run, kwargs: { ...run.kwargs, ...changes, config: { ...run.kwargs.config, configurable } } };
}

async function planFromInput({ run, graph, thread }: ContinueRunOptions): Promise<Continuation> {
  const { command, config } = run.kwargs;
  if (command?.resume == null || thread === undefined || config.configurable["checkpoint_id"] !== undefined)
    return { run };
  const asked = interruptIds(Object.values(thread.interrupts).flat());
  const { values, tasks } = await graph.getState({ configurable: { thread_id: run.threadId } });
  const pending = tasks.flatMap(({ interrupts }): readonly unknown[] => interrupts);
  const isNew = (interrupt: unknown): boolean => !asked.has(idOf(interrupt));
  if (!pending.some(isNew)) return { run };
  // A node took the answer and asked again: the ids of interrupts count the answers before them.
  const left = answersFor(command.resume, interruptIds(pending));
  if (left !== undefined) return { run: { ...run, kwargs: { ...run.kwargs, command: { ...command, resume: left } } } };
  return { outcome: { event: "interrupt", stateJson: serialize(values ?? {}), interrupts: pending.filter(isNew) } };
}

/** Of answers by interrupt id those that nothing has taken yet; undefined when there is none. */
function answersFor(resume: unknown, pending: ReadonlySet<unknown>): Record<string, unknown> | undefined {
  if (typeof resume !== "object" || resume === null || Array.isArray(resume)) return undefined;
  const left = Object.entries(resume).filter(([id]) => pending.has(id));
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

function interruptIds(interrupts: readonly unknown[]): Set<unknown> {
  return new Set(interrupts.map(idOf));
}

function idOf(interrupt: unknown): unknown {
  return (interrupt as { id?: unknown } | null)?.id;
}

/**
 * Whether the run was to stop before or after nodes (`interrupt_before`, `interrupt_after`) at this checkpoint. Such a
 * stop leaves no trace of its own, and a graph that is resumed passes it.
 */
async function isAtStaticInterrupt(head: CheckpointTuple, { run, graph, saver }: ContinueRunOptions): Promise<boolean> {
  const before = toNodes(run.kwargs.interrupt_before ?? graph.interruptBefore);
  const after = toNodes(run.kwargs.interrupt_after ?? graph.interruptAfter);
  if ((before.length === 0 && after.length === 0) || !hasUnseenChannel(head.checkpoint)) return false;
  const includes = (nodes: readonly string[], name: string): boolean => nodes.includes("*") || nodes.includes(name);
  // A node that has begun to write was let through.
  if ((head.pendingWrites ?? []).length === 0) {
    const { next } = await graph.getState({ configurable: { thread_id: run.threadId } });
    if (next.some((name) => includes(before, name))) return true;
  }
  if (after.length === 0 || head.parentConfig === undefined) return false;
  const parent = await saver.getTuple(head.parentConfig);
  return finishedNodes(parent?.checkpoint, head.checkpoint).some((name) => includes(after, name));
}

function toNodes(setting: unknown): readonly string[] {
  if (setting === "*") return ["*"];
  return Array.isArray(setting) ? setting.map(String) : [];
}

const INTERRUPT = "__interrupt__";

/** LangGraph's own condition: something was written since the last interrupt that was passed. */
function hasUnseenChannel({ channel_versions: versions, versions_seen: seen }: Checkpoint): boolean {
  const passed = seen[INTERRUPT] ?? {};
  return Object.entries(versions).some(([channel, version]) => {
    const last = passed[channel];
    return last === undefined || version > last;
  });
}

function finishedNodes(parent: Checkpoint | undefined, { versions_seen: seen }: Checkpoint): string[] {
  return Object.keys(seen).filter(
    (name) => !name.startsWith("__") && JSON.stringify(seen[name]) !== JSON.stringify(parent?.versions_seen[name]),
  );
}
