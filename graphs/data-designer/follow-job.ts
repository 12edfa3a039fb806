import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import type { Clock } from "../../lib/clock.ts";
import type { ToolClient } from "../../mcp/client/tool-client.ts";
import { callTool } from "../execute-tools.ts";
import { JobResult, hasEnded } from "./results.ts";

/** One question waits this long for news; the server answers earlier when there are any. */
const WAIT_SECONDS = 10;
/** Least time between two progress events. */
const EVENT_MS = 250;
const FIRST_PAUSE_MS = 10;
/** Questions in a row without an answer after which the job is left to itself. */
const MAX_FAILURES = 5;
/** Longest that one run stays with a job; the job goes on without it. */
const MAX_FOLLOW_MS = 24 * 3_600_000;

export interface FollowJobOptions {
  readonly job: JobResult;
  readonly tools: ToolClient;
  readonly config: LangGraphRunnableConfig;
  readonly clock: Clock;
}

export interface FollowedJob {
  /** As it was last seen. */
  readonly job: JobResult;
  /** Why nobody looks any longer although the job has not ended. */
  readonly problem?: string;
}

/**
 * Stays with a job until it has ended and writes `job_progress` events: one at the beginning, one at the end, and at
 * most four a second between them. Throws only the reason of an abort, which stops the looking and not the job.
 */
export async function followJob({ job: started, tools, config, clock }: FollowJobOptions): Promise<FollowedJob> {
  const { signal, writer } = config;
  const startMs = clock.now();
  let job = started;
  let failures = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let toldMs = startMs;
  writer?.(progressEvent(job));
  while (!hasEnded(job)) {
    if (clock.now() - startMs > MAX_FOLLOW_MS) return { job, problem: "it takes longer than a run may" };
    // oxlint-disable-next-line no-await-in-loop -- one question after the other is the point
    const outcome = await callTool(
      {
        id: "",
        name: "get_job_status",
        args: { job_id: job.id, wait_seconds: WAIT_SECONDS, after_version: job.progress.version },
      },
      { tools, config: signal === undefined ? {} : { signal } },
    );
    const seen = outcome.isError ? undefined : JobResult.safeParse(outcome.structured?.["job"]).data;
    failures = seen === undefined ? failures + 1 : 0;
    if (failures >= MAX_FAILURES) return { job, problem: `its state cannot be read: ${outcome.text.slice(0, 300)}` };
    job = seen ?? job;
    if (hasEnded(job)) break;
    if (clock.now() - toldMs >= EVENT_MS) {
      toldMs = clock.now();
      writer?.(progressEvent(job));
    }
    // Short jobs end within the first pauses; a long one is asked about as often as its events are told.
    // oxlint-disable-next-line no-await-in-loop -- as above
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(EVENT_MS, pauseMs * 2);
  }
  writer?.(progressEvent(job));
  return { job };
}

function progressEvent({ id, status, progress }: JobResult): Record<string, unknown> {
  const { version: _version, ...figures } = progress;
  return { type: "job_progress", job_id: id, status, ...figures };
}
