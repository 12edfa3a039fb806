import { floatText } from "../template/text.ts";

/** A number that Python holds as a float, and so writes with a point or exponent. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * What Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` gives: keys in order of their code points,
 * no spaces, everything outside of ASCII escaped, floats as `repr` has them. Whole plain numbers are integers.
 */
export function canonicalJson(value: unknown): string {
  if (value instanceof PythonFloat) return floatText(value.value);
  if (typeof value === "number") return Number.isInteger(value) ? integerText(value) : floatText(value);
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).toSorted(([left], [right]) => compareCodePoints(left, right));
    return `{${entries.map(([key, item]) => `${quote(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function integerText(value: number): string {
  return Object.is(value, -0) ? "0" : BigInt(value).toString();
}

/** UTF-16 order puts letters beyond the first plane before U+E000 to U+FFFF; code point order does not. */
function compareCodePoints(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
