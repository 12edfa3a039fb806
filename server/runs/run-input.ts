import { Command, Send } from "@langchain/langgraph";

import type { Run } from "../store/runs.ts";
import type { RunCommand } from "../schemas/run-command.ts";

/** What LangGraph is given as input: the command when there is one, else the input, else null (go on). */
export function toGraphInput({ input, command }: { input: unknown; command: RunCommand | null }): unknown {
  if (command === null) return input ?? null;
  const { resume, update, goto } = command;
  const targets = goto == null ? [] : Array.isArray(goto) ? goto : [goto];
  return new Command({
    ...(resume === undefined ? {} : { resume }),
    ...(update == null ? {} : { update }),
    ...(targets.length === 0
      ? {}
      : {
          goto: targets.map((target) =>
            typeof target === "string" ? target : new Send(target.node, target.input ?? target.args),
          ),
        }),
  });
}

/** The runnable config of a run. Absent settings stay absent, because LangGraph takes `undefined` for a value. */
export function toGraphConfig(run: Run, graphId: string): Record<string, unknown> {
  const { kwargs } = run;
  const { tags, recursion_limit: recursionLimit, max_concurrency: maxConcurrency, run_name: runName } = kwargs.config;
  const origin = {
    run_id: run.runId,
    thread_id: run.threadId,
    graph_id: graphId,
    assistant_id: run.assistantId,
  };
  return {
    runId: run.runId,
    configurable: { ...kwargs.config.configurable, ...origin },
    // Copied by LangGraph into every checkpoint, which is how a run's checkpoints are found again.
    metadata: { ...kwargs.config.metadata, ...run.metadata, ...origin, run_attempt: run.attempt },
    ...(tags === undefined ? {} : { tags }),
    ...(recursionLimit === undefined ? {} : { recursionLimit }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(runName === undefined ? {} : { runName }),
    ...(kwargs.context === null ? {} : { context: kwargs.context }),
    ...(kwargs.interrupt_before === null ? {} : { interruptBefore: kwargs.interrupt_before }),
    ...(kwargs.interrupt_after === null ? {} : { interruptAfter: kwargs.interrupt_after }),
    durability: kwargs.durability,
    subgraphs: kwargs.subgraphs,
  };
}
