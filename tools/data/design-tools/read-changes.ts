import { readDate, toStrftime } from "./dates.ts";
import { readBoolean, readList, readNumber, readObject, readText } from "./fields.ts";
import type { Json, JsonObject, Read } from "./fields.ts";
import { readValues } from "./values.ts";

const NUMBER_FIELDS = ["low", "high", "mean", "stddev", "p", "n", "dt_min", "dt_max", "decimal_places", "batch_size"];
const FLAG_FIELDS = ["drop", "short_form", "uppercase", "propagate_skip", "extract_reasoning_content"];
const DATE_FIELDS = ["start", "end"];

/** Parameters of a sampler with numbers, lists and dates that came as text. What cannot be read stays as it is. */
export function readParams(params: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(params).flatMap(([key, value]) => readField(key, value)));
}

/** Changes of a column as `readParams`, also inside `params`; `format` is the tools' name for `convert_to` of times. */
export function readChanges(changes: JsonObject): JsonObject {
  const { format, ...rest } = readParams(changes);
  const params = readObject(rest["params"]);
  return {
    ...rest,
    ...(typeof format === "string" && { convert_to: toStrftime(format) }),
    ...(params !== undefined && { params: readParams(params) }),
  };
}

function readField(key: string, value: Json): [string, Json][] {
  if (key === "values" && typeof value === "string") {
    const read = readValues(value);
    if (read === undefined) return [[key, value]];
    const weights: [string, Json][] = read.weights === undefined ? [] : [["weights", [...read.weights]]];
    return [[key, [...read.values]], ...weights];
  }
  if (key === "weights" && (typeof value === "string" || Array.isArray(value))) {
    const weights = readList(value)?.map((item) =>
      readNumber(typeof item === "string" ? item.replace(/\s*%$/, "") : item),
    );
    return [[key, weights?.every((weight) => weight !== undefined) === true ? weights : value]];
  }
  const read = readerOf(key);
  return [[key, value === null ? null : (read(value) ?? value)]];
}

function readerOf(key: string): Read<Json> {
  if (NUMBER_FIELDS.includes(key)) return readNumber;
  if (FLAG_FIELDS.includes(key)) return readBoolean;
  if (DATE_FIELDS.includes(key)) return readDate;
  if (key === "target_columns") return (value) => readList(value)?.map((item) => readText(item) ?? "");
  if (key === "dist_params") return (value) => readNumbers(value);
  return () => undefined;
}

function readNumbers(value: unknown): JsonObject | undefined {
  const object = readObject(value);
  if (object === undefined) return undefined;
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, readNumber(item) ?? item]));
}
