/** Short ways to write the columns of test designs. */

export type Raw = Record<string, unknown>;

export function sampler(name: string, samplerType: string, params: Raw, rest: Raw = {}): Raw {
  return { column_type: "sampler", name, sampler_type: samplerType, params, ...rest };
}

export function uniform(name: string, low = 0, high = 10, rest: Raw = {}): Raw {
  return sampler(name, "uniform", { low, high }, rest);
}

export function category(name: string, values: readonly unknown[], rest: Raw = {}): Raw {
  return sampler(name, "category", { values }, rest);
}

export function datetime(name: string, start = "2024-01-01", end = "2025-01-01"): Raw {
  return sampler(name, "datetime", { start, end });
}

export function timedelta(name: string, reference: string, min = 1, max = 5): Raw {
  return sampler(name, "timedelta", { dt_min: min, dt_max: max, reference_column_name: reference });
}

export function expression(name: string, expr: string, rest: Raw = {}): Raw {
  return { column_type: "expression", name, expr, ...rest };
}

export function text(name: string, prompt: string, rest: Raw = {}): Raw {
  return { column_type: "llm-text", name, prompt, model_alias: "nvidia-text", ...rest };
}

export function limit(target: string, operator: string, rhs: unknown): Raw {
  return { target_column: target, operator, rhs };
}
