/** One wish for one column: its name and everything that is said about its values. */
import { singular } from "./lexicon/words.ts";
import type { DateWindow } from "./dates.ts";
import { isDateLike, takeDateWindow } from "./dates.ts";
import type { DistributionWish } from "./distributions.ts";
import { takeDistribution } from "./distributions.ts";
import { readInlineValues } from "./inline-values.ts";
import { takeLocale } from "./locales.ts";
import { takeHours } from "./clock.ts";
import type { NumberRange } from "./ranges.ts";
import { takeDecimals, takeRange } from "./ranges.ts";
import type { Relation } from "./relations.ts";
import { readRelation } from "./relations.ts";
import type { ValueType } from "./value-types.ts";
import { takeType } from "./value-types.ts";
import { readValueList, splitList } from "./values.ts";
import type { ValueList } from "./values.ts";
import { Remainder, trimPhrase } from "./words.ts";

export interface Detail {
  readonly type?: ValueType | undefined;
  readonly values?: ValueList | undefined;
  readonly range?: NumberRange | undefined;
  /** Times of the day, in minutes since midnight, both included. */
  readonly hours?: { readonly from: number; readonly to: number } | undefined;
  readonly decimals?: number | undefined;
  readonly distribution?: DistributionWish | undefined;
  readonly window?: DateWindow | undefined;
  /** How often a yes/no column is yes, 0 to 1. */
  readonly share?: number | undefined;
  /** Share of rows without a value, 0 to 1. */
  readonly missing?: number | undefined;
  readonly locale?: string | undefined;
  /** Letters before an id. */
  readonly prefix?: string | undefined;
  /** What a text is to be like, in the brief's words. */
  readonly wish?: string | undefined;
  readonly judge?:
    | { readonly aspect: string; readonly of: string | undefined; readonly low: number; readonly high: number }
    | undefined;
}

export interface Item {
  /** As the brief has it, cut to the wish for this column. */
  readonly source: string;
  /** The words that name the column. */
  readonly phrase: string;
  /** The name stood in quotes or backticks, so that it is kept as it is. */
  readonly isVerbatim: boolean;
  readonly detail: Detail;
  readonly relation: Relation | undefined;
}

export interface ReadOptions {
  readonly today: string;
  /** Names are identifiers of a list, kept as they are. */
  readonly isVerbatim?: boolean;
}

const JUDGE =
  /^(?:please\s+)?(?:let (?:an? )?(?:llm|model|judge)\s+)?(?:rate|judge|grade|assess|evaluate)\s+(?:the\s+)?(?<aspect>[\p{L}][\p{L} _-]{1,40}?)(?:\s+(?:of|for)\s+(?:the\s+|each\s+)?(?<of>[\p{L}][\p{L} _-]{1,40}?))?\s*,?\s*(?:\(|from\s+|on a scale (?:of|from)\s+|with\s+)?(?<low>\d{1,2})\s*(?:-|to)\s*(?<high>\d{1,2})\)?(?:\s+stars?)?$/iu;
const JUDGED =
  /^(?<aspect>[\p{L}][\p{L} _-]{1,40}?)(?:\s+score)?\s*[,:(]?\s*(?:(?<low>\d{1,2})\s*(?:-|to)\s*(?<high>\d{1,2})\s*,?\s*)?(?:judged|rated|scored|graded|assessed|evaluated) by (?:an? |the )?(?:llm|model|judge|ai)(?:\s*,?\s*(?:from |on a scale (?:of|from) )?(?<low2>\d{1,2})\s*(?:-|to)\s*(?<high2>\d{1,2}))?\)?(?:\s+(?:of|for)\s+(?:the\s+)?(?<of>[\p{L}][\p{L} _-]{1,40}?))?$/iu;
const QUOTED = /^(?:the\s+|an?\s+)?(?:column\s+)?[`"'](?<name>[^`"'\n]{1,80})[`"'](?<rest>.*)$/s;
const BULLET = /^\s*(?:[-*•·–+]+|\(?\d{1,3}[.)]|[a-z]\))\s+/;
const MISSING =
  /,?\s*\(?\b(?:with |and |where )?(?:about |around |roughly )?(?:(?<before>\d+(?:\.\d+)?)\s*%\s*(?:of (?:the )?(?:rows|values|them|cells|records|entries)\s*)?(?:are |is |being )?(?:missing|null|nulls|empty|blank|nan|unknown|absent)(?: values)?|(?:missing|null|empty|blank|nullable|optional)\s*(?:in|for|:|=|at|with)?\s*(?:about |around )?(?<after>\d+(?:\.\d+)?)\s*%(?:\s*of (?:the )?(?:rows|values|them|cells|records|entries|time))?)\)?/i;
const SHARE =
  /[,:(]?\s*\b(?:in |with |for |at |p ?= ?|probability (?:of )?|about |around |roughly |true )*(?<share>\d+(?:\.\d+)?)\s*(?:%|percent)\s*(?:of (?:the )?(?:rows|time|cases|them|records|customers|users|transactions|orders|patients)\s*)?(?:true|yes|positive|positives|chance|probability|ones?|are|is)?\)?\s*$/i;
const PROBABILITY = /[,:(]?\s*\b(?:with\s+)?(?:probability(?: of)?|p\s*=|chance of)\s*(?<share>0?\.\d+|1|0)\)?/i;
const PREFIX =
  /,?\s*\b(?:with |using )?(?:an? |the )?prefix(?:ed)?(?: with| of)?\s*[:=]?\s*["'`]?(?<prefix>[\p{L}\p{N}_-]{1,20})["'`]?|\b(?:like|e\.?g\.?|such as|starting with|format)\s+["'`]?(?<sample>\p{Lu}{1,8}[-_]?)(?=\d|x{2,}|#)[\dx#]+["'`]?/iu;
const ONE_OF =
  /[\s,:]*\b(?:(?:is |are |as |being |with )?(?:one of|either|any of|chosen from|picked from|drawn from|selected from|from the list|values (?:of|from|are|in|like)(?!\s*[\d$€£-])|values?:|options?:|options (?:are|of)|can be|may be|in \{|enum(?:erated)?(?: of)?|such as|like|e\.g\.,?|for example|choices?:?))\s*:?\s*(?<list>\S.*)$/is;

/** "10 % errors" */
const PORTION =
  /^(?:about |around |roughly )?(?<share>\d+(?:\.\d+)?)\s*(?:%|percent)\s+(?<what>(?!missing|null|empty|blank|of\b)\p{L}+s?)$/iu;

/** Nobody says so much about one column; longer texts would only cost time. */
export const MAX_ITEM_CHARACTERS = 600;

/** Reads one item; an item that names nothing has an empty phrase. */
export function readItem(source: string, options: ReadOptions): Item {
  const text = source
    .replace(BULLET, "")
    .trim()
    .replace(/[\s.;,]+$/, "");
  if (text.length > MAX_ITEM_CHARACTERS) {
    return { source: text.slice(0, 80), phrase: "", isVerbatim: false, detail: {}, relation: undefined };
  }
  const judged = readJudge(text);
  if (judged !== undefined) return { source: text, ...judged, isVerbatim: false, relation: undefined };
  const quoted = QUOTED.exec(text)?.groups;
  if (quoted !== undefined) {
    const { name = "", rest = "" } = quoted;
    const inner = readItem(`column ${rest}`, options);
    return { ...inner, source: text, phrase: name, isVerbatim: true, relation: inner.relation };
  }
  const portion = PORTION.exec(text)?.groups;
  if (portion !== undefined) {
    const share = Math.min(1, Number(portion["share"]) / 100);
    return {
      source: text,
      phrase: `is ${singular(portion["what"] ?? "")}`,
      isVerbatim: false,
      detail: { share },
      relation: undefined,
    };
  }
  const related = readRelation(text);
  const head = related === undefined ? text : related.phrase;
  const { phrase: named, detail } = readNameAndDetail(head, options);
  // "python code" and "uuid" are names as well as types.
  const phrase = named === "" && detail.type !== undefined ? trimPhrase(head) : named;
  return { source: text, phrase, isVerbatim: options.isVerbatim === true, detail, relation: related?.relation };
}

function readJudge(text: string): { readonly phrase: string; readonly detail: Detail } | undefined {
  const groups = (JUDGE.exec(text) ?? JUDGED.exec(text))?.groups;
  if (groups === undefined) return undefined;
  const aspect = (groups["aspect"] ?? "quality").trim();
  const low = Number(groups["low"] ?? groups["low2"] ?? 1);
  const high = Number(groups["high"] ?? groups["high2"] ?? 5);
  const judge = { aspect, of: groups["of"], low: Math.min(low, high), high: Math.max(low, high) };
  return { phrase: /score|rating|grade/i.test(aspect) ? aspect : `${aspect} score`, detail: { judge } };
}

function readNameAndDetail(text: string, options: ReadOptions): { readonly phrase: string; readonly detail: Detail } {
  const list = ONE_OF.exec(text);
  const values = list === null ? undefined : readValueList(list.groups?.["list"] ?? "");
  if (list !== null && values !== undefined && values.values.length > 1) {
    const before = readNameAndDetail(text.slice(0, list.index), options);
    return { phrase: before.phrase, detail: { ...before.detail, values } };
  }
  const body = bodyOf(text);
  const inline = body === undefined ? readInlineValues(text) : undefined;
  if (inline !== undefined) return { phrase: trimPhrase(inline.phrase), detail: { values: inline.values } };
  if (body === undefined) {
    const rest = new Remainder(text);
    const detail = takeDetail(rest, options);
    return { phrase: trimPhrase(rest.text), detail };
  }
  const rest = new Remainder(body.tail === "" ? body.head : `${body.head} ${body.tail}`);
  const outer = takeDetail(rest, options);
  return { phrase: trimPhrase(rest.text), detail: { ...outer, ...readBody(body.inner, options) } };
}

/** `name: body`, `name (body) tail`, `name [a, b]`, `name - body`. */
function bodyOf(text: string): { readonly head: string; readonly inner: string; readonly tail: string } | undefined {
  const colon = /^(?<head>[^:([{]{1,80}?)\s*(?::(?!\d\d)|\s-+>?\s|\s=\s)\s*(?<inner>\S.*)$/s.exec(text)?.groups;
  if (colon !== undefined) return { head: colon["head"] ?? "", inner: colon["inner"] ?? "", tail: "" };
  const bracket = /^(?<head>[^([{]{1,120}?)\s*(?<open>[([{])(?<inner>[^()[\]{}]*)[)\]}]?(?<tail>.*)$/s.exec(
    text,
  )?.groups;
  const { head = "", inner = "", tail = "", open = "" } = bracket ?? {};
  if (bracket === undefined || inner.trim() === "") return undefined;
  // "N(200, 30)" and "Poisson(3)" are parameters of a distribution.
  if (
    open === "(" &&
    /\b(?:normal|gaussian|poisson|n|exponential|lognormal|log-normal|binomial|uniform|pareto|zipf)$/i.test(head.trim())
  )
    return undefined;
  return { head, inner, tail };
}

/** What stands behind the colon or in brackets: a list of values, or details. */
function readBody(inner: string, options: ReadOptions): Detail {
  const parts = splitList(inner);
  const listed = parts.length > 1 ? readValueList(inner) : undefined;
  const isRange = /^\s*[-$€£]?\d[\d.,]*\s*[km]?\s*[,;]\s*[-$€£]?\d[\d.,]*\s*[km]?\s*$/i.test(inner);
  // A comma in front tells a type from a name: in brackets, "date" is a type.
  const looksLikeDetail = new Remainder(`, ${inner}`);
  const detail = takeDetail(looksLikeDetail, options);
  const rest = trimPhrase(looksLikeDetail.text.replaceAll(/[\s,;/|]+/g, " "));
  const hasShares = listed !== undefined && listed.weights !== null;
  const isAll = rest === "" && hasDetail(detail) && (!hasShares || detail.type !== undefined);
  if (isAll && (detail.range === undefined || detail.type !== undefined || parts.length < 3)) return detail;
  const isDetail = Object.values(detail).some((value) => value !== undefined) && !hasShares;
  if (
    listed !== undefined &&
    !isRange &&
    (!isDetail ||
      (rest.length > 0 && parts.length > 2 && detail.type === undefined && detail.distribution === undefined))
  )
    return { values: listed };
  if (isRange && listed !== undefined && !isDetail) return readBody(inner.replace(/[,;](?!\d{3}\b)/, " to "), options);
  if (detail.type !== undefined && rest !== "" && detail.values === undefined) {
    const typed = readValueList(rest.includes(" ") ? inner.replace(/^[\p{L} ]+?[\s:,]+/u, "") : inner);
    if (
      typed !== undefined &&
      typed.values.length > 1 &&
      detail.range === undefined &&
      detail.window === undefined &&
      detail.distribution === undefined
    )
      return { ...detail, values: typed };
  }
  return rest === "" || isDetail ? detail : { ...detail, wish: rest };
}

/** Takes out of the text what it says about values. What is left names the column. */
export function takeDetail(text: Remainder, { today }: ReadOptions): Detail {
  const hours = takeHours(text);
  const missing = text.take(MISSING)?.groups;
  const prefix = text.take(PREFIX)?.groups;
  const decimals = takeDecimals(text);
  const window = takeDateWindow(text, today, isDateLike(text.text, undefined) ? "date" : "unsure");
  const distribution = takeDistribution(text);
  const type = takeType(text);
  const range = takeRange(text);
  const isDated = window === undefined && range === undefined;
  const later = isDated && isDateLike(text.text, type?.kind) ? takeDateWindow(text, today, "date") : window;
  const share = range === undefined && distribution === undefined ? takeShare(text) : undefined;
  const locale = takeLocale(text);
  const missingShare = Number(missing?.["before"] ?? missing?.["after"]) / 100;
  return compact({
    hours,
    type,
    range,
    decimals,
    distribution,
    window: later,
    share,
    missing: Number.isFinite(missingShare) ? Math.min(1, missingShare) : undefined,
    locale,
    prefix: (prefix?.["prefix"] ?? prefix?.["sample"])?.replace(/(?<![-_])$/, "-"),
  });
}

function takeShare(text: Remainder): number | undefined {
  const percent = text.take(SHARE)?.groups?.["share"];
  if (percent !== undefined) return Math.min(1, Number(percent) / 100);
  const probability = text.take(PROBABILITY)?.groups?.["share"];
  return probability === undefined ? undefined : Number(probability);
}

function compact(detail: Detail): Detail {
  // The same keys with fewer of them, each still of its own type.
  return Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== undefined)) as Detail;
}

export function hasDetail(detail: Detail): boolean {
  return Object.values(detail).some((value) => value !== undefined);
}
