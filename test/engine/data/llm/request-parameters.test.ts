import { describe, expect, it } from "vitest";

import { InferenceParameters } from "../../../../engine/data/design/models.ts";
import { requestParameters } from "../../../../engine/data/llm/request-parameters.ts";

const draws = (...values: number[]) => {
  const left = [...values];
  return () => left.shift() ?? 0;
};

describe("fields of a chat request", () => {
  it("are only those that the model config has", () => {
    expect(requestParameters(InferenceParameters.parse({}), draws())).toEqual({});
    const fixed = InferenceParameters.parse({ temperature: 0, top_p: 0.5, max_tokens: 7, extra_body: { top_k: 3 } });
    expect(requestParameters(fixed, draws())).toEqual({ temperature: 0, top_p: 0.5, max_tokens: 7, top_k: 3 });
  });

  it("are drawn anew from distributions, from low inclusive to high exclusive and by weight", () => {
    const inference = InferenceParameters.parse({
      temperature: { distribution_type: "uniform", params: { low: 0.5, high: 1.5 } },
      top_p: { distribution_type: "manual", params: { values: [0.1, 0.5, 0.9], weights: [1, 0, 3] } },
    });
    expect(requestParameters(inference, draws(0, 0))).toEqual({ temperature: 0.5, top_p: 0.1 });
    expect(requestParameters(inference, draws(0.25, 0.25))).toEqual({ temperature: 0.75, top_p: 0.9 });
    expect(requestParameters(inference, draws(0.5, 0.999))).toEqual({ temperature: 1, top_p: 0.9 });
  });
});
