import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import { READ_ONLY } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { integerField, nameField, optional } from "./design-tools/fields.ts";
import { answerJob, JobAnswer } from "./design-tools/job-answer.ts";
import { hasEnded } from "./designer/designer.ts";
import type { DesignJob } from "./designer/designer.ts";

const MAX_WAIT_SECONDS = 30;

export const getJobStatus = defineTool({
  name: "get_job_status",
  description: "Tell how far a job is. With wait_seconds it answers as soon as something has changed.",
  example: { job_id: "job-0123456789ab", wait_seconds: 10 },
  input: z.object({
    job_id: nameField("Id of the job"),
    wait_seconds: optional(integerField("Longest wait for a change, 0 to 30, default 0", 0, MAX_WAIT_SECONDS)),
    after_version: optional(
      integerField(
        "Version of the progress you know; default the one at the time of the call",
        0,
        Number.MAX_SAFE_INTEGER,
      ),
    ),
  }),
  output: z.object({ job: JobAnswer.describe("The job as it is now") }),
  annotations: { title: "Follow a job", ...READ_ONLY },
  run: async ({ job_id: id, wait_seconds: waitSeconds = 0, after_version: known }, call: DataCall) => {
    const { designer } = call.context;
    const job = await designer.job(id);
    report(job, call);
    const isNews = known !== undefined && job.progress.version > known;
    if (waitSeconds === 0 || isNews || hasEnded(job.status)) return { job: await answerJob(designer, job) };
    const changed = await designer.waitForChange(id, {
      version: known ?? job.progress.version,
      timeoutMs: waitSeconds * 1_000,
      signal: call.signal,
    });
    report(changed, call);
    return { job: await answerJob(designer, changed) };
  },
});

function report({ status, progress }: DesignJob, { reportProgress }: DataCall): void {
  const { rows, target } = progress;
  reportProgress({ done: rows ?? 0, total: target, message: `${status}: ${rows ?? "?"} of ${target} rows` });
}
