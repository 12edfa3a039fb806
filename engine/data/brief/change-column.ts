/** Changes to one column that a follow-up asks for. */
import { ensureIn } from "./add-columns.ts";
import { applyDetail } from "./apply-detail.ts";
import { applyRelation } from "./apply-relation.ts";
import { hasDetail, readItem } from "./item.ts";
import type { ReadOptions } from "./item.ts";
import { labelOf, nameOf, paramsOf, textOf } from "./json.ts";
import type { Sheet } from "./sheet.ts";
import { readValueList } from "./values.ts";
import { phraseKey, trimPhrase } from "./words.ts";

export type Changed =
  | { readonly kind: "changed"; readonly name: string }
  | { readonly kind: "missing"; readonly phrase: string }
  | { readonly kind: "nothing" };

const WEIGHTS =
  /^(?<phrase>.+?)\s+(?:to\s+|be\s+|as\s+|split\s+|at\s+)*(?<list>\d+(?:\.\d+)?\s*%?(?:\s*[/:]\s*\d+(?:\.\d+)?\s*%?)+)(?:\s+split)?$/i;
const EVEN =
  /^(?<phrase>.+?)\s+(?:to\s+|be\s+|is\s+)*(?:evenly|equally|uniformly)\s*(?:split|distributed|likely|spread)?$|^(?<phrase2>.+?)\s+(?:to\s+|be\s+)*(?:even|equal|uniform)$/i;
const TO =
  /^(?<phrase>[\p{L}_][\p{L}\p{N}_ ]*?)\s+(?:values?\s+|range\s+|type\s+|options?\s+)?(?:to be|to|into|should be|must be|be|as|is|are|=|->)\s+(?<detail>.+)$/iu;
const STYLE =
  /^(?:much |a bit |more |less |very |all )*(?:long(?:er)?|short(?:er)?|brief(?:er)?|detailed|positive|negative|angry|angrier|formal|casual|friendly|friendlier|polite|technical|simple|simpler|funny|critical|neutral|realistic|concise|in \p{Lu}\p{L}+|(?:\d+|one|two|three|four|five)(?:\s?(?:-|to)\s?\d+)? (?:sentences?|words|paragraphs?)(?: long)?)$/iu;

/** Applies "amounts between 10 and 20", "status 50/50", "plan to free, pro or max", "notes longer". */
export function changeColumn(sheet: Sheet, text: string, options: ReadOptions): Changed {
  const weighted = WEIGHTS.exec(text)?.groups;
  const column = weighted === undefined ? undefined : sheet.find(trimPhrase(weighted["phrase"] ?? ""));
  if (column !== undefined && setWeights(sheet, nameOf(column), weighted?.["list"] ?? ""))
    return { kind: "changed", name: nameOf(column) };
  const even = EVEN.exec(text)?.groups;
  const evenColumn = even === undefined ? undefined : sheet.find(trimPhrase(even["phrase"] ?? even["phrase2"] ?? ""));
  if (evenColumn !== undefined && setWeights(sheet, nameOf(evenColumn), ""))
    return { kind: "changed", name: nameOf(evenColumn) };
  const styled = changeText(sheet, text);
  if (styled !== undefined) return { kind: "changed", name: styled };

  const to = TO.exec(text)?.groups;
  const target = to === undefined ? undefined : sheet.find(trimPhrase(to["phrase"] ?? ""));
  if (to !== undefined && target !== undefined) {
    const name = nameOf(target);
    const detailed = readItem(`${name}: ${to["detail"]}`, options).detail;
    const inline = readItem(`${name} ${to["detail"]}`, options);
    const isList = detailed.values !== undefined || (hasDetail(detailed) && !hasDetail(inline.detail));
    const detail = isList ? detailed : inline.detail;
    if (hasDetail(detail) && detail.wish === undefined && (isList || phraseKey(inline.phrase) === phraseKey(name))) {
      applyDetail(sheet, name, name, detail);
      return { kind: "changed", name };
    }
    const single = readValueList(to["detail"] ?? "");
    if (single !== undefined && target["sampler_type"] === "category" && inline.relation === undefined) {
      applyDetail(sheet, name, name, { values: single });
      return { kind: "changed", name };
    }
  }
  const item = readItem(text, options);
  if (item.phrase === "" || (!hasDetail(item.detail) && item.relation === undefined)) return { kind: "nothing" };
  const known = sheet.find(item.phrase);
  if (known === undefined) return isWhole(item.phrase) ? { kind: "nothing" } : { kind: "missing", phrase: item.phrase };
  const name = nameOf(known);
  applyDetail(sheet, name, item.phrase, item.detail);
  if (item.relation !== undefined && !applyRelation(sheet, name, item.relation, ensureIn(sheet)))
    return { kind: "nothing" };
  return { kind: "changed", name };
}

/** Words for the whole dataset: those are no column that is missing. */
function isWhole(phrase: string): boolean {
  return /^(?:it|them|everything|all|data|dataset|dates?|people|names?|persons?|customers?|rows?|records?|times?)$/i.test(
    phrase,
  );
}

/** Text columns take a wish for their style into their prompt. */
function changeText(sheet: Sheet, text: string): string | undefined {
  const words = text.split(" ");
  for (let size = Math.min(4, words.length - 1); size >= 1; size -= 1) {
    const style = words
      .slice(size)
      .join(" ")
      .replace(/^(?:to be|be|should be|is|are|to)\s+/i, "");
    const column = sheet.find(trimPhrase(words.slice(0, size).join(" ")), (one) =>
      textOf(one["column_type"]).startsWith("llm-"),
    );
    if (column === undefined || !STYLE.test(style)) continue;
    sheet.put({ ...column, prompt: `${textOf(column["prompt"])} Style: ${style}.` });
    return nameOf(column);
  }
  return undefined;
}

/** An empty list means that all values are equally likely. */
function setWeights(sheet: Sheet, name: string, list: string): boolean {
  const column = sheet.column(name);
  const { values } = column === undefined ? {} : paramsOf(column);
  if (column === undefined) return false;
  const weights = list === "" ? [] : list.split(/[/:]/).map((part) => Number.parseFloat(part));
  if (column["sampler_type"] === "bernoulli" && weights.length === 2) {
    const [yes = 1, no = 1] = weights;
    if (yes + no <= 0) return false;
    sheet.put({ ...column, params: { p: yes / (yes + no) } });
    return true;
  }
  if (column["sampler_type"] !== "category" || !Array.isArray(values)) return false;
  if (weights.length > 0 && (weights.length !== values.length || !weights.some((weight) => weight > 0))) return false;
  const { weights: _old, ...params } = paramsOf(column);
  sheet.put({ ...column, params: weights.length === 0 ? params : { ...params, weights } });
  return true;
}

/** Adds values to a category; those with weights get an average one. */
export function addValue(sheet: Sheet, name: string, source: string): boolean {
  const column = sheet.column(name);
  const list = readValueList(source);
  if (column?.["sampler_type"] !== "category" || list === undefined) return false;
  const { values, weights, ...params } = paramsOf(column);
  const old = Array.isArray(values) ? values : [];
  const fresh = list.values.filter((value) => !old.some((known) => labelOf(known) === String(value)));
  const shares = Array.isArray(weights) ? weights.map(Number) : [];
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const made = {
    ...params,
    values: [...old, ...fresh],
    ...(shares.length === 0 ? {} : { weights: [...shares, ...fresh.map(() => mean)] }),
  };
  sheet.put({ ...column, params: made });
  return true;
}

/** Takes values out of a category; false when it would have none left. */
export function removeValue(sheet: Sheet, name: string, source: string): boolean {
  const column = sheet.column(name);
  const gone = new Set(readValueList(source)?.values.map((value) => phraseKey(String(value))));
  if (column?.["sampler_type"] !== "category") return false;
  const { values, weights, ...params } = paramsOf(column);
  const old = Array.isArray(values) ? values : [];
  const stays = old.map((value) => !gone.has(phraseKey(labelOf(value))));
  const kept = old.filter((_, at) => stays[at]);
  if (kept.length === 0 || kept.length === old.length) return false;
  const shares = Array.isArray(weights) ? weights.filter((_, at) => stays[at]) : [];
  const isUsable = shares.some((share) => Number(share) > 0);
  sheet.put({ ...column, params: { ...params, values: kept, ...(isUsable ? { weights: shares } : {}) } });
  return true;
}
