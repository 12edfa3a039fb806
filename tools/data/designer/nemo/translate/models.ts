import type { ModelConfig } from "../../../../../engine/data/design/models.ts";
import { type FeatureCheck, compact, isObject } from "./translation.ts";

/** Chat parameters of a model; nulls are left out, distributions too where they have no weights. */
export function toInference(
  model: ModelConfig,
  options: { readonly hasDiscriminators: boolean },
  check: FeatureCheck,
): Record<string, unknown> {
  const { generation_type, ...parameters } = model.inference_parameters;
  if (generation_type !== "chat-completion") {
    check.refuse(
      null,
      `model ${model.alias}: generation_type ${generation_type}`,
      "this version's models write text only",
    );
  }
  if (model.skip_health_check) {
    check.warnings.push(
      `model ${model.alias}: skip_health_check is not known to the service, which checks its models as it likes`,
    );
  }
  return compact({
    ...(options.hasDiscriminators ? { generation_type } : {}),
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, withoutNullWeights(value)])),
  });
}

function withoutNullWeights(value: unknown): unknown {
  if (!isObject(value) || !isObject(value["params"]) || !("distribution_type" in value)) return value;
  return { ...value, params: compact(value["params"]) };
}
