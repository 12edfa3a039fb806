import type { DraftColumn } from "../../../engine/data/design/draft.ts";
import { wholeNumberEnds } from "../../../engine/data/design/draft/whole-numbers.ts";
import { isObject } from "../../../engine/data/brief/json.ts";
import { isRecord } from "../../conversation.ts";

export interface DesignCall {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a tool that adds a column can be told: argument names, which are those of the design file unless said. */
interface ColumnTool {
  readonly tool: string;
  /** Fields of the column. */
  readonly fields: readonly string[];
}

interface SamplerTool extends ColumnTool {
  readonly params: readonly string[];
  /** Parameters and fields for which the tool has a default of its own, so that they have to be there. */
  readonly needs?: readonly string[];
  /** The tool's name for `convert_to`. */
  readonly convertTo?: string;
}

const DRAWN = ["name", "drop", "conditional_params"];
const DERIVED = ["name", "drop", "skip"];
const WRITTEN = [...DERIVED, "prompt", "model_alias", "system_prompt"];

const SAMPLER_TOOLS: Readonly<Record<string, SamplerTool>> = {
  uuid: { tool: "add_uuid_column", fields: ["name", "drop"], params: ["prefix", "short_form", "uppercase"] },
  category: { tool: "add_category_column", fields: DRAWN, params: ["values", "weights"], convertTo: "convert_to" },
  subcategory: { tool: "add_subcategory_column", fields: ["name", "drop"], params: ["category", "values"] },
  uniform: {
    tool: "add_float_column",
    fields: DRAWN,
    params: ["low", "high", "decimal_places"],
    needs: ["decimal_places"],
  },
  gaussian: {
    tool: "add_gaussian_column",
    fields: DRAWN,
    params: ["mean", "stddev", "decimal_places"],
    convertTo: "convert_to",
  },
  datetime: {
    tool: "add_datetime_column",
    fields: DRAWN,
    params: ["start", "end", "unit"],
    needs: ["unit", "convert_to"],
    convertTo: "format",
  },
  timedelta: {
    tool: "add_timedelta_column",
    fields: DRAWN,
    params: ["reference_column_name", "dt_min", "dt_max", "unit"],
    needs: ["convert_to"],
    convertTo: "format",
  },
  person_from_faker: {
    tool: "add_person_column",
    fields: ["name", "drop"],
    params: ["locale", "sex", "city", "age_range"],
  },
};

const ANY_SAMPLER: ColumnTool = {
  tool: "add_sampler_column",
  fields: [...DRAWN, "sampler_type", "params", "convert_to"],
};

const COLUMN_TOOLS: Readonly<Record<string, ColumnTool>> = {
  expression: { tool: "add_expression_column", fields: [...DERIVED, "expr", "dtype"] },
  "llm-text": { tool: "add_llm_text_column", fields: WRITTEN },
  "llm-code": { tool: "add_llm_code_column", fields: [...WRITTEN, "code_lang"] },
  "llm-structured": { tool: "add_llm_structured_column", fields: [...WRITTEN, "output_format"] },
  "llm-judge": { tool: "add_llm_judge_column", fields: [...WRITTEN, "scores"] },
  validation: {
    tool: "add_validation_column",
    fields: [...DERIVED, "target_columns", "validator_type", "validator_params"],
  },
};

/**
 * The calls that add this column: the tool made for it, and `update_column` for what that tool cannot be told. Empty for
 * a column type without a tool.
 */
export function addColumnCalls(column: DraftColumn): DesignCall[] {
  const { column_type: type, ...fields } = column;
  if (type === "sampler") return addSamplerCalls(fields);
  const tool = typeof type === "string" ? COLUMN_TOOLS[type] : undefined;
  return tool === undefined ? [] : addCalls(tool, given(fields));
}

/** The tool made for the sampler where it can say everything, else the one that takes any. */
function addSamplerCalls({ params: written, ...fields }: DraftColumn): DesignCall[] {
  const { sampler_type: type } = fields;
  const { sampler_type: _type, ...params } = given(isRecord(written) ? written : {});
  const whole = wholeNumberCall(fields, written);
  if (whole !== undefined) return [whole];
  const special = typeof type === "string" ? SAMPLER_TOOLS[type] : undefined;
  const { sampler_type: _same, convert_to: convertTo, ...rest } = given(fields);
  const has = new Set([...Object.keys(params), ...(convertTo === undefined ? [] : ["convert_to"])]);
  const canSayAll =
    special !== undefined &&
    Object.keys(params).every((key) => special.params.includes(key)) &&
    Object.keys(rest).every((key) => special.fields.includes(key)) &&
    (special.needs ?? []).every((key) => has.has(key)) &&
    (convertTo === undefined || special.convertTo !== undefined);
  if (!canSayAll) return addCalls(ANY_SAMPLER, { ...given(fields), params });
  const format = special.convertTo === undefined ? {} : { [special.convertTo]: convertTo };
  const { name, ...others } = rest;
  return [{ name: special.tool, args: given({ name, ...params, ...format, ...others }) }];
}

/** Whole numbers between two ends, which have a tool of their own. */
function wholeNumberCall(column: DraftColumn, params: DraftColumn[string] | undefined): DesignCall | undefined {
  const { sampler_type: type, convert_to: convertTo, ...fields } = column;
  if (type !== "scipy" || convertTo !== "int" || !isObject(params)) return undefined;
  const { sampler_type: _type, ...said } = params;
  const ends = wholeNumberEnds(said);
  const { name, ...rest } = given(fields);
  const shape = said["dist_params"];
  const isPlain = isObject(shape) && Object.keys(shape).length === 2 && Object.keys(given(said)).length === 2;
  if (ends === undefined || !isPlain || !Object.keys(rest).every((key) => DRAWN.includes(key))) return undefined;
  return { name: "add_int_column", args: { name, ...ends, ...rest } };
}

function addCalls({ tool, fields }: ColumnTool, column: Readonly<Record<string, unknown>>): DesignCall[] {
  const entries = Object.entries(column);
  const changes = Object.fromEntries(entries.filter(([key]) => !fields.includes(key)));
  const args = Object.fromEntries(entries.filter(([key]) => fields.includes(key)));
  return [
    { name: tool, args },
    ...(Object.keys(changes).length === 0 ? [] : [{ name: "update_column", args: { name: column["name"], changes } }]),
  ];
}

/** Without what is not said, and without the defaults that every column has. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      const isDefault = (key === "drop" && value === false) || (key === "propagate_skip" && value === true);
      const isEmpty = key === "conditional_params" && isRecord(value) && Object.keys(value).length === 0;
      return value !== undefined && value !== null && !isDefault && !isEmpty;
    }),
  );
}
