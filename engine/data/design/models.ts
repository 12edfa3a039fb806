import { z } from "zod";

import { configObject } from "./object-schema.ts";

/** A value drawn anew for each request: `low` inclusive to `high` exclusive. */
export const UniformDistribution = configObject({
  distribution_type: z.literal("uniform").default("uniform"),
  params: configObject({ low: z.number(), high: z.number() }).refine((params) => params.low < params.high, {
    error: "low must be less than high",
  }),
});

/** One of `values`, by weight; weights are kept as written. */
export const ManualDistribution = configObject({
  distribution_type: z.literal("manual").default("manual"),
  params: configObject({
    values: z.array(z.number()).min(1),
    weights: z.array(z.number().min(0)).nullable().default(null),
  })
    .refine((params) => params.weights === null || params.weights.length === params.values.length, {
      error: "weights must have one entry for each of values",
    })
    .refine((params) => params.weights === null || sum(params.weights) > 0, {
      error: "weights must sum to more than 0",
    }),
});

export type Distribution = z.infer<typeof UniformDistribution> | z.infer<typeof ManualDistribution>;

function numberOrDistribution(min: number, max: number) {
  const isInside = (value: number): boolean => value >= min && value <= max;
  return z
    .union([z.number(), UniformDistribution, ManualDistribution], {
      error: 'must be a number or {"distribution_type": "uniform" or "manual", "params": {…}}',
    })
    .refine(
      (value) => {
        if (typeof value === "number") return isInside(value);
        if ("values" in value.params) return value.params.values.every(isInside);
        return isInside(value.params.low) && isInside(value.params.high);
      },
      { error: `must stay between ${min} and ${max}` },
    )
    .nullable()
    .default(null);
}

const common = {
  max_parallel_requests: z.number().int().min(1).default(4),
  timeout: z.number().int().min(1).nullable().default(null),
  extra_body: z.record(z.string(), z.json()).nullable().default(null),
};

export const ChatInference = configObject({
  generation_type: z.literal("chat-completion"),
  ...common,
  temperature: numberOrDistribution(0, 2),
  top_p: numberOrDistribution(0, 1),
  max_tokens: z.number().int().min(1).nullable().default(null),
});

export const EmbeddingInference = configObject({
  generation_type: z.literal("embedding"),
  ...common,
  encoding_format: z.enum(["float", "base64"]).default("float"),
  dimensions: z.number().int().min(1).nullable().default(null),
});

export const ImageInference = configObject({ generation_type: z.literal("image"), ...common });

/** Without a `generation_type`, `encoding_format` or `dimensions` mark an embedding model and anything else a chat model. */
export const InferenceParameters = z.preprocess(
  (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if ("generation_type" in value) return value;
    const isEmbedding = "encoding_format" in value || "dimensions" in value;
    return { ...value, generation_type: isEmbedding ? "embedding" : "chat-completion" };
  },
  z.discriminatedUnion("generation_type", [ChatInference, EmbeddingInference, ImageInference]),
);
export type InferenceParameters = z.infer<typeof InferenceParameters>;

/** `provider` is null where the service's default provider is meant. */
export const ModelConfig = configObject({
  alias: z.string().min(1),
  model: z.string().min(1),
  provider: z.string().nullable().default(null),
  inference_parameters: InferenceParameters.default({
    generation_type: "chat-completion",
    max_parallel_requests: 4,
    timeout: null,
    extra_body: null,
    temperature: null,
    top_p: null,
    max_tokens: null,
  }),
  skip_health_check: z.boolean().default(false),
});
export type ModelConfig = z.infer<typeof ModelConfig>;

/** Tools that a column's model may call: those of `providers`, or only `allow_tools` of them. */
export const ToolConfig = configObject({
  tool_alias: z.string().min(1),
  providers: z.array(z.string()),
  allow_tools: z.array(z.string()).nullable().default(null),
  max_tool_call_turns: z.number().int().min(1).default(5),
  timeout_sec: z.number().positive().nullable().default(null),
});
export type ToolConfig = z.infer<typeof ToolConfig>;

/** Asks a model to sum up the reasons of judge columns. */
export const JudgeScoreProfiler = configObject({
  model_alias: z.string().min(1),
  summary_score_sample_size: z.number().int().min(1).nullable().default(20),
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
