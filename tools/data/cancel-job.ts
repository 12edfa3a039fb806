import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { nameField } from "./design-tools/fields.ts";
import { answerJob, JobAnswer } from "./design-tools/job-answer.ts";

export const cancelJob = defineTool({
  name: "cancel_job",
  description: "Stop a job for good; what it has finished stays.",
  example: { job_id: "job-0123456789ab" },
  input: z.object({ job_id: nameField("Id of the job") }),
  output: z.object({ job: JobAnswer.describe("The job after the call") }),
  annotations: {
    title: "Cancel a job",
    readOnlyHint: false,
    destructiveHint: true,
    // A job that has ended refuses to be cancelled.
    idempotentHint: false,
    openWorldHint: false,
  },
  run: async ({ job_id: id }, { context: { designer } }: DataCall) => ({
    job: await answerJob(designer, await designer.cancel(id)),
  }),
});
