import type { DraftColumn } from "../design/draft.ts";
import { wholeNumberEnds } from "../design/draft/whole-numbers.ts";
import { isObject, labelOf, paramsOf, textOf } from "./json.ts";

const MAX_VALUES = 6;

/** How a column is made, in a few words: "uniform 50 to 5000", "free 60 %, pro 40 %". */
export function describeColumn(column: DraftColumn): string {
  const params = paramsOf(column);
  const type = textOf(column["sampler_type"]) || textOf(column["column_type"]);
  const word = (key: string): string => labelOf(params[key] ?? "");
  switch (type) {
    case "category":
      return describeValues(params["values"], params["weights"]);
    case "subcategory":
      return `depends on ${word("category")}`;
    case "uniform":
      return `${word("low")} to ${word("high")}`;
    case "gaussian":
      return `normal around ${word("mean")}, standard deviation ${word("stddev")}`;
    case "poisson":
      return `Poisson with mean ${word("mean")}`;
    case "bernoulli":
      return `1 in ${Number((Number(params["p"]) * 100).toPrecision(4))} % of the rows, else 0`;
    case "scipy": {
      const ends = wholeNumberEnds(params);
      if (ends !== undefined) return `whole numbers ${ends.low} to ${ends.high}`;
      return `${word("dist_name")} ${isObject(params["dist_params"]) ? JSON.stringify(params["dist_params"]) : ""}`.trim();
    }
    case "datetime":
      return `${word("start")} to ${word("end")}`;
    case "timedelta":
      return `${word("dt_min")} to ${Number(params["dt_max"]) - 1} ${word("unit")} after ${word("reference_column_name")}`;
    case "expression":
      return textOf(column["expr"]);
    case "llm-text":
    case "llm-code":
    case "llm-structured":
    case "llm-judge":
      return `${type}: ${shorten(textOf(column["prompt"]))}`;
    default:
      return type;
  }
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function describeValues(values: DraftColumn[string] | undefined, weights: DraftColumn[string] | undefined): string {
  if (!Array.isArray(values)) return "category";
  const list = Array.isArray(weights) ? weights.map(Number) : [];
  const total = list.reduce((sum, weight) => sum + weight, 0);
  const shown = values.slice(0, MAX_VALUES).map((value, at) => {
    const share = total > 0 ? ` ${Number((((list[at] ?? 0) / total) * 100).toPrecision(3))} %` : "";
    return `${labelOf(value)}${share}`;
  });
  return [...shown, ...(values.length > MAX_VALUES ? [`${values.length - MAX_VALUES} more`] : [])].join(", ");
}
