import type { z } from "zod";

import { checkDesign } from "./check-design.ts";
import { COLUMN_SCHEMAS, LIST_SCHEMAS } from "./design.ts";
import type { Column, Design } from "./design.ts";
import { explainIssues, PARSE_OPTIONS, showValue } from "./issue-message.ts";
import { listNames, nearestName, suggestName } from "./nearest.ts";
import { isConfigObject, readConfig } from "./read-config.ts";
import type { ConfigObject } from "./read-config.ts";
import { VALIDATION_COLUMNS } from "./columns.ts";
import { SAMPLER_PARAMS } from "./sampler-params.ts";
import { SeedConfig } from "./seed.ts";
import { coerceSkipValue } from "./skip-value.ts";
import { violationError } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface ParsedDesign {
  /** Present when every part has a shape that can be read; `validateDesign` says whether it also makes sense. */
  readonly design: Design | undefined;
  /**
   * Problems of shape: all of them. When there are some, also what `validateDesign` finds in the parts that could be
   * read, so that one answer names everything; else empty.
   */
  readonly violations: readonly Violation[];
}

/**
 * Reads a design: an object, or JSON or YAML text, bare or wrapped as in `builder_config.json` or by
 * `nemops dataset design --json`. Fills in defaults. Never
 * throws, whatever comes in.
 */
export function parseDesign(input: unknown): ParsedDesign {
  const { config, violation } = readConfig(input);
  if (config === undefined) return { design: undefined, violations: violation === undefined ? [] : [violation] };
  const violations: Violation[] = [];
  reportUnknownParts(config, violations);
  const { columns, brokenNames } = readColumns(config["columns"], violations);
  const design: Design = {
    columns,
    model_configs: readList(config, "model_configs", violations),
    tool_configs: readList(config, "tool_configs", violations),
    seed_config: readSeedConfig(config["seed_config"], violations),
    constraints: readList(config, "constraints", violations),
    profilers: readList(config, "profilers", violations),
    processors: readList(config, "processors", violations),
  };
  if (violations.length === 0) return { design, violations };
  const isSeedBroken =
    config["seed_config"] !== undefined && config["seed_config"] !== null && design.seed_config === null;
  const rest = columns.length === 0 ? [] : checkDesign(design, { brokenNames, isSeedBroken });
  return { design: undefined, violations: [...violations, ...rest] };
}

const TOP_LEVEL = ["columns", ...Object.keys(LIST_SCHEMAS), "seed_config"];

function reportUnknownParts(config: ConfigObject, violations: Violation[]): void {
  for (const key of Object.keys(config).filter((name) => !TOP_LEVEL.includes(name))) {
    const hint = suggestName(key, TOP_LEVEL, "The parts of a design are");
    violations.push(violationError("unknown_field", null, `unknown part "${key}" of the design.${hint}`));
  }
}

function readColumns(value: unknown, violations: Violation[]): { columns: Column[]; brokenNames: string[] } {
  const columns: Column[] = [];
  const brokenNames: string[] = [];
  if (!Array.isArray(value)) {
    const isMissing = value === undefined;
    const message = `"columns" ${isMissing ? "is missing; it" : ""} must be a list with one object for each column`;
    violations.push(violationError(isMissing ? "missing_field" : "invalid_value", null, message));
    return { columns, brokenNames };
  }
  value.forEach((item: unknown, index) => {
    const before = violations.length;
    const column = readColumn(item, index, violations);
    if (column !== undefined && violations.length === before) columns.push(column);
    else if (isConfigObject(item) && typeof item["name"] === "string") brokenNames.push(item["name"]);
  });
  return { columns, brokenNames };
}

function readColumn(item: unknown, index: number, violations: Violation[]): Column | undefined {
  const name = isConfigObject(item) && typeof item["name"] === "string" && item["name"] !== "" ? item["name"] : null;
  // A column without a name is told apart by its place.
  const prefix = name === null ? `columns[${index}]: ` : "";
  const report = (type: Violation["type"], message: string): undefined => {
    violations.push(violationError(type, name, `${prefix}${message}`));
  };
  if (!isConfigObject(item)) return report("invalid_value", "a column must be an object with name and column_type");

  const columnType = item["column_type"];
  const schema = typeof columnType === "string" ? own(COLUMN_SCHEMAS, columnType) : undefined;
  if (schema === undefined) return report(...unknownType("column_type", columnType, COLUMN_SCHEMAS));
  if (columnType === "sampler" && own(SAMPLER_PARAMS, item["sampler_type"]) === undefined) {
    return report(...unknownType("sampler_type", item["sampler_type"], SAMPLER_PARAMS));
  }
  if (columnType === "validation" && own(VALIDATION_COLUMNS, item["validator_type"]) === undefined) {
    return report(...unknownType("validator_type", item["validator_type"], VALIDATION_COLUMNS));
  }
  const parsed = schema.safeParse(item, PARSE_OPTIONS);
  if (!parsed.success) {
    for (const issue of explainIssues(parsed.error)) report(issue.type, issue.message);
    return undefined;
  }
  const coerced = coerceSkipValue(parsed.data);
  return coerced.column ?? report("invalid_value", coerced.problem);
}

const TYPE_VIOLATIONS = {
  column_type: "unknown_column_type",
  sampler_type: "unknown_sampler_type",
  validator_type: "invalid_value",
} as const;

function unknownType(field: keyof typeof TYPE_VIOLATIONS, value: unknown, known: object): [Violation["type"], string] {
  const names = Object.keys(known);
  if (value === undefined) return ["missing_field", `${field} is missing; it is one of ${listNames(names)}`];
  const near = typeof value === "string" ? nearestName(value, names) : undefined;
  // "category" and the like as column_type is the format of the oldest services.
  const isSampler = field === "column_type" && own(SAMPLER_PARAMS, value) !== undefined;
  const hint = isSampler
    ? ` Write "column_type": "sampler", "sampler_type": ${JSON.stringify(value)}.`
    : near === undefined
      ? ` It is one of ${listNames(names)}.`
      : ` Did you mean "${near}"?`;
  return [TYPE_VIOLATIONS[field], `unknown ${field} ${showValue(value)}.${hint}`];
}

function readList<Part extends keyof typeof LIST_SCHEMAS>(
  config: ConfigObject,
  part: Part,
  violations: Violation[],
): z.infer<(typeof LIST_SCHEMAS)[Part]>[] | null {
  const value = config[part];
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) {
    violations.push(violationError("invalid_value", null, `"${part}" must be a list or null`));
    return null;
  }
  return value.flatMap((item: unknown, index) => {
    const parsed = LIST_SCHEMAS[part].safeParse(item, PARSE_OPTIONS);
    if (!parsed.success) {
      report(explainIssues(parsed.error), `${part}[${index}]`, constraintTarget(item), violations);
      return [];
    }
    // The schema was picked by `part`, which TypeScript does not follow through the table.
    return [parsed.data as z.infer<(typeof LIST_SCHEMAS)[Part]>];
  });
}

function readSeedConfig(value: unknown, violations: Violation[]): SeedConfig | null {
  if (value === undefined || value === null) return null;
  const parsed = SeedConfig.safeParse(value, PARSE_OPTIONS);
  if (parsed.success) return parsed.data;
  report(explainIssues(parsed.error), "seed_config", null, violations);
  return null;
}

function report(
  issues: ReturnType<typeof explainIssues>,
  where: string,
  column: string | null,
  violations: Violation[],
): void {
  for (const issue of issues) violations.push(violationError(issue.type, column, `${where}: ${issue.message}`));
}

function constraintTarget(item: unknown): string | null {
  return isConfigObject(item) && typeof item["target_column"] === "string" ? item["target_column"] : null;
}

/** Own keys only: a design may ask for a type named `constructor`. */
function own<Table extends object>(table: Table, key: unknown): Table[keyof Table] | undefined {
  return typeof key === "string" && Object.hasOwn(table, key) ? table[key as keyof Table] : undefined;
}
