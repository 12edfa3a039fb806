/** Makers of columns in the design's file format, as a brief needs them. */
import type { DraftColumn } from "../design/draft.ts";
import { wholeNumberParams } from "../design/draft/whole-numbers.ts";
import type { DateWindow } from "./dates.ts";
import type { DeltaUnit } from "./relations.ts";

/** The alias that text columns of briefs have; without a model config of that name the offline text model writes. */
export const TEXT_MODEL = "writer";

/** Small ranges of whole numbers become lists, which are easier to read and to weigh. */
const MAX_LISTED = 10;

type Params = Readonly<Record<string, DraftColumn[string] | undefined>>;

export function sampler(name: string, samplerType: string, params: Params, convertTo?: string): DraftColumn {
  const given = Object.entries(params).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return {
    name,
    column_type: "sampler",
    sampler_type: samplerType,
    params: Object.fromEntries(given),
    ...(convertTo === undefined ? {} : { convert_to: convertTo }),
  };
}

/** Whole numbers, both ends included. */
export function integerColumn(name: string, low: number, high: number): DraftColumn {
  const [first, last] = [Math.ceil(low), Math.floor(high)];
  if (last < first) return sampler(name, "category", { values: [Math.round(low)] });
  if (last - first <= MAX_LISTED) {
    return sampler(name, "category", { values: Array.from({ length: last - first + 1 }, (_, at) => first + at) });
  }
  return drawnInteger(name, first, last);
}

/** As `integerColumn`, but drawn from the range however small it is. */
export function drawnInteger(name: string, low: number, high: number): DraftColumn {
  const { dist_name, dist_params } = wholeNumberParams(low, Math.max(low, high));
  return sampler(name, "scipy", { dist_name, dist_params: { ...dist_params } }, "int");
}

export function numberColumn(name: string, low: number, high: number, decimals: number): DraftColumn {
  return sampler(name, "uniform", { low, high, decimal_places: decimals });
}

export function categoryColumn(
  name: string,
  values: readonly (string | number)[],
  weights: readonly number[] | null = null,
): DraftColumn {
  return sampler(name, "category", { values: [...values], ...(weights === null ? {} : { weights: [...weights] }) });
}

export function dateColumn(name: string, { start, end }: DateWindow): DraftColumn {
  return sampler(name, "datetime", { start, end, unit: "D" }, "%Y-%m-%d");
}

export function datetimeColumn(name: string, { start, end }: DateWindow): DraftColumn {
  return sampler(name, "datetime", { start, end, unit: "s" });
}

/** `min` to `max` units, both included, after the reference. */
export function timedeltaColumn(
  name: string,
  reference: string,
  {
    min,
    max,
    unit,
    format,
  }: { readonly min: number; readonly max: number; readonly unit: DeltaUnit; readonly format: string | undefined },
): DraftColumn {
  const params = { dt_min: min, dt_max: Math.max(min, max) + 1, reference_column_name: reference, unit };
  return sampler(name, "timedelta", params, format);
}

export function flagColumn(name: string, share: number): DraftColumn {
  return sampler(name, "bernoulli", { p: Math.min(1, Math.max(0, share)) });
}

export function expressionColumn(name: string, expr: string, dtype: "int" | "float" | "str" | "bool"): DraftColumn {
  return { name, column_type: "expression", expr, dtype };
}

export function textColumn(name: string, prompt: string): DraftColumn {
  return { name, column_type: "llm-text", prompt, model_alias: TEXT_MODEL };
}

export function codeColumn(name: string, prompt: string, language: string): DraftColumn {
  return { name, column_type: "llm-code", prompt, model_alias: TEXT_MODEL, code_lang: language };
}

export function structuredColumn(name: string, prompt: string): DraftColumn {
  const text = { type: "string" };
  const properties = { title: text, summary: text, tags: { type: "array", items: text, minItems: 1, maxItems: 4 } };
  const schema = { type: "object", properties, required: ["title", "summary", "tags"] };
  return { name, column_type: "llm-structured", prompt, model_alias: TEXT_MODEL, output_format: schema };
}

export function judgeColumn(name: string, prompt: string, aspect: string, low: number, high: number): DraftColumn {
  const span = Math.max(1, high - low);
  const words = ["very poor", "poor", "fair", "good", "excellent"];
  const options = Object.fromEntries(
    Array.from({ length: span + 1 }, (_, at) => [String(low + at), words[Math.round((at / span) * 4)] ?? "fair"]),
  );
  const scores = [{ name: aspect, description: `How good the ${aspect.replaceAll("_", " ")} is`, options }];
  return { name, column_type: "llm-judge", prompt, model_alias: TEXT_MODEL, scores };
}
