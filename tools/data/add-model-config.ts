import { z } from "zod";

import { putModelConfig } from "../../engine/data/design/draft/parts.ts";
import { defineDesignTool, toDraftColumn } from "./design-tools/design-tool.ts";
import { integerField, nameField, numberField, optional } from "./design-tools/fields.ts";

export const addModelConfig = defineDesignTool({
  name: "add_model_config",
  title: "Name a language model",
  description:
    "Name a language model that LLM columns can use by its alias; an alias that exists is replaced. Not needed for the default model.",
  example: { alias: "writer", model: "nemotron-3-nano", temperature: 0.7 },
  input: z.object({
    alias: nameField("Name that columns use as model_alias"),
    model: nameField("Model name at the endpoint"),
    provider: optional(nameField("Provider that serves it; left out is the default one")),
    temperature: optional(numberField("0 to 2")),
    top_p: optional(numberField("0 to 1")),
    max_tokens: optional(integerField("Longest answer in tokens", 1, 1_000_000)),
    max_parallel_requests: optional(integerField("Most requests at the same time, default 4", 1, 1_024)),
    timeout: optional(integerField("Seconds until a request is given up", 1, 3_600)),
  }),
  isIdempotent: true,
  reduce: (draft, { alias, model, provider, ...inference }) => {
    const given = toDraftColumn(inference);
    const hasInference = Object.keys(given).length > 0;
    return putModelConfig(
      draft,
      toDraftColumn({ alias, model, provider, inference_parameters: hasInference ? given : undefined }),
    );
  },
});
