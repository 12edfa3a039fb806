import { z } from "zod";

import { MAX_RECORDS } from "../../engine/data/design/draft.ts";
import { ServiceError } from "../../lib/errors.ts";
import { defineTool } from "../define-tool.ts";
import { readDraft } from "./design-tools/design-source.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { integerField, nameField, optional } from "./design-tools/fields.ts";
import { answerJob, FORMATS_FIELD, JobAnswer } from "./design-tools/job-answer.ts";
import { formatsField } from "./design-tools/job-fields.ts";
import { requireReady } from "./design-tools/ready-design.ts";
import { seedField } from "./init-config.ts";

/** The tool where a job has at most `maxRows` rows, which its arguments say. */
export const createJobTool = (maxRows: number) =>
  defineTool({
    name: "create_job",
    description:
      "Start a job that generates the dataset of the design. Needs the user's approval; preview the design first.",
    example: { num_records: 500, formats: ["csv"] },
    input: z.object({
      name: optional(nameField("Name of the dataset, default the design's")),
      num_records: optional(integerField("Rows, default the design's", 1, maxRows)),
      seed: optional(seedField),
      formats: optional(formatsField),
      idempotency_key: optional(nameField("A second call with the same key answers the first call's job")),
    }),
    output: z.object({ job: JobAnswer.describe("The job, which goes on in the background") }),
    annotations: {
      title: "Start a generation job",
      readOnlyHint: false,
      destructiveHint: false,
      // Without a key a second call starts a second job.
      idempotentHint: false,
      openWorldHint: true,
    },
    run: async (
      { name: givenName, num_records: givenRecords, seed: givenSeed, formats, idempotency_key },
      call: DataCall,
    ) => {
      const draft = readDraft(call);
      const numRecords = givenRecords ?? draft.num_records;
      requireReady({ ...draft, num_records: numRecords }, call.context);
      if (numRecords === null) {
        throw new ServiceError("invalid_input", "num_records is missing: how many rows are wanted?");
      }
      const name = givenName ?? draft.name;
      const seed = givenSeed ?? draft.seed;
      const { designer } = call.context;
      const job = await designer.createJob({
        config: draft.config,
        numRecords,
        ...(name !== null && { name }),
        ...(seed !== null && { seed }),
        ...(formats !== undefined && { customFields: { [FORMATS_FIELD]: formats } }),
        ...(idempotency_key !== undefined && { idempotencyKey: idempotency_key }),
      });
      return { job: await answerJob(designer, job) };
    },
  });

export const createJob = createJobTool(MAX_RECORDS);
