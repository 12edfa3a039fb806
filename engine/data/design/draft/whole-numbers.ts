import type { DraftColumn } from "../draft.ts";

type Params = Readonly<Record<string, DraftColumn[string]>>;

/**
 * Parameters of the scipy sampler for whole numbers, both ends included and as likely as the others; a uniform number
 * that is rounded gives each end half of its share.
 */
export function wholeNumberParams(
  low: number,
  high: number,
): {
  readonly dist_name: "randint";
  readonly dist_params: { readonly low: number; readonly high: number };
} {
  return { dist_name: "randint", dist_params: { low: Math.ceil(low), high: Math.floor(high) + 1 } };
}

/** The ends, both included, of whole numbers drawn by such parameters; undefined for other parameters. */
export function wholeNumberEnds(params: Params): { readonly low: number; readonly high: number } | undefined {
  const shape = params["dist_params"];
  if (params["dist_name"] !== "randint" || typeof shape !== "object" || shape === null || Array.isArray(shape)) return;
  const { low, high } = shape;
  return typeof low === "number" && typeof high === "number" ? { low, high: high - 1 } : undefined;
}
