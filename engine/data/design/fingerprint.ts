import { sha256Hex } from "../../../lib/hash.ts";
import type { Column, Design } from "./design.ts";
import type { ModelConfig, ToolConfig } from "./models.ts";
import { canonicalJson, PythonFloat } from "./python-json.ts";
import type { SamplerParams } from "./sampler-params.ts";
import type { SeedConfig } from "./seed.ts";

export interface Fingerprint {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly config_hash: string;
  readonly config_hash_algo: "sha256";
  readonly config_hash_version: 2;
}

/**
 * Identity of the data a design makes: equal for designs that differ only in profilers, health checks, concurrency,
 * timeouts, credentials of the seed source, the order of models and tools, or an empty list in place of none. It is the
 * hash the original gives the same config, so that a dataset of either can be told to belong to it.
 * Source: NVIDIA-NeMo/DataDesigner 0.9, fingerprint.py, hash version 2; checked against that code.
 */
export function fingerprint(design: Design): Fingerprint {
  const identity = {
    columns: design.columns.map(columnIdentity),
    seed_config: design.seed_config === null ? null : seedIdentity(design.seed_config),
    ...optionalList("model_configs", byAlias(design.model_configs, (model) => model.alias)?.map(modelIdentity)),
    ...optionalList("tool_configs", byAlias(design.tool_configs, (tool) => tool.tool_alias)?.map(toolIdentity)),
    ...optionalList(
      "constraints",
      design.constraints?.map((constraint) =>
        constraint.constraint_type === "scalar_inequality"
          ? { ...constraint, rhs: new PythonFloat(constraint.rhs) }
          : constraint,
      ),
    ),
    ...optionalList("processors", design.processors),
  };
  return {
    config_hash: `sha256:${sha256Hex(canonicalJson(identity))}`,
    config_hash_algo: "sha256",
    config_hash_version: 2,
  };
}

function optionalList(key: string, list: readonly unknown[] | null | undefined): Record<string, unknown> {
  return list === null || list === undefined || list.length === 0 ? {} : { [key]: list };
}

/** A stable sort by code points, which UTF-16 order equals for all aliases without surrogate pairs. */
function byAlias<Item>(list: readonly Item[] | null, alias: (item: Item) => string): Item[] | undefined {
  return list?.toSorted((left, right) => (alias(left) < alias(right) ? -1 : alias(left) > alias(right) ? 1 : 0));
}

function columnIdentity(column: Column): unknown {
  if (column.column_type === "sampler") {
    return {
      ...column,
      params: paramsIdentity(column.params),
      conditional_params: Object.fromEntries(
        Object.entries<SamplerParams>(column.conditional_params).map(([key, params]) => [key, paramsIdentity(params)]),
      ),
    };
  }
  if (column.column_type === "expression" && column.dtype === "float" && typeof column.skip?.value === "number") {
    return { ...column, skip: { ...column.skip, value: new PythonFloat(column.skip.value) } };
  }
  if (column.column_type === "validation" && column.validator_type === "remote") {
    return { ...column, validator_params: withFloats(column.validator_params, ["timeout", "retry_backoff"]) };
  }
  return column;
}

/** Which parameters Python keeps as floats, so that 20 is written `20.0`. */
const FLOAT_PARAMS = ["p", "mean", "stddev", "low", "high"];

function paramsIdentity(params: SamplerParams): unknown {
  if (params.sampler_type !== "category") return withFloats(params, FLOAT_PARAMS);
  if (params.weights === null) return params;
  return { ...params, weights: normalised(params.weights) };
}

function modelIdentity({ skip_health_check: _probe, inference_parameters, ...model }: ModelConfig): unknown {
  const { max_parallel_requests: _parallel, timeout: _timeout, ...parameters } = inference_parameters;
  if (parameters.generation_type !== "chat-completion") return { ...model, inference_parameters: parameters };
  const { temperature, top_p } = parameters;
  return {
    ...model,
    inference_parameters: {
      ...parameters,
      temperature: distributionIdentity(temperature),
      top_p: distributionIdentity(top_p),
    },
  };
}

function distributionIdentity(value: Extract<ModelConfig["inference_parameters"], { temperature: unknown }>["top_p"]) {
  if (value === null) return null;
  if (typeof value === "number") return new PythonFloat(value);
  if (value.distribution_type === "uniform") return { ...value, params: withFloats(value.params, ["low", "high"]) };
  const { values, weights } = value.params;
  return {
    ...value,
    params: { values: values.map(toFloat), weights: weights === null ? null : normalised(weights) },
  };
}

function toolIdentity({ timeout_sec: _timeout, allow_tools, ...tool }: ToolConfig): unknown {
  return { ...tool, ...optionalList("allow_tools", allow_tools) };
}

function seedIdentity(seed: SeedConfig): unknown {
  if (seed.source.seed_type !== "hf") return seed;
  const { token: _token, endpoint: _endpoint, ...source } = seed.source;
  return { ...seed, source };
}

/** The original keeps weights divided by their sum; ours are kept as written, which reading twice does not change. */
function normalised(weights: readonly number[]): PythonFloat[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => new PythonFloat(weight / total));
}

function withFloats(object: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]: [string, unknown]) => [
      key,
      names.includes(key) && typeof value === "number" ? new PythonFloat(value) : value,
    ]),
  );
}

function toFloat(value: number): PythonFloat {
  return new PythonFloat(value);
}
