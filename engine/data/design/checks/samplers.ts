import { compileStrftime } from "../../strftime.ts";
import { DISTRIBUTIONS, distributionProblems } from "../../samplers/distributions.ts";
import { parseTime } from "../../time.ts";
import type { SamplerColumn } from "../design.ts";
import { pathText, showValue } from "../issue-message.ts";
import { chooseLocale, MANAGED_LOCALES, nearestLocale } from "../locales.ts";
import { listNames } from "../nearest.ts";
import type { SamplerParams } from "../sampler-params.ts";
import { NUMERIC_SAMPLERS } from "../support.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation, ViolationType } from "../violation.ts";
import { checkParent } from "./parents.ts";
import { columnNamed } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** Parameters of samplers that have the right shape but cannot be drawn from. */
export function checkSamplers(context: CheckContext): Violation[] {
  return context.design.columns.flatMap((column) => {
    if (column.column_type !== "sampler") return [];
    const sets: (readonly [string, SamplerParams])[] = [
      ["params", column.params],
      ...Object.entries(column.conditional_params).map(
        ([condition, params]) => [pathText(["conditional_params", condition]), params] as const,
      ),
    ];
    return [
      ...sets.flatMap(([where, params]) =>
        checkParams(params, context).map(({ level, type, message }): Violation => ({
          type,
          level,
          column: column.name,
          message: `${where}: ${message}`,
        })),
      ),
      ...checkParent(column, context),
      ...checkConvertTo(column),
    ];
  });
}

interface Problem {
  readonly level: Violation["level"];
  readonly type: ViolationType;
  readonly message: string;
}

function wrong(type: ViolationType, message: string): Problem[] {
  return [{ level: "error", type, message }];
}

function checkParams(params: SamplerParams, context: CheckContext): Problem[] {
  switch (params.sampler_type) {
    case "category":
      return checkWeights(params.values, params.weights);
    case "uniform":
      if (params.low > params.high) {
        return wrong("invalid_range", `low (${params.low}) must not be greater than high (${params.high})`);
      }
      return checkReach(params.high - params.low);
    case "gaussian":
      if (params.stddev < 0) return wrong("invalid_range", `stddev must not be negative, it is ${params.stddev}`);
      return checkReach(Math.abs(params.mean) + MAX_DEVIATIONS * params.stddev);
    case "scipy":
    case "bernoulli_mixture":
      return checkDistribution(params.dist_name, params.dist_params);
    case "binomial":
      return checkDistribution("binom", { n: params.n, p: params.p });
    case "poisson":
      return checkDistribution("poisson", { mu: params.mean });
    case "datetime":
      return checkDatetime(params);
    case "timedelta":
      return checkTimedelta(params, context);
    case "person":
    case "person_from_faker":
      return checkLocale(params);
    // Their schemas and `checkParent` say everything.
    case "bernoulli":
    case "subcategory":
    case "uuid":
      return [];
  }
}

/** A normal value lies further off in less than one of 10^300 draws. */
const MAX_DEVIATIONS = 40;

/** A value that leaves the numbers would be a missing cell. */
function checkReach(reach: number): Problem[] {
  if (Number.isFinite(reach)) return [];
  return wrong(
    "invalid_range",
    `the values are too large to be numbers (above ${Number.MAX_VALUE}); make them smaller`,
  );
}

function checkDistribution(name: string, params: Readonly<Record<string, number | boolean>>): Problem[] {
  const type = Object.hasOwn(DISTRIBUTIONS, name) ? "invalid_distribution_params" : "unsupported_distribution";
  return distributionProblems(name, params).map((message) => ({ level: "error", type, message }));
}

function checkWeights(values: readonly unknown[], weights: readonly number[] | null): Problem[] {
  if (weights === null) return [];
  const problems: Problem[] = [];
  if (weights.length !== values.length) {
    const message = `weights has ${weights.length} entries and values has ${values.length}; give one weight for each value`;
    problems.push(...wrong("invalid_weights", message));
  }
  const negative = weights.find((weight) => weight < 0);
  if (negative !== undefined) {
    problems.push(...wrong("invalid_weights", `weights must not be negative, one is ${negative}`));
  } else if (weights.every((weight) => weight === 0)) {
    problems.push(...wrong("invalid_weights", "weights must sum to more than 0"));
  }
  return problems;
}

function checkDatetime(params: SamplerParams<"datetime">): Problem[] {
  const [start, end] = [parseTime(params.start), parseTime(params.end)];
  const problems: Problem[] = [];
  for (const field of ["start", "end"] as const) {
    if (parseTime(params[field]) !== undefined) continue;
    const message = `${field} ${showValue(params[field])} is not a date; write it like 2024-01-31 or 2024-01-31T09:30:00`;
    problems.push(...wrong("invalid_range", message));
  }
  if (start !== undefined && end !== undefined && start >= end) {
    problems.push(...wrong("invalid_range", `start (${params.start}) must be before end (${params.end})`));
  }
  return problems;
}

function checkTimedelta(params: SamplerParams<"timedelta">, context: CheckContext): Problem[] {
  const problems: Problem[] = [];
  if (params.dt_min >= params.dt_max) {
    const message = `dt_min (${params.dt_min}) must be less than dt_max (${params.dt_max}), which is exclusive`;
    problems.push(...wrong("invalid_range", message));
  }
  const reference = columnNamed(context, params.reference_column_name);
  if (reference === undefined) return problems;
  const isTime = reference.column_type === "sampler" && ["datetime", "timedelta"].includes(reference.sampler_type);
  if (!isTime) {
    const kind =
      reference.column_type === "sampler" ? `${reference.sampler_type} sampler` : `${reference.column_type} column`;
    const message = `reference_column_name "${reference.name}" is a ${kind}; it must be a datetime or timedelta sampler`;
    problems.push(...wrong("timedelta_reference", message));
  }
  return problems;
}

function checkLocale(params: SamplerParams<"person" | "person_from_faker">): Problem[] {
  const { locale } = params;
  const choice = chooseLocale(locale);
  if (params.sampler_type === "person" && !MANAGED_LOCALES.some((managed) => managed === locale)) {
    const message = `locale "${locale}" has no census-based people; it must be one of ${MANAGED_LOCALES.join(", ")}, or use sampler_type person_from_faker`;
    return [{ level: choice.isKnown ? "warning" : "error", type: "unknown_locale", message }];
  }
  if (choice.isExact) return [];
  const near = choice.isKnown ? undefined : nearestLocale(locale);
  const problem = choice.isKnown ? "has no names of its own here" : "is not known";
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  const message = `locale "${locale}" ${problem}${hint}; people are drawn from "${choice.faker}" instead`;
  return [{ level: "warning", type: "unknown_locale", message }];
}

const NUMBER_FORMS = ["int", "float", "str"];

function checkConvertTo(column: SamplerColumn): Violation[] {
  const { convert_to: form, name } = column;
  if (form === null) return [];
  if (column.sampler_type === "datetime" || column.sampler_type === "timedelta") {
    // A pattern that gives the same text for two distant times shows nothing of the time.
    const format = compileStrftime(form);
    if (format(0) !== format(987_654_321)) return [];
    const message = `convert_to ${showValue(form)} shows nothing of the time; write a strftime pattern such as "%Y-%m-%d"`;
    return [violationError("invalid_convert_to", name, message)];
  }
  if (["uuid", "person", "person_from_faker"].includes(column.sampler_type)) {
    const message = `convert_to has no effect on a ${column.sampler_type} sampler; remove it`;
    return [violationWarning("invalid_convert_to", name, message)];
  }
  if (!NUMBER_FORMS.includes(form)) {
    const message = `convert_to must be one of ${NUMBER_FORMS.join(", ")}, not ${showValue(form)}`;
    return [violationError("invalid_convert_to", name, message)];
  }
  if (form === "str" || NUMERIC_SAMPLERS.includes(column.sampler_type)) return [];
  const words = labelsOf(column).filter(
    (label) => typeof label === "string" && !Number.isFinite(Number.parseFloat(label)),
  );
  if (words.length === 0) return [];
  const message = `convert_to "${form}" cannot turn ${listNames(words.slice(0, 5).map(showValue))} into a number`;
  return [violationError("invalid_convert_to", name, message)];
}

function labelsOf(column: SamplerColumn): (string | number)[] {
  if (column.sampler_type === "category") {
    return [column.params, ...Object.values(column.conditional_params)].flatMap((params) => params.values);
  }
  if (column.sampler_type === "subcategory") {
    const sets = [column.params, ...Object.values(column.conditional_params)];
    return sets.flatMap((params) => Object.values(params.values).flat());
  }
  return [];
}
