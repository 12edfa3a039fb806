import { z } from "zod";

import { putSeedConfig } from "../../engine/data/design/draft/parts.ts";
import { defineDesignTool, toDraftColumn } from "./design-tools/design-tool.ts";
import { choiceField, objectField, optional, textField } from "./design-tools/fields.ts";

export const addSeedDataset = defineDesignTool({
  name: "add_seed_dataset",
  title: "Start from existing rows",
  description:
    "Start from the rows of an existing file of the seed folder (csv, json, jsonl); its columns can be used by all others. Only when the user names a file.",
  example: { path: "products.csv", sampling_strategy: "shuffle" },
  input: z.object({
    path: textField("File in the seed folder"),
    sampling_strategy: optional(choiceField(["ordered", "shuffle"], "Order of its rows, default ordered")),
    selection_strategy: optional(
      objectField('Part of it: {"start": 0, "end": 99} or {"index": 0, "num_partitions": 4}'),
    ),
  }),
  isIdempotent: true,
  reduce: (draft, { path, ...rest }) =>
    putSeedConfig(draft, toDraftColumn({ source: { seed_type: "local", path }, ...rest })),
});
