import { z } from "zod";

import { finestUnit } from "../../engine/data/time.ts";
import { dateField, resolveDate, toStrftime, UNIT_WORDS } from "./design-tools/dates.ts";
import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, optional, textField } from "./design-tools/fields.ts";

const DAY_FORMAT = "%Y-%m-%d";

export const addDatetimeColumn = defineColumnTool({
  name: "add_datetime_column",
  title: "Add a date column",
  description: "Add a column of dates or times from start up to, not including, end.",
  example: { name: "order_date", start: "2024-01-01", end: "2025-01-01" },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    start: dateField("First date, for example 2024-01-31"),
    end: dateField("Date before which it ends"),
    unit: optional(
      choiceField(["Y", "M", "D", "h", "m", "s"], "Whole years, months, days (default), hours, minutes or seconds", {
        ...UNIT_WORDS,
        month: "M",
        months: "M",
        year: "Y",
        years: "Y",
      }),
    ),
    format: optional(textField("How it is shown, for example %Y-%m-%d or %d.%m.%Y %H:%M")),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, start, end, unit: givenUnit, format: given, ...rest }, { nowMs }) => {
    const format = given === undefined ? undefined : toStrftime(given);
    const unit = givenUnit ?? (format === undefined ? "D" : finestUnit(format));
    return {
      column_type: "sampler",
      name,
      sampler_type: "datetime",
      params: { start: resolveDate(start, nowMs), end: resolveDate(end, nowMs), unit },
      convert_to: format ?? (unit === "D" ? DAY_FORMAT : undefined),
      ...rest,
    };
  },
});
