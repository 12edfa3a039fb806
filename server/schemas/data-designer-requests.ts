import { z } from "zod";

import { JOB_SORTS, JOB_STATUSES } from "../../tools/data/designer/designer.ts";
import { named } from "../openapi/names.ts";

/** What callers of the Data Designer service send; what it answers is in `data-designer.ts`. */

const MAX_PAGE_SIZE = 1_000;

/** What a config holds is checked where designs are read, so that one answer names all that is wrong. */
const DataDesignerConfig = named(
  "DataDesignerConfig",
  z
    .looseObject({
      columns: z.array(z.unknown()).min(1).describe("What each column holds, in the order of the columns."),
    })
    .meta({
      description: "A design, as the Data Designer writes it.",
      examples: [
        {
          columns: [
            { column_type: "sampler", name: "id", sampler_type: "uuid", params: {} },
            { column_type: "sampler", name: "price", sampler_type: "uniform", params: { low: 1, high: 9 } },
          ],
        },
      ],
    }),
);
const JsonValue = named("JsonValue", z.json());

export const DataDesignerJobConfig = named(
  "DataDesignerJobConfig",
  z.looseObject({
    num_records: z
      .number()
      .int()
      .meta({ description: "Rows to make.", examples: [100] }),
    config: DataDesignerConfig,
  }),
);

export const DataDesignerJobRequest = named(
  "DataDesignerJobRequest",
  z.looseObject({
    name: z.string().nullish(),
    description: z.string().nullish(),
    namespace: z.string().nullish(),
    project: z.string().nullish(),
    spec: DataDesignerJobConfig,
    ownership: z.record(z.string(), JsonValue).nullish(),
    custom_fields: z.record(z.string(), JsonValue).nullish(),
  }),
);

export const PreviewRequest = named(
  "PreviewRequest",
  z.looseObject({
    config: DataDesignerConfig,
    num_records: z
      .number()
      .int()
      .nullish()
      .meta({ description: "Rows to make; 10 when left out.", examples: [5] }),
  }),
);

export const PlatformJobStatus = z.enum(JOB_STATUSES);

export const DataDesignerJobsListFilter = z.strictObject({ status: PlatformJobStatus.optional() });

const pageNumber = z.coerce.number().int().min(1).default(1).describe("Which page, counted from 1.");

/** The filter is written `filter[status]=active`, or as one JSON object. */
export const JobsQuery = z
  .looseObject({
    page: pageNumber,
    page_size: z.coerce
      .number()
      .int()
      .min(1)
      .default(10)
      .transform((size) => Math.min(size, MAX_PAGE_SIZE))
      .describe(`At most ${MAX_PAGE_SIZE} are answered; pagination tells the size that was used.`),
    sort: z.enum(JOB_SORTS).default("-created_at").describe("`-` before a field for the largest first."),
    filter: z.string().optional().describe('{"status": …}; also filter[status]=…'),
  })
  .transform((query, context) => {
    const { page, page_size: pageSize, sort } = query;
    const deep = Object.entries(query).flatMap(([key, value]) => {
      const [, part, name] = /^(filter|search)\[(.*)\]$/.exec(key) ?? [];
      return part === undefined || name === undefined ? [] : [{ part, name, value }];
    });
    // The document has no search; answering as if it had found everything would be wrong.
    if ("search" in query || deep.some(({ part }) => part === "search")) {
      context.addIssue({ code: "custom", path: ["search"], message: "jobs cannot be searched; use filter[status]" });
    }
    const fields = Object.fromEntries(
      deep.filter(({ part }) => part === "filter").map(({ name, value }) => [name, value]),
    );
    const filter = DataDesignerJobsListFilter.safeParse({ ...readObject(query.filter), ...fields });
    if (filter.success) return { page, pageSize, sort, filter: filter.data };
    for (const { path, message } of filter.error.issues) {
      context.addIssue({ code: "custom", path: ["filter", ...path], message });
    }
    return z.NEVER;
  });

function readObject(text: string | undefined): object {
  if (text === undefined || text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : { [text]: null };
  } catch {
    return { [text]: null };
  }
}

export const LogsQuery = z.looseObject({
  limit: z
    .union([z.literal("").transform(() => undefined), z.coerce.number().int().min(1)])
    .optional()
    .describe("Lines of a page; 100 when left out, at most 1,000."),
  page_cursor: z
    .string()
    .optional()
    .transform((cursor) => cursor || undefined)
    .describe("`next_page` of the page before."),
});

export const JobParams = z.object({
  job_id: z.string().meta({ description: "Id of the job.", examples: ["job-3f2b8a546d0e"] }),
});
export const ResultParams = JobParams.extend({
  result_name: z.string().meta({ description: "Name of the result.", examples: ["dataset"] }),
});
