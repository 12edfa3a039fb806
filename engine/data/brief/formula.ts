/** Columns that are computed from others: "total = price * quantity * (1 + tax)". */
import { expressionColumn } from "./columns.ts";
import { textOf } from "./json.ts";
import { parseNumber } from "./numbers.ts";
import type { Sheet } from "./sheet.ts";
import { paramsOf } from "./json.ts";
import { spanOf } from "./spans.ts";
import { trimPhrase } from "./words.ts";

const TOKEN = /\s*(\*\*|[-+*/()]|[^-+*/()]+(?:-(?=\p{L})[^-+*/()]*)*)/uy;

/** Makes the column an expression over the others; false when an operand is no number or the formula cannot be read. */
export function applyFormula(
  sheet: Sheet,
  name: string,
  formula: string,
  ensure: (phrase: string) => string | undefined,
): boolean {
  const parts: string[] = [];
  const operands: string[] = [];
  for (const token of tokens(formula)) {
    if (/^(?:\*\*|[-+*/()])$/.test(token)) {
      parts.push(token);
      continue;
    }
    const number = numeral(token);
    if (number !== undefined) {
      parts.push(number);
      continue;
    }
    const column = ensure(trimPhrase(token));
    if (column === undefined || column === name) return false;
    operands.push(column);
    parts.push(column);
  }
  const source = parts.join(" ").replaceAll("( ", "(").replaceAll(" )", ")");
  if (operands.length === 0 || !isBalanced(parts)) return false;
  const areTexts =
    operands.every((operand) => isText(sheet, operand)) &&
    parts.every((part) => part === "+" || operands.includes(part));
  if (areTexts) {
    sheet.replace(expressionColumn(name, operands.map((operand) => `{{ ${operand} }}`).join(" "), "str"));
    return true;
  }
  if (operands.some((operand) => !isNumber(sheet, operand))) return false;
  const isWhole =
    operands.every((operand) => isInteger(sheet, operand)) && !parts.some((part) => part === "/" || /\./.test(part));
  sheet.replace(
    isWhole
      ? expressionColumn(name, `{{ ${source} }}`, "int")
      : expressionColumn(name, `{{ (${source}) | round(2) }}`, "float"),
  );
  return true;
}

function tokens(formula: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(formula); match !== null; match = TOKEN.exec(formula)) {
    const token = match[1]?.trim() ?? "";
    if (token !== "") found.push(token);
  }
  return found;
}

/** `20 %` is 0.2. */
function numeral(token: string): string | undefined {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(token);
  if (percent) return String(Number((Number(percent[1]) / 100).toPrecision(12)));
  const value = /^[$€£]?\s?[\d.,]+[km]?$/i.test(token) ? parseNumber(token) : undefined;
  return value === undefined ? undefined : String(value);
}

/** Operands and signs take turns and brackets close, so that the template engine can read it. */
function isBalanced(parts: readonly string[]): boolean {
  let depth = 0;
  let wantsOperand = true;
  for (const part of parts) {
    if (part === "(") {
      if (!wantsOperand) return false;
      depth += 1;
    } else if (part === ")") {
      if (wantsOperand) return false;
      depth -= 1;
    } else if (/^(?:\*\*|[-+*/])$/.test(part)) {
      if (wantsOperand) return false;
      wantsOperand = true;
    } else {
      if (!wantsOperand) return false;
      wantsOperand = false;
    }
    if (depth < 0) return false;
  }
  return depth === 0 && !wantsOperand;
}

function isNumber(sheet: Sheet, name: string): boolean {
  const column = sheet.column(name);
  const dtype = textOf(column?.["dtype"]);
  return (
    dtype === "int" || dtype === "float" || column?.["sampler_type"] === "bernoulli" || spanOf(column) !== undefined
  );
}

function isText(sheet: Sheet, name: string): boolean {
  const column = sheet.column(name);
  return !isNumber(sheet, name) && (textOf(column?.["dtype"]) === "str" || column?.["sampler_type"] === "category");
}

function isInteger(sheet: Sheet, name: string): boolean {
  const column = sheet.column(name);
  if (column === undefined) return false;
  const { values } = paramsOf(column);
  const isWholeList = Array.isArray(values) && values.every((value) => Number.isInteger(value));
  return (
    isWholeList ||
    column["convert_to"] === "int" ||
    column["dtype"] === "int" ||
    ["poisson", "binomial", "bernoulli"].includes(textOf(column["sampler_type"]))
  );
}
