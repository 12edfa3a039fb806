import type { JsonValue } from "../table.ts";

type Keywords = { readonly [key: string]: JsonValue };
type Fail = (message: string) => void;

const MAX_PATTERN_CHARS = 300;
/** Longer text is not matched: a pattern's cost can grow faster than the text. */
const MAX_MATCHED_CHARS = 2_000;

const FORMATS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
  time: /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/i,
  "date-time":
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/i,
  email: /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/,
  uuid: /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  uri: /^[a-z][a-z\d+.-]*:\S+$/i,
  ipv4: /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/,
};

/** Length, pattern and format of a text. Formats that are not in the table are not checked. */
export function checkText(schema: Keywords, value: string, fail: Fail): void {
  const { minLength, maxLength, pattern, format } = schema;
  const length = typeof minLength === "number" || typeof maxLength === "number" ? Array.from(value).length : 0;
  if (typeof minLength === "number" && length < minLength)
    fail(`must have at least ${minLength} characters, not ${length}`);
  if (typeof maxLength === "number" && length > maxLength)
    fail(`must have at most ${maxLength} characters, not ${length}`);
  if (typeof pattern === "string") {
    const expression = compilePattern(pattern);
    if (expression === undefined) fail(`cannot be checked: the pattern ${pattern.slice(0, 80)} is not supported`);
    else if (value.length > MAX_MATCHED_CHARS || !expression.test(value)) fail(`must match ${pattern}`);
  }
  if (typeof format === "string" && Object.hasOwn(FORMATS, format) && FORMATS[format]?.test(value) === false) {
    fail(`must be a ${format}, not "${value.slice(0, 60)}"`);
  }
}

/** Undefined for a pattern that is no regular expression, too long, or able to run away. */
export function compilePattern(pattern: string): RegExp | undefined {
  if (pattern.length > MAX_PATTERN_CHARS || hasNestedRepeat(pattern)) return undefined;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** A repeated group that itself repeats or chooses (`(a+)+`, `((a|b)c)*`): matching one can take exponential time. */
function hasNestedRepeat(pattern: string): boolean {
  const plain = pattern.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x");
  const groups: boolean[] = [];
  for (let at = 0; at < plain.length; at += 1) {
    const character = plain.charAt(at);
    const isRepeat = /^(?:[+*]|\{\d+,)/.test(plain.slice(at, at + 12));
    if (character === "(") groups.push(false);
    else if (character === ")") {
      const isRisky = groups.pop() ?? false;
      const isRepeated = /^(?:[+*]|\{\d+,)/.test(plain.slice(at + 1, at + 13));
      if (isRisky && isRepeated) return true;
      if (isRisky || isRepeated) groups[groups.length - 1] = true;
    } else if ((isRepeat || character === "|") && groups.length > 0) groups[groups.length - 1] = true;
  }
  return false;
}

export function checkNumber(schema: Keywords, value: number, fail: Fail): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === "number" && value < minimum) fail(`must be at least ${minimum}, not ${value}`);
  if (typeof maximum === "number" && value > maximum) fail(`must be at most ${maximum}, not ${value}`);
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum)
    fail(`must be above ${exclusiveMinimum}, not ${value}`);
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum)
    fail(`must be below ${exclusiveMaximum}, not ${value}`);
  if (typeof multipleOf === "number" && multipleOf > 0) {
    const quotient = value / multipleOf;
    if (Math.abs(quotient - Math.round(quotient)) > 1e-9 * Math.max(1, Math.abs(quotient)))
      fail(`must be a multiple of ${multipleOf}`);
  }
}
