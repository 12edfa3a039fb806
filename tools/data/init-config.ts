import { z } from "zod";

import { startDraft } from "../../engine/data/design/draft/columns.ts";
import { MAX_RECORDS } from "../../engine/data/design/draft.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { field, integerField, nameField, optional, readNumber, readText } from "./design-tools/fields.ts";

export const seedField = field(
  { type: "string" },
  "A number or a word: the same seed gives the same rows. Only when the user asks for one",
  "a whole number or text of at most 200 characters",
  (given) => {
    const number = readNumber(given);
    if (number !== undefined && Number.isSafeInteger(number)) return number;
    const text = readText(given)?.trim();
    return text !== undefined && text.length <= 200 ? text : undefined;
  },
);

/** The tool where a dataset has at most `maxRows` rows, which its arguments say. */
export const initConfigTool = (maxRows: number) =>
  defineDesignTool({
    name: "init_config",
    title: "Start a design",
    description: "Start a new, empty design; one that was begun is discarded. The first call for a new dataset.",
    example: { name: "orders", num_records: 500 },
    input: z.object({
      name: optional(nameField("Name of the dataset")),
      num_records: optional(integerField("Rows to generate", 1, maxRows)),
      seed: optional(seedField),
    }),
    isIdempotent: true,
    reduce: (_draft, { name = null, num_records = null, seed = null }) => startDraft({ name, num_records, seed }),
  });

export const initConfig = initConfigTool(MAX_RECORDS);
