import { expect, it } from "vitest";

import { drawnPart, estimateDesign } from "../../../../../engine/data/design/draft/estimate.ts";
import type { DesignDraft } from "../../../../../engine/data/design/draft.ts";

const draft: DesignDraft = {
  name: "reviews",
  num_records: 1_000,
  seed: null,
  config: {
    columns: [
      { column_type: "sampler", name: "product", sampler_type: "category", params: { values: ["lamp"] }, drop: true },
      { column_type: "expression", name: "title", expr: "{{ product }}!" },
      { column_type: "llm-text", name: "review", prompt: "{{ product * 100 }}", model_alias: "m" },
      { column_type: "expression", name: "length", expr: "{{ review | length }}" },
      { column_type: "llm-text", name: "answer", prompt: "{{ review }}", model_alias: "m" },
    ],
    model_configs: [{ alias: "m", model: "x", inference_parameters: { max_tokens: 50, max_parallel_requests: 8 } }],
    constraints: [],
  },
};

it("counts a prompt as it is rendered and an answer up to the model's limit", () => {
  const { inputTokens, outputTokens, seconds } = estimateDesign(draft, {
    rows: 1_000,
    sample: [{ product: "lamp" }],
    isOffline: false,
  });
  // A prompt of 400 characters, and one that is an answer of 50 tokens, each with 10 tokens of instructions.
  expect(inputTokens).toBe(1_000 * (100 + 10) + 1_000 * (50 + 10));
  expect(outputTokens).toBe(2 * 1_000 * 50);
  // Two columns of 1,000 answers of 50 tokens, eight at a time at 40 tokens a second.
  expect(seconds).toBeCloseTo((2 * 1_000 * 50) / 40 / 8, -1);
});

it("asks for no tokens where the offline text model writes", () => {
  const estimate = estimateDesign(draft, { rows: 1_000, sample: [], isOffline: true });
  expect(estimate).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  expect(estimate.seconds).toBeLessThan(2);
});

it("draws its sample from the columns that need no model, the hidden ones too", () => {
  expect(drawnPart(draft)?.columns.map((column) => [column["name"], column["drop"]])).toEqual([
    ["product", false],
    ["title", false],
  ]);
  const written = { ...draft, config: { columns: draft.config.columns.slice(2, 3) } };
  expect(drawnPart(written)).toBeUndefined();
});
