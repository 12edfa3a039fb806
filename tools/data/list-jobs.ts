import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import { READ_ONLY } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { choiceField, integerField, optional } from "./design-tools/fields.ts";
import { JobAnswer, toJobAnswer } from "./design-tools/job-answer.ts";
import { JOB_STATUSES } from "./designer/designer.ts";
import type { JobStatus } from "./designer/designer.ts";

const MAX_JOBS = 50;
const DEFAULT_JOBS = 10;

export const listJobs = defineTool({
  name: "list_jobs",
  description: "List generation jobs, the newest first.",
  example: { limit: 10, status: "completed" },
  input: z.object({
    limit: optional(integerField("Most jobs, 1 to 50, default 10", 1, MAX_JOBS)),
    status: optional(
      choiceField<JobStatus>(JOB_STATUSES, "Only jobs of this status", { failed: "error", running: "active" }),
    ),
  }),
  output: z.object({
    jobs: z.array(JobAnswer).describe("The jobs; ask get_job_status for their results"),
    total: z.number().int().describe("How many there are"),
    left_out: z.number().int().describe("Jobs that are not shown; raise limit to see them"),
  }),
  annotations: { title: "List jobs", ...READ_ONLY },
  run: async ({ limit = DEFAULT_JOBS, status }, call: DataCall) => {
    const query = { page: 1, pageSize: limit, sort: "-created_at" as const, ...(status !== undefined && { status }) };
    const { jobs, total } = await call.context.designer.list(query);
    const shown = jobs.slice(0, limit);
    return { jobs: shown.map((job) => toJobAnswer(job, [])), total, left_out: Math.max(0, total - shown.length) };
  },
});
