import { jsonrepair } from "jsonrepair";
import { z } from "zod";

/**
 * Arguments of the design tools. Each field advertises one simple JSON Schema and reads more than that: numbers, lists and
 * objects that a small model sends as text. What could mean two things is refused.
 */

/** Answers undefined for what cannot be read. */
export type Read<Value> = (given: unknown) => Value | undefined;

/** A field that advertises one thing and reads what `read` can; `expected` completes "must be …". */
export function field<Value>(
  advertised: Readonly<Record<string, unknown>>,
  description: string,
  expected: string,
  read: Read<Value>,
): z.ZodType<Value> {
  return z
    .unknown()
    .meta({ ...advertised, description })
    .transform((given, context): Value => {
      const value = given === undefined ? undefined : read(given);
      if (value !== undefined) return value;
      context.issues.push(
        given === undefined
          ? { code: "invalid_type", expected: "nonoptional", input: given }
          : { code: "custom", message: `must be ${expected}`, input: given },
      );
      return z.NEVER;
    })
    .describe(description);
}

/** The same field, which may be left out. */
export function optional<Schema extends z.ZodType>(schema: Schema): z.ZodOptional<Schema> {
  return schema.optional().describe(schema.description ?? "");
}

export const MAX_TEXT_CHARACTERS = 20_000;

export function textField(description: string): z.ZodType<string> {
  return field({ type: "string" }, description, `text of 1 to ${MAX_TEXT_CHARACTERS} characters`, readText);
}

export function nameField(description: string): z.ZodType<string> {
  return field({ type: "string" }, description, "text of 1 to 200 characters", (given) => {
    const text = readText(given)?.trim();
    return text !== undefined && text !== "" && text.length <= 200 ? text : undefined;
  });
}

export function numberField(description: string): z.ZodType<number> {
  return field({ type: "number" }, description, "a number", readNumber);
}

export function integerField(description: string, least: number, most: number): z.ZodType<number> {
  const advertised = { type: "integer", minimum: least, maximum: most };
  return field(advertised, description, `a whole number from ${least} to ${most}`, (given) => {
    const number = readNumber(given);
    return number !== undefined && Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  });
}

export function booleanField(description: string): z.ZodType<boolean> {
  return field({ type: "boolean" }, description, "true or false", readBoolean);
}

/** One of `values`, in any case; `synonyms` are other words for them, in lower case. */
export function choiceField<Value extends string>(
  values: readonly Value[],
  description: string,
  synonyms: Readonly<Record<string, Value>> = {},
): z.ZodType<Value> {
  return field({ type: "string", enum: [...values] }, description, `one of ${values.join(", ")}`, (given) => {
    const text = readText(given)?.trim();
    if (text === undefined) return undefined;
    const exact = values.find((value) => value === text);
    const word = text.toLowerCase();
    if (exact !== undefined) return exact;
    if (Object.hasOwn(synonyms, word)) return synonyms[word];
    const fitting = values.filter((value) => value.toLowerCase() === word);
    return fitting.length === 1 ? fitting[0] : undefined;
  });
}

export function textListField(description: string): z.ZodType<string[]> {
  const advertised = { type: "array", items: { type: "string" } };
  return field(advertised, description, "a list of texts", (given) => {
    const texts = readList(given)?.map(readText);
    return texts !== undefined && texts.length > 0 && texts.every((text) => text !== undefined) ? texts : undefined;
  });
}

export function objectField(description: string): z.ZodType<JsonObject> {
  return field({ type: "object" }, description, "an object", readObject);
}

export type Json = z.infer<ReturnType<typeof z.json>>;
export type JsonObject = Record<string, Json>;

const JsonObject = z.record(z.string(), z.json());

export function readObject(given: unknown): JsonObject | undefined {
  const value = typeof given === "string" && given.trim().startsWith("{") ? readJson(given) : given;
  const parsed = JsonObject.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** A list, JSON text of one, or text with commas, semicolons or line ends between its items. */
export function readList(given: unknown): readonly unknown[] | undefined {
  if (Array.isArray(given)) return given;
  if (typeof given === "number") return [given];
  if (typeof given !== "string" || given.trim() === "") return undefined;
  if (given.trim().startsWith("[")) {
    const value = readJson(given);
    return Array.isArray(value) ? value : undefined;
  }
  // The strongest separator that occurs is the one that is meant.
  const separator = ["\n", ";", ","].find((one) => given.trim().includes(one)) ?? ",";
  return given
    .split(separator)
    .map((item) => item.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .filter((item) => item !== "");
}

export function readText(given: unknown): string | undefined {
  if (typeof given === "number" || typeof given === "boolean") return String(given);
  return typeof given === "string" && given.trim() !== "" && given.length <= MAX_TEXT_CHARACTERS ? given : undefined;
}

/** `12.5`, `"12.5"`, `"1,000"`, `"$50"`, `"1e3"`; a comma that could be a decimal point is refused. */
export function readNumber(given: unknown): number | undefined {
  if (typeof given === "number") return Number.isFinite(given) ? given : undefined;
  if (typeof given !== "string") return undefined;
  const text = given.trim().replace(/^([+-]?)[$€£]\s*/, "$1");
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return Number(text.replaceAll(",", ""));
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : undefined;
}

export function readBoolean(given: unknown): boolean | undefined {
  if (typeof given === "boolean") return given;
  const word = readText(given)?.toLowerCase() ?? "";
  if (["true", "yes", "1"].includes(word)) return true;
  return ["false", "no", "0"].includes(word) ? false : undefined;
}

/** Broken JSON is repaired where that is possible; undefined where it is not. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(jsonrepair(text));
    } catch {
      return undefined;
    }
  }
}
