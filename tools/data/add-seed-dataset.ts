import { z } from "zod";

import { shownName } from "../../engine/data/design/violation.ts";
import { putSeedConfig } from "../../engine/data/design/draft/parts.ts";
import { defineDesignTool, toDraftColumn } from "./design-tools/design-tool.ts";
import { choiceField, objectField, optional, textField } from "./design-tools/fields.ts";

const MAX_SHOWN_COLUMNS = 50;

export const addSeedDataset = defineDesignTool({
  name: "add_seed_dataset",
  title: "Start from existing rows",
  description:
    "Start from the rows of an existing file of the seed folder (csv, json, jsonl, parquet); its columns can be used by all others. Only when the user names a file.",
  example: { path: "products.csv", sampling_strategy: "shuffle" },
  input: z.object({
    path: textField("File in the seed folder"),
    sampling_strategy: optional(choiceField(["ordered", "shuffle"], "Order of its rows, default ordered")),
    selection_strategy: optional(
      objectField('Part of it: {"start": 0, "end": 99} or {"index": 0, "num_partitions": 4}'),
    ),
  }),
  isIdempotent: true,
  look: async ({ path }, { readSeedFile }) => {
    if (readSeedFile === undefined) return [];
    const { rowCount, columns } = await readSeedFile(path);
    const shown = [...columns.keys()].slice(0, MAX_SHOWN_COLUMNS).map((name) => shownName(name));
    const more = columns.size > shown.length ? ` and ${columns.size - shown.length} more` : "";
    return [`${path} has ${rowCount} rows with the columns ${shown.join(", ")}${more}`];
  },
  reduce: (draft, { path, ...rest }) =>
    putSeedConfig(draft, toDraftColumn({ source: { seed_type: "local", path }, ...rest })),
});
