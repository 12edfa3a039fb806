import type { BinaryOperator } from "./ast.ts";
import { renderError } from "./errors.ts";
import {
  float,
  int,
  isInt,
  listOf,
  numberOf,
  Sequence,
  sizeOf,
  typeName,
  Undefined,
  undefinedError,
  type Value,
} from "./values.ts";
import { formatPercent } from "./format.ts";
import { MAX_OUTPUT } from "./text.ts";

/** `left op right` with Python's rules for int, float, text and lists. Throws what Python would raise. */
export function binary(op: BinaryOperator, left: Value, right: Value): Value {
  if (left instanceof Undefined) throw undefinedError(left);
  if (typeof left === "string" && op === "%") return formatPercent(left, right);
  if (right instanceof Undefined) throw undefinedError(right);
  if (isInt(left) && isInt(right)) return intOperation(op, left, right);
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return float(floatOperation(op, a, b));
  if (op === "+") {
    const joined = concatenate(left, right);
    if (joined !== undefined) return joined;
  }
  if (op === "*") {
    if (isInt(right) && a === undefined) return repeat(left, Number(right), left, right);
    if (isInt(left) && b === undefined) return repeat(right, Number(left), left, right);
  }
  throw unsupported(op, left, right);
}

function unsupported(op: string, left: Value, right: Value): Error {
  if (op === "+" && typeof left === "string") {
    return renderError(`can only concatenate str (not "${typeName(right)}") to str; use \`~\` to join any values`);
  }
  return renderError(`unsupported operand type(s) for ${op}: '${typeName(left)}' and '${typeName(right)}'`);
}

const DIVIDE_BY_ZERO = "division by zero";

function intOperation(op: BinaryOperator, left: number | bigint | boolean, right: number | bigint | boolean): Value {
  if (op === "/") {
    if (Number(right) === 0) throw renderError(DIVIDE_BY_ZERO);
    return float(Number(left) / Number(right));
  }
  if (typeof left !== "bigint" && typeof right !== "bigint") {
    const quick = smallIntOperation(op, Number(left), Number(right));
    if (quick !== undefined && Number.isSafeInteger(quick)) return Object.is(quick, -0) ? 0 : quick;
  }
  return bigOperation(op, BigInt(left), BigInt(right));
}

function smallIntOperation(op: BinaryOperator, left: number, right: number): number | undefined {
  if (op === "+") return left + right;
  if (op === "-") return left - right;
  if (op === "*") return left * right;
  if (right === 0 && (op === "//" || op === "%")) throw renderError("integer division or modulo by zero");
  if (op === "//") {
    const multiple = left - floorModulo(left, right);
    return Number.isSafeInteger(multiple) ? multiple / right : undefined;
  }
  return op === "%" ? floorModulo(left, right) : undefined;
}

/** The remainder with the sign of the divisor, as in Python. */
export function floorModulo(left: number, right: number): number {
  const rest = left % right;
  if (rest === 0) return right < 0 ? -0 : 0;
  return rest < 0 === right < 0 ? rest : rest + right;
}

/** Bits of the largest int that is computed: enough for the 4,300 digits that can be printed. */
const MAX_BITS = 14_300;

function bigOperation(op: BinaryOperator, left: bigint, right: bigint): Value {
  switch (op) {
    case "+":
      return int(left + right);
    case "-":
      return int(left - right);
    case "*":
      if (bits(left) + bits(right) > MAX_BITS) throw renderError("the product is too large");
      return int(left * right);
    case "**":
      return power(left, right);
    case "/":
    case "//":
    case "%": {
      if (right === 0n) throw renderError("integer division or modulo by zero");
      let rest = left % right;
      if (rest !== 0n && rest < 0n !== right < 0n) rest += right;
      return op === "%" ? int(rest) : int((left - rest) / right);
    }
  }
}

function power(base: bigint, exponent: bigint): Value {
  if (exponent < 0n) {
    if (base === 0n) throw renderError("0.0 cannot be raised to a negative power");
    return float(Number(base) ** Number(exponent));
  }
  const isSmall = base >= -1n && base <= 1n;
  if (!isSmall && BigInt(bits(base)) * exponent > BigInt(MAX_BITS)) throw renderError("the power is too large");
  if (isSmall) return int(exponent === 0n ? 1n : base === -1n && exponent % 2n === 0n ? 1n : base);
  return int(base ** exponent);
}

function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(16).length * 4;
}

function floatOperation(op: BinaryOperator, left: number, right: number): number {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      if (right === 0) throw renderError("float division by zero");
      return left / right;
    case "//":
      if (right === 0) throw renderError("float floor division by zero");
      return floorDivide(left, right);
    case "%":
      if (right === 0) throw renderError("float modulo by zero");
      return floatModulo(left, right);
    case "**":
      return floatPower(left, right);
  }
}

function floatModulo(left: number, right: number): number {
  if (!Number.isFinite(right) && Number.isFinite(left)) {
    return left === 0 || left < 0 === right < 0 ? left : right;
  }
  return floorModulo(left, right);
}

/** As CPython does it: from the exact remainder, so that the quotient agrees with `%`. */
export function floorDivide(left: number, right: number): number {
  const rest = left % right;
  let quotient = (left - rest) / right;
  if (rest !== 0 && rest < 0 !== right < 0) quotient -= 1;
  if (quotient === 0) return left / right < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function floatPower(left: number, right: number): number {
  if (left === 0 && right < 0) throw renderError("0.0 cannot be raised to a negative power");
  if (left < 0 && !Number.isInteger(right) && Number.isFinite(right)) {
    throw renderError("a negative number to a fractional power is complex and cannot be used");
  }
  if (left === 1) return 1;
  const result = left ** right;
  if (!Number.isFinite(result) && Number.isFinite(left) && Number.isFinite(right))
    throw renderError("Numerical result out of range");
  return result;
}

function concatenate(left: Value, right: Value): Value | undefined {
  if (typeof left === "string" && typeof right === "string") return left + right;
  const leftList = listOf(left);
  const rightList = listOf(right);
  if (leftList !== undefined && rightList !== undefined) return [...leftList, ...rightList];
  if (left instanceof Sequence && right instanceof Sequence && left.name === "tuple" && right.name === "tuple") {
    return new Sequence("tuple", [...left.items, ...right.items]);
  }
  return undefined;
}

function repeat(value: Value, times: number, left: Value, right: Value): Value {
  const list = listOf(value) ?? (value instanceof Sequence && value.name === "tuple" ? value.items : undefined);
  if (typeof value !== "string" && list === undefined) throw unsupported("*", left, right);
  const count = Math.max(0, times);
  if (sizeOf(value) * count > MAX_OUTPUT) throw renderError(`repeated ${times} times it is longer than ${MAX_OUTPUT}`);
  if (typeof value === "string") return value.repeat(count);
  const items = Array.from({ length: count }, () => list ?? []).flat();
  return value instanceof Sequence ? new Sequence("tuple", items) : items;
}

/** Unary minus and plus. */
export function signed(sign: 1 | -1, value: Value): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (isInt(value)) return sign === 1 ? int(BigInt(value)) : int(-BigInt(value));
  const number = numberOf(value);
  if (number === undefined)
    throw renderError(`bad operand type for unary ${sign === 1 ? "+" : "-"}: '${typeName(value)}'`);
  return float(sign * number);
}
