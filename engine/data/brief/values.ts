/** Lists of values with shares: "active 80 %, closed 20 %", "free/pro/enterprise", "A, B or C", "70/30". */
import { parseNumber } from "./numbers.ts";

export interface ValueList {
  readonly values: readonly (string | number)[];
  readonly weights: readonly number[] | null;
}

const MAX_VALUES = 500;
const SHARE = String.raw`(?<share>\d+(?:\.\d+)?)\s*(?:%|percent\b|pct\b)`;
const SHARE_AFTER = new RegExp(
  String.raw`^(?<value>.+?)\s*(?:[:=(@,-]\s*|\bin |\bat |\bfor |\bwith )?\s*${SHARE}\s*(?:of (?:the )?(?:time|rows|cases|them))?\s*\)?$`,
  "i",
);
const SHARE_BEFORE = new RegExp(
  String.raw`^(?:about |around |roughly )?${SHARE}\s*(?:of (?:them|rows|cases|the time) )?(?:are |is |being |in |as )?(?<value>.+)$`,
  "i",
);
const FRACTION_AFTER = /^(?<value>\S.*?)(?:\s|[:=(])\s*(?<share>0?\.\d+|1\.0)\s*\)?$/;
const WEIGHTS =
  /[\s,]*(?:\(|with |in |split |weights?:? |ratio |shares? |at )*\s*(?<list>\d+(?:\.\d+)?\s*%?(?:\s*[/:]\s*\d+(?:\.\d+)?\s*%?)+)\s*\)?\s*(?:split|shares?|weights?|distribution|ratio)?\s*$/i;

/**
 * The values of a list that stands alone: divided by `/`, `|`, `,`, `;`, `or`, `and`. A share that some values lack is
 * what the others leave. Undefined for less than one value.
 */
export function readValueList(source: string): ValueList | undefined {
  let text = source
    .trim()
    .replace(/^[[({]\s*/, "")
    .replace(/\s*[\])}]$/, "");
  const tail = WEIGHTS.exec(text);
  const rest = tail === null ? "" : text.slice(0, tail.index).trim();
  const given = rest === "" ? [] : (tail?.groups?.["list"] ?? "").split(/[/:]/).map((part) => Number.parseFloat(part));
  if (given.length > 0 && splitList(rest).length === given.length) text = rest;
  const parts = splitList(text);
  if (parts.length === 0 || parts.length > MAX_VALUES) return undefined;
  const items = parts.map(readItem);
  const values = distinct(withoutUnit(items.map((item) => item.value)));
  if (values === undefined) return undefined;
  const list = values.map(asScalar);
  const scalars = list.every((value) => typeof value === "number") ? list : values;
  const weights = given.length === values.length ? given : fillShares(items.map((item) => item.share));
  return { values: scalars, weights: isUsable(weights) ? weights : null };
}

/** Divides by the strongest sign there is; quotes keep a value together. */
export function splitList(text: string): string[] {
  const quoted: string[] = [];
  const plain = text.replaceAll(
    /"([^"]*)"|(?<![\p{L}])'([^']*)'(?!\p{L})/gu,
    (_, double?: string, single?: string) => `\u0001${quoted.push(double ?? single ?? "") - 1}\u0001`,
  );
  const separator = plain.includes("|")
    ? /\|/
    : plain.includes(";")
      ? /;/
      : plain.includes(",")
        ? /,(?!\d{3}\b)/
        : /\//.test(plain) && !/\bor\b|\band\b/i.test(plain)
          ? /\//
          : /\b(?:or|and)\b/i;
  const parts = plain
    .split(separator)
    .flatMap((part) => (separator.source.startsWith(",") ? part.split(/^\s*(?:or|and)\s+|\s+(?:or|and)\s+/i) : [part]));
  return parts
    .map((part) =>
      part
        .trim()
        .replaceAll(/\u0001(\d+)\u0001/g, (_, index: string) => quoted[Number(index)] ?? "")
        .replace(/^(?:either|or|and|mostly|sometimes|usually|rarely)\s+/i, (word) =>
          /mostly|usually|rarely|sometimes/i.test(word) ? word : "",
        )
        .replace(/^[-•*]\s+/, "")
        .trim(),
    )
    .filter((part) => part !== "" && !/^(?:etc\.?|\.{3}|…|so on|others?)$/i.test(part));
}

function readItem(part: string): { readonly value: string; readonly share: number | undefined } {
  const match = SHARE_AFTER.exec(part) ?? SHARE_BEFORE.exec(part);
  const fraction = match === null ? FRACTION_AFTER.exec(part) : null;
  const { value = part, share } =
    match?.groups ?? (fraction !== null && /\p{L}/u.test(part) ? fraction.groups : undefined) ?? {};
  const number = share === undefined ? undefined : Number(share) / (match === null ? 1 : 100);
  const often = /^(?<word>mostly|usually|sometimes|rarely)\s+(?<value>.+)$/i.exec(value);
  if (often?.groups !== undefined && number === undefined) {
    const { word = "", value: inner = value } = often.groups;
    return { value: inner, share: /mostly|usually/i.test(word) ? 0.8 : /rarely/i.test(word) ? 0.05 : undefined };
  }
  return { value: value.trim().replace(/\s*\($/, ""), share: number };
}

const UNIT_BEHIND = /^(?<number>\d+(?:\.\d+)?)\s*(?:\p{L}{1,12}|%)$/u;

/** "12, 24 or 36 months" are numbers: what stands behind the last one is the unit of all. */
function withoutUnit(values: readonly string[]): readonly string[] {
  const last = UNIT_BEHIND.exec(values.at(-1) ?? "")?.groups?.["number"];
  const others = values.slice(0, -1);
  const isMeant = last !== undefined && others.length > 0 && others.every((value) => /^\d+(?:\.\d+)?$/.test(value));
  return isMeant ? [...others, last] : values;
}

/** A list with the same value twice is no list of values. */
function distinct(values: readonly string[]): readonly string[] | undefined {
  return values.some((value) => value === "") || new Set(values).size !== values.length ? undefined : values;
}

function asScalar(value: string): string | number {
  const isPlain = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(value);
  return isPlain ? (parseNumber(value) ?? value) : value;
}

function fillShares(shares: readonly (number | undefined)[]): number[] | null {
  const known = shares.filter((share) => share !== undefined);
  if (known.length === 0) return null;
  const left = Math.max(0, 1 - known.reduce((sum, share) => sum + share, 0));
  const each = left / Math.max(1, shares.length - known.length);
  // Something that is listed must be able to come up.
  return shares.map((share) => Number((share ?? (each > 0 ? each : 0.01)).toFixed(6)));
}

function isUsable(weights: readonly number[] | null): boolean {
  return weights !== null && weights.every((weight) => weight >= 0) && weights.some((weight) => weight > 0);
}
