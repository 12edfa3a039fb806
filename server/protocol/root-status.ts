import type { AgentStatus } from "@langchain/langgraph";

import type { LiveRun, RunResult } from "../runs/live-runs.ts";
import type { ProtocolThread } from "./protocol-thread.ts";
import type { EmitOptions } from "./thread-writer.ts";

export interface RootStatus {
  readonly status: AgentStatus;
  readonly nowMs: number;
  readonly error?: string | undefined;
}

/** As much of a run as its status events tell. */
export interface NamedRun {
  /** Empty when it is not known. */
  readonly graphId: string;
  readonly run: Pick<LiveRun["run"], "runId">;
}

/** How the run of a thread stands, as the event that clients follow. */
export function emitRootStatus(
  thread: Pick<ProtocolThread, "emit">,
  { graphId, run }: NamedRun,
  { status, nowMs, error }: RootStatus,
  options: Pick<EmitOptions, "unless" | "owned">,
): void {
  const data = {
    event: status,
    ...(graphId === "" ? {} : { graph_name: graphId }),
    ...(error === undefined ? {} : { error }),
  };
  const params = { namespace: [], timestamp: nowMs, data };
  thread.emit({ method: "lifecycle", params }, { ...options, runId: run.runId });
}

export function toAgentStatus({ status }: Pick<RunResult, "status">): AgentStatus {
  switch (status) {
    case "success":
      return "completed";
    case "error":
    case "timeout":
      return "failed";
    case "interrupted":
    case "pending":
    case "running":
      return "interrupted";
  }
}

export function errorOf({ body }: Pick<RunResult, "body">): string {
  // The body of `/wait`, which is ours.
  const { __error__: error } = JSON.parse(body) as { readonly __error__?: { readonly message?: string } };
  return error?.message ?? "the run failed";
}
