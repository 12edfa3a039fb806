import { JobResult, JobsResult, hasEnded } from "../results.ts";
import type { PolicyTurn } from "../../model/types.ts";
import { describeFinished, describeJob, describeJobs } from "./text-jobs.ts";
import { call, callTools, say } from "./turn.ts";
import { type PolicyView, lastOf } from "./view.ts";

const LISTED_JOBS = 10;
/** Ids as the backends make them: letters, digits, `-` and `_` with at least one digit. */
const JOB_ID = /\b(?=[\w-]*\d)[a-z]{2,12}[-_][\w-]{6,64}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b/i;

export function statusFlow(view: PolicyView): PolicyTurn {
  const asked = lastOf(view, "get_job_status");
  if (asked !== undefined) return describeAsked(view, asked.isError, asked.text, asked.result);
  const jobId = JOB_ID.exec(view.text)?.[0] ?? view.job?.id;
  return jobId === undefined ? jobsFlow(view) : callTools([call("get_job_status", { job_id: jobId })]);
}

export function cancelFlow(view: PolicyView): PolicyTurn {
  const asked = lastOf(view, "cancel_job");
  if (asked !== undefined) return describeAsked(view, asked.isError, asked.text, asked.result);
  const named = JOB_ID.exec(view.text)?.[0];
  if (named === undefined && (view.job === null || hasEnded(view.job))) {
    return say(
      view.job === null ? "There is no job to cancel." : `There is nothing to cancel. ${describeJob(view.job)}`,
    );
  }
  return callTools([call("cancel_job", { job_id: named ?? view.job?.id })]);
}

export function jobsFlow(view: PolicyView): PolicyTurn {
  const asked = lastOf(view, "list_jobs");
  if (asked === undefined) return callTools([call("list_jobs", { limit: LISTED_JOBS })]);
  if (asked.isError) return say(`The jobs could not be read: ${asked.text}`);
  return say(describeJobs(JobsResult.parse(asked.result)));
}

function describeAsked(
  { design }: PolicyView,
  isError: boolean,
  text: string,
  result: Readonly<Record<string, unknown>>,
): PolicyTurn {
  const job = JobResult.safeParse(result["job"]).data;
  if (isError || job === undefined) return say(`That did not work: ${text}`);
  return say(job.status === "completed" ? describeFinished(job, design) : describeJob(job));
}
