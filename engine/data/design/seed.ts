import { z } from "zod";

import { configObject } from "./object-schema.ts";

const path = z.string().refine((value) => value.trim() !== "", { error: "must name a file or folder" });

const FilePattern = z.string().refine((value) => value.trim() !== "" && !/[/\\]/.test(value), {
  error: "must match file names, for example *.md, and hold no folder",
});

const folder = { path, file_pattern: FilePattern.default("*"), recursive: z.boolean().default(true) };

/** Where existing rows come from. Paths are checked where they are read, never here. */
export const SeedSource = z.discriminatedUnion("seed_type", [
  configObject({ seed_type: z.literal("local"), path }),
  configObject({
    seed_type: z.literal("hf"),
    path,
    token: z.string().nullable().default(null),
    endpoint: z.string().default("https://huggingface.co"),
  }),
  configObject({ seed_type: z.literal("df") }),
  configObject({ seed_type: z.literal("directory"), ...folder }),
  configObject({ seed_type: z.literal("file_contents"), ...folder, encoding: z.string().default("utf-8") }),
  configObject({
    seed_type: z.literal("agent_rollout"),
    format: z.enum(["atif", "claude_code", "codex", "hermes_agent", "pi_coding_agent"]),
    path: path.nullable().default(null),
    file_pattern: FilePattern.nullable().default(null),
    recursive: z.boolean().default(true),
  }),
]);
export type SeedSource = z.infer<typeof SeedSource>;

/** Rows `start` to `end` of the seed dataset, both inclusive, 0-based. */
export const IndexRange = configObject({
  start: z.number().int().min(0),
  end: z.number().int().min(0),
}).refine((range) => range.start <= range.end, { error: "start must not be greater than end" });

/** Part `index` (0-based) of `num_partitions` parts of equal size; the last one takes the rest. */
export const PartitionBlock = configObject({
  index: z.number().int().min(0).default(0),
  num_partitions: z.number().int().min(1).default(1),
}).refine((block) => block.index < block.num_partitions, { error: "index must be less than num_partitions" });

export const SeedConfig = configObject({
  source: SeedSource,
  sampling_strategy: z.enum(["ordered", "shuffle"]).default("ordered"),
  selection_strategy: z
    .union([IndexRange, PartitionBlock], { error: 'must be {"start", "end"} or {"index", "num_partitions"}' })
    .nullable()
    .default(null),
});
export type SeedConfig = z.infer<typeof SeedConfig>;
