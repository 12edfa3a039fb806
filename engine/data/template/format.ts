import { renderError } from "./errors.ts";
import { MAX_OUTPUT, repr, str } from "./text.ts";
import {
  dictGet,
  isDict,
  isInt,
  numberOf,
  Sequence,
  typeName,
  Undefined,
  undefinedError,
  type Value,
} from "./values.ts";
import { roundFloat } from "./rounding.ts";

const PERCENT = /%(?:\((\w+)\))?([-+ 0#]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/g;

/** `'%s and %.2f' % (a, b)`: the conversions s, r, d, i, f, e, g, x, X and o with flags, width and precision. */
export function formatPercent(pattern: string, values: Value): string {
  const args = values instanceof Sequence && values.name === "tuple" ? values.items : [values];
  let used = 0;
  const text = pattern.replace(
    PERCENT,
    (_whole, name: string | undefined, flags: string, width: string, digits: string | undefined, kind: string) => {
      if (kind === "%") return "%";
      const value = name === undefined ? args[used++] : isDict(values) ? dictGet(values, name) : undefined;
      if (value === undefined)
        throw renderError(
          name === undefined ? "not enough arguments for format string" : `format needs the key '${name}'`,
        );
      const spec = {
        flags,
        width: toWidth(width),
        precision: digits === undefined ? undefined : toWidth(digits),
        kind,
      };
      return pad(
        convert(value, spec),
        spec.width,
        flags.includes("-") ? "<" : ">",
        flags.includes("0") && kind !== "s" ? "0" : " ",
      );
    },
  );
  if (!isDict(values) && used < args.length) throw renderError("not all arguments converted during string formatting");
  return limit(text);
}

interface NumberFormat {
  readonly flags: string;
  readonly precision: number | undefined;
  readonly kind: string;
}

function convert(value: Value, { flags, precision, kind }: NumberFormat): string {
  if (kind === "s" || kind === "r") {
    const text = kind === "s" ? str(value) : repr(value);
    return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
  }
  if (value instanceof Undefined) throw undefinedError(value);
  const number = numberOf(value);
  if (number === undefined) throw renderError(`%${kind} format: a real number is required, not ${typeName(value)}`);
  const sign = flags.includes("+") && number >= 0 ? "+" : flags.includes(" ") && number >= 0 ? " " : "";
  return sign + formatNumber(value, number, kind, precision);
}

function formatNumber(value: Value, number: number, kind: string, precision: number | undefined): string {
  const digits = Math.min(precision ?? 6, 100);
  switch (kind) {
    case "d":
    case "i":
      if (!Number.isFinite(number)) throw renderError("cannot convert float infinity or NaN to integer");
      return String(isInt(value) ? BigInt(value) : BigInt(Math.trunc(number)));
    case "f":
    case "F":
      return fixed(number, digits);
    case "e":
      return exponential(number, digits);
    case "g":
      return general(number, digits === 0 ? 1 : digits);
    case "x":
    case "X":
    case "o": {
      if (!isInt(value)) throw renderError(`%${kind} format: an integer is required, not ${typeName(value)}`);
      const text = BigInt(value).toString(kind === "o" ? 8 : 16);
      return kind === "X" ? text.toUpperCase() : text;
    }
    default:
      throw renderError(`unsupported format character '${kind}'`);
  }
}

function notFinite(number: number): string | undefined {
  if (Number.isNaN(number)) return "nan";
  return Number.isFinite(number) ? undefined : number > 0 ? "inf" : "-inf";
}

function fixed(number: number, digits: number): string {
  const special = notFinite(number);
  if (special !== undefined) return special;
  if (Math.abs(number) >= 1e21) return `${BigInt(number)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  const text = Math.abs(roundFloat(number, digits)).toFixed(digits);
  return number < 0 || Object.is(number, -0) ? `-${text}` : text;
}

function exponential(number: number, digits: number): string {
  return notFinite(number) ?? number.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

function general(number: number, digits: number): string {
  const special = notFinite(number);
  if (special !== undefined) return special;
  const power = number === 0 ? 0 : Number(number.toExponential(digits - 1).split("e")[1]);
  const isPlain = power >= -4 && power < digits;
  const text = isPlain ? fixed(number, Math.min(100, digits - 1 - power)) : exponential(number, digits - 1);
  return text.includes(".") ? text.replace(/\.?0+(?=e|$)/, "") : text;
}

const FIELD = /\{\{|\}\}|\{(\w*)(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:([^{}])?([<>^]))?([-+ ]?)(0?)(\d*)(,?)(?:\.(\d+))?([dfeg%sxX]?)$/u;

/** `'{} {name:.2f}'.format(a, name=b)`: fields without attribute access, and the usual format specifications. */
export function formatBraces(pattern: string, args: readonly Value[], named: ReadonlyMap<string, Value>): string {
  let next = 0;
  const text = pattern.replace(FIELD, (whole, name: string | undefined, spec: string | undefined) => {
    if (whole === "{{" || whole === "}}") return whole.charAt(0);
    if (name === undefined)
      throw renderError(`format: \`${whole}\` must be part of a plain field such as {}, {0} or {name:.2f}`);
    const value = name === "" ? args[next++] : /^\d+$/.test(name) ? args[Number(name)] : named.get(name);
    if (value === undefined) throw renderError(`format has no value for the field {${name}}`);
    return formatSpec(value, spec ?? "");
  });
  return limit(text);
}

function formatSpec(value: Value, spec: string): string {
  if (value instanceof Undefined) throw undefinedError(value);
  const found = SPEC.exec(spec);
  if (found === null) throw renderError(`unsupported format specification '${spec}'`);
  const [, fill, align, sign = "", zero = "", width = "", comma = "", digits, kind = ""] = found;
  const number = numberOf(value);
  const precision = digits === undefined ? undefined : toWidth(digits);
  let text: string;
  if (number === undefined || kind === "s" || (spec === "" && typeof value !== "boolean")) {
    if (kind !== "" && kind !== "s") throw renderError(`format code '${kind}' needs a number, not ${typeName(value)}`);
    text = precision === undefined ? str(value) : Array.from(str(value)).slice(0, precision).join("");
  } else {
    text = spec === "" ? str(value) : numberSpec(value, number, kind, precision);
    if (comma !== "")
      text = text.replace(
        /^(-?)(\d+)/,
        (_all, minus: string, whole: string) => minus + whole.replace(/\B(?=(?:\d{3})+$)/g, ","),
      );
    if (number >= 0 && (sign === "+" || sign === " ")) text = sign + text;
  }
  const isNumber = number !== undefined;
  return pad(text, toWidth(width), align ?? (isNumber ? ">" : "<"), fill ?? (zero === "0" ? "0" : " "));
}

function numberSpec(value: Value, number: number, kind: string, precision: number | undefined): string {
  if (kind === "%") return `${fixed(number * 100, Math.min(precision ?? 6, 100))}%`;
  if (kind === "d" && !isInt(value)) throw renderError("format code 'd' needs an int, not float");
  if (kind !== "") return formatNumber(value, number, kind, precision);
  return precision === undefined || isInt(value) ? str(value) : general(number, precision);
}

function toWidth(text: string): number {
  const width = text === "" ? 0 : Number(text);
  if (width > MAX_OUTPUT) throw renderError(`a width of ${text} is more than ${MAX_OUTPUT}`);
  return width;
}

/** Fills to the width; zeros go between the sign and the digits. */
export function pad(text: string, width: number, align: string, fill: string): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (align === "<") return text + fill.repeat(missing);
  if (align === "^") return fill.repeat(missing >> 1) + text + fill.repeat(missing - (missing >> 1));
  const sign = fill === "0" && /^[-+ ]/.test(text) ? text.charAt(0) : "";
  return sign + fill.repeat(missing) + text.slice(sign.length);
}

/** Refuses a text that is longer than a template may build. */
export function limit(text: string): string {
  if (text.length > MAX_OUTPUT)
    throw renderError(`the text has ${text.length} characters; at most ${MAX_OUTPUT} are allowed`);
  return text;
}
