import { isConfigObject } from "../../../engine/data/design/read-config.ts";

/** Column types that the readers of an analysis tell apart; any other is `general` to them. */
const COLUMN_TYPES: readonly unknown[] = [
  "expression",
  "llm-code",
  "llm-judge",
  "llm-structured",
  "llm-text",
  "sampler",
  "seed-dataset",
  "validation",
];
/** What a figure is that is not known: the SDK reads it as a number and fails on its own sign for a missing one. */
const MISSING = "NaN";

/**
 * A profile as the service's clients read it: figures of tokens have fields of their own, and every column a type they
 * know. Our further fields stay. What is no profile comes back as it is.
 * Source: NeMo Microservices Python SDK 1.5.0, `DatasetProfilerResults`.
 */
export function toServiceAnalysis(profile: unknown): unknown {
  if (!isConfigObject(profile) || !Array.isArray(profile["column_statistics"])) return profile;
  const statistics: readonly unknown[] = profile["column_statistics"];
  return { ...profile, column_statistics: statistics.map(toServiceStatistics) };
}

function toServiceStatistics(statistics: unknown): unknown {
  if (!isConfigObject(statistics)) return statistics;
  const { column_type: type, output_tokens: output, input_tokens: input } = statistics;
  return {
    ...statistics,
    column_type: COLUMN_TYPES.includes(type) ? type : "general",
    ...(typeof type === "string" && type.startsWith("llm-")
      ? { ...tokenFigures("completion_tokens", output), ...tokenFigures("prompt_tokens", input) }
      : {}),
  };
}

function tokenFigures(prefix: string, figures: unknown): Record<string, unknown> {
  const known = isConfigObject(figures) ? figures : {};
  return Object.fromEntries(
    ["mean", "median", "stddev"].map((figure) => [`${prefix}_${figure}`, known[figure] ?? MISSING]),
  );
}
