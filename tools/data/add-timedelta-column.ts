import { z } from "zod";

import { columnNames } from "../../engine/data/design/draft/columns.ts";
import type { DesignDraft } from "../../engine/data/design/draft.ts";
import { resolveName } from "../../engine/data/design/draft/names.ts";
import { toStrftime, UNIT_WORDS } from "./design-tools/dates.ts";
import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, integerField, nameField, optional, textField } from "./design-tools/fields.ts";

const MOST = 100_000_000;

export const addTimedeltaColumn = defineColumnTool({
  name: "add_timedelta_column",
  title: "Add a date that follows another",
  description:
    "Add a column of dates that lie dt_min (included) to dt_max (not included) days after another date column, for example a due date.",
  example: { name: "due_date", reference_column_name: "order_date", dt_min: 1, dt_max: 31 },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    reference_column_name: nameField("The date column it follows"),
    dt_min: integerField("Least distance, 0 is the same time", 0, MOST),
    dt_max: integerField("Distance that is not reached", 1, MOST),
    unit: optional(choiceField(["D", "h", "m", "s"], "Days (default), hours, minutes or seconds", UNIT_WORDS)),
    format: optional(textField("How it is shown; left out is as the date it follows")),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, reference_column_name, dt_min, dt_max, unit = "D", format, ...rest }, _environment, draft) => ({
    column_type: "sampler",
    name,
    sampler_type: "timedelta",
    params: { reference_column_name, dt_min, dt_max, unit },
    convert_to:
      format === undefined ? (unit === "D" ? formatOf(draft, reference_column_name) : undefined) : toStrftime(format),
    ...rest,
  }),
});

/** How the date that it follows is shown; one that is not there yet will probably be a day. */
function formatOf(draft: DesignDraft, written: string): string | undefined {
  const name = resolveName(written, columnNames(draft));
  const reference = draft.config.columns.find((column) => column["name"] === name);
  const format = reference === undefined ? "%Y-%m-%d" : reference["convert_to"];
  return typeof format === "string" ? format : undefined;
}
