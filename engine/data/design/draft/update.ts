import { ServiceError } from "../../../../lib/errors.ts";
import { COLUMN_SCHEMAS } from "../design.ts";
import type { DesignDraft, DraftColumn } from "../draft.ts";
import { showValue } from "../issue-message.ts";
import { SAMPLER_PARAMS } from "../sampler-params.ts";
import type { EditResult } from "./columns.ts";
import { findColumn, replaceColumn } from "./columns.ts";
import { textOf } from "./show.ts";
import { wholeNumberEnds, wholeNumberParams } from "./whole-numbers.ts";

type Params = { [key: string]: DraftColumn[string] };

/**
 * Changes fields of a column; `new_name` renames it and its references. Parameters of a sampler may stand beside
 * `params` or inside. Null takes a field away. Another column or sampler type starts with the parameters that are
 * given. Throws `not_found`, or `invalid_input` when the column would not be one any more.
 */
export function updateColumn(draft: DesignDraft, written: string, changes: Readonly<DraftColumn>): EditResult {
  const column = findColumn(draft, written);
  if (Object.keys(changes).length === 0) {
    throw new ServiceError("invalid_input", 'changes is empty; name the fields to change, for example {"high": 90}');
  }
  const { new_name: newName, name: otherName, ...fields } = changes;
  const name = newName ?? otherName ?? column["name"] ?? "";
  if (typeof name !== "string" || name.trim() === "") {
    throw new ServiceError("invalid_input", `new_name must be text, not ${showValue(name)}`);
  }
  const merged = mergeColumn({ ...column, name: name.trim() }, changeEnds(column, fields));
  const edit = replaceColumn(draft, textOf(column, "name"), merged);
  const told = edit.column === null ? [] : differences(column, edit.column);
  return { ...edit, changes: [...edit.changes, ...told] };
}

/** `low` and `high` of whole numbers, which `add_int_column` takes with both ends included, as the sampler has them. */
function changeEnds(column: DraftColumn, changes: Readonly<DraftColumn>): Readonly<DraftColumn> {
  const ends = wholeNumberEnds(asObject(column["params"]));
  const isOtherType = ["column_type", "sampler_type"].some((key) => changes[key] !== undefined);
  if (ends === undefined || isOtherType) return changes;
  const { low: outerLow, high: outerHigh, ...rest } = changes;
  const { low = outerLow, high = outerHigh, ...params } = asObject(changes["params"]);
  if (low === undefined && high === undefined) return changes;
  if (![low ?? 0, high ?? 0].every((end) => typeof end === "number")) return changes;
  const exact = wholeNumberParams(Number(low ?? ends.low), Number(high ?? ends.high));
  return { ...rest, params: { ...params, ...exact } };
}

function mergeColumn(column: DraftColumn, changes: Readonly<DraftColumn>): DraftColumn {
  const isOtherType = ["column_type", "sampler_type"].some(
    (key) => changes[key] !== undefined && changes[key] !== column[key],
  );
  const samplerType = changes["sampler_type"] ?? column["sampler_type"];
  const columnType =
    changes["column_type"] ?? (changes["sampler_type"] === undefined ? column["column_type"] : "sampler");
  const kept = isOtherType ? keepFields(column, columnType) : column;
  const paramNames = columnType === "sampler" ? namesOfParams(samplerType) : [];
  const outside = Object.entries(changes).filter(([key]) => key !== "params" && !paramNames.includes(key));
  const inside = Object.entries(changes).filter(([key]) => paramNames.includes(key));
  const merged = withoutNulls({ ...kept, column_type: columnType ?? null, ...Object.fromEntries(outside) });
  if (columnType !== "sampler") return "params" in changes ? { ...merged, params: changes["params"] ?? null } : merged;
  const before = isOtherType ? {} : asObject(column["params"]);
  const given = changes["params"];
  if (given !== undefined && given !== null && !isObject(given)) return { ...merged, params: given };
  const params = withoutNulls({ ...before, ...asObject(given), ...Object.fromEntries(inside) });
  // The discriminator of the old type must not stand inside the parameters of a new one.
  const { sampler_type: _discriminator, ...rest } = params;
  return { ...merged, params: rest };
}

/** What a column keeps when it becomes one of another type. */
function keepFields(column: DraftColumn, columnType: unknown): DraftColumn {
  const schema = typeof columnType === "string" && Object.hasOwn(COLUMN_SCHEMAS, columnType);
  const isDrawn = columnType === "sampler" || !schema;
  const keys = isDrawn ? ["name", "drop"] : ["name", "drop", "skip", "propagate_skip", "prompt", "model_alias"];
  const isLlm = typeof columnType === "string" && columnType.startsWith("llm-");
  return Object.fromEntries(
    Object.entries(column).filter(([key]) => keys.includes(key) && (isLlm || !["prompt", "model_alias"].includes(key))),
  );
}

function namesOfParams(samplerType: unknown): string[] {
  if (typeof samplerType !== "string" || !Object.hasOwn(SAMPLER_PARAMS, samplerType)) return [];
  // `hasOwn` has looked the type up in this table.
  const schema = SAMPLER_PARAMS[samplerType as keyof typeof SAMPLER_PARAMS];
  return Object.keys(schema.shape).filter((key) => key !== "sampler_type");
}

/** `mean: 80 became 200`, for each field and parameter that is another now. */
function differences(before: DraftColumn, after: DraftColumn): string[] {
  const flat = ({ params, ...rest }: DraftColumn): Params => ({ ...rest, ...asObject(params) });
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) => {
    const [left, right] = [JSON.stringify(old[key]), JSON.stringify(now[key])];
    if (left === right) return [];
    if (left === undefined) return [`${key} is ${showValue(now[key])}`];
    return [
      right === undefined ? `${key} was taken away` : `${key}: ${showValue(old[key])} became ${showValue(now[key])}`,
    ];
  });
}

function withoutNulls(fields: Readonly<Params>): Params {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function asObject(value: DraftColumn[string] | undefined): Params {
  return isObject(value) ? value : {};
}

function isObject(value: DraftColumn[string] | undefined): value is Params {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
