import type { Distribution, InferenceParameters } from "../design/models.ts";
import type { JsonValue } from "../table.ts";

/** Fields of a chat request that follow from a model config, drawn anew for each request where they are distributions. */
export function requestParameters(
  inference: InferenceParameters,
  random: () => number,
): Readonly<Record<string, JsonValue>> {
  const fields: Record<string, JsonValue> = {};
  if (inference.generation_type === "chat-completion") {
    const { temperature, top_p: topP, max_tokens: maxTokens } = inference;
    if (temperature !== null) fields["temperature"] = drawValue(temperature, random);
    if (topP !== null) fields["top_p"] = drawValue(topP, random);
    if (maxTokens !== null) fields["max_tokens"] = maxTokens;
  }
  // What the provider takes beside the standard fields, and what its author wants instead of them.
  return { ...fields, ...inference.extra_body };
}

function drawValue(value: number | Distribution, random: () => number): number {
  if (typeof value === "number") return value;
  const { params } = value;
  if (!("values" in params)) return params.low + random() * (params.high - params.low);
  const weights = params.weights ?? params.values.map(() => 1);
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return params.values[chosen] ?? params.values.at(-1) ?? 0;
}
