import { ServiceError } from "../../../lib/errors.ts";
import type { Draws } from "../random.ts";
import { CONTINUOUS } from "./continuous.ts";
import { DISCRETE } from "./discrete.ts";
import type { Distribution, DistributionShape } from "./distribution.ts";

/** The distributions of scipy.stats that the engine draws, under scipy's names. */
export const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = { ...CONTINUOUS, ...DISCRETE };

export interface CompiledDistribution extends DistributionShape {
  readonly isInteger: boolean;
}

/** What is wrong with a distribution's name or parameters, one sentence each; empty when it can be drawn. */
export function distributionProblems(name: string, params: Readonly<Record<string, number | boolean>>): string[] {
  const distribution = Object.hasOwn(DISTRIBUTIONS, name) ? DISTRIBUTIONS[name] : undefined;
  if (distribution === undefined) {
    return [`unsupported distribution "${name}"; supported are ${Object.keys(DISTRIBUTIONS).join(", ")}`];
  }
  const known = [...Object.keys(distribution.shapes), "loc", ...(distribution.isInteger ? [] : ["scale"])];
  const problems: string[] = [];
  for (const key of Object.keys(params)) {
    if (!known.includes(key)) problems.push(`${name} has no parameter "${key}"; it has ${known.join(", ")}`);
  }
  for (const [key, rule] of Object.entries(distribution.shapes)) {
    const value = params[key];
    if (value === undefined) problems.push(`${name} needs the parameter "${key}" (${rule})`);
    else if (!Number.isFinite(Number(value))) problems.push(`${name}: ${key} must be a finite number`);
  }
  const { loc, scale } = placement(params);
  if (!Number.isFinite(loc)) problems.push(`${name}: loc must be a finite number`);
  if (!(scale > 0) || !Number.isFinite(scale)) problems.push(`${name}: scale must be above 0, not ${scale}`);
  if (problems.length > 0) return problems;
  const wrong = distribution.check(numbersOf(params));
  return wrong === undefined ? [] : [`${name}: ${wrong}`];
}

/** Throws ServiceError `invalid_input` with what `distributionProblems` says. */
export function compileDistribution(
  name: string,
  params: Readonly<Record<string, number | boolean>>,
): CompiledDistribution {
  const problems = distributionProblems(name, params);
  const distribution = DISTRIBUTIONS[name];
  if (problems.length > 0 || distribution === undefined) throw new ServiceError("invalid_input", problems.join("; "));
  const { loc, scale } = placement(params);
  const { draw, drawBetween } = distribution.compile(numbersOf(params));
  const { isInteger } = distribution;
  if (loc === 0 && scale === 1) return { isInteger, draw, ...(drawBetween === undefined ? {} : { drawBetween }) };
  return {
    isInteger: isInteger && Number.isInteger(loc),
    draw: (draws: Draws) => loc + scale * draw(draws),
    ...(drawBetween === undefined
      ? {}
      : {
          drawBetween: (draws: Draws, low: number, high: number) =>
            loc + scale * drawBetween(draws, (low - loc) / scale, (high - loc) / scale),
        }),
  };
}

function placement(params: Readonly<Record<string, number | boolean>>): { loc: number; scale: number } {
  return { loc: Number(params["loc"] ?? 0), scale: Number(params["scale"] ?? 1) };
}

function numbersOf(params: Readonly<Record<string, number | boolean>>): Record<string, number> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, Number(value)]));
}
