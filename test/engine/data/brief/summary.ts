import type { DesignDraft, DraftColumn } from "../../../../engine/data/design/draft.ts";

type Loose = Readonly<Record<string, unknown>>;

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A column in a few signs, so that a table of briefs can be read: `50..5000 .2`, `a 0.8|b 0.2`, `order_date+1..10D`. */
export function summary(column: DraftColumn): string {
  // The values of a draft are JSON; a missing key prints as undefined and fails the comparison.
  const { sampler_type: type, column_type: kind, convert_to: form } = column;
  const params = (column["params"] ?? {}) as Loose;
  const places =
    form === "int" ? " int" : params["decimal_places"] === undefined ? "" : ` .${show(params["decimal_places"])}`;
  switch (show(type ?? kind)) {
    case "category": {
      const values = params["values"] as readonly unknown[];
      const weights = params["weights"] as readonly unknown[] | undefined;
      return values
        .map((value, at) => (weights === undefined ? show(value) : `${show(value)} ${show(weights[at])}`))
        .join("|");
    }
    case "subcategory":
      return `by ${show(params["category"])}`;
    case "uniform":
      return `${show(params["low"])}..${show(params["high"])}${places}`;
    case "gaussian":
      return `N(${show(params["mean"])},${show(params["stddev"])})${places}`;
    case "poisson":
      return `Poisson(${show(params["mean"])})`;
    case "binomial":
      return `B(${show(params["n"])},${show(params["p"])})`;
    case "bernoulli":
      return `p=${show(params["p"])}`;
    case "scipy": {
      const shape = params["dist_params"] as Loose;
      if (params["dist_name"] === "randint") return `${show(shape["low"])}..${Number(shape["high"]) - 1}${places}`;
      return `${show(params["dist_name"])} ${JSON.stringify(shape)}${places}`;
    }
    case "datetime":
      return `${show(params["start"])}..${show(params["end"])} ${show(params["unit"])}`;
    case "timedelta":
      return `${show(params["reference_column_name"])}+${show(params["dt_min"])}..${Number(params["dt_max"]) - 1}${show(params["unit"])}`;
    case "uuid":
      return `uuid ${show(params["prefix"] ?? "")}`.trim();
    case "expression":
      return show(column["expr"]);
    case "llm-code":
      return `code ${show(column["code_lang"])}`;
    default:
      return show(type ?? kind);
  }
}

/** The dataset's own columns, in order. */
export function visible(draft: DesignDraft): DraftColumn[] {
  return draft.config.columns.filter((column) => column["drop"] !== true);
}

export function names(draft: DesignDraft): string[] {
  return visible(draft).map((column) => show(column["name"]));
}

export function columnSummary(draft: DesignDraft, name: string): string {
  const column = draft.config.columns.find((one) => one["name"] === name);
  return column === undefined ? `no column ${name} in ${names(draft).join(", ")}` : summary(column);
}

/** `amount ge 0`, sorted. */
export function limits(draft: DesignDraft): string[] {
  return (draft.config.constraints ?? [])
    .map((one) => `${show(one["target_column"])} ${show(one["operator"])} ${show(one["rhs"])}`)
    .sort();
}
