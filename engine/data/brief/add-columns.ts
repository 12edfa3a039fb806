/** Turns the wishes of a brief into columns of a sheet. */
import type { DraftColumn } from "../design/draft.ts";
import { applyDetail } from "./apply-detail.ts";
import { applyRelation, isTime } from "./apply-relation.ts";
import { guessColumn } from "./heuristics.ts";
import type { Item } from "./item.ts";
import { hasDetail } from "./item.ts";
import { nameOf, textOf } from "./json.ts";
import { matchField } from "./lexicon/lexicon.ts";
import type { FieldMatch } from "./lexicon/lexicon.ts";
import type { FieldEntry } from "./lexicon/types.ts";
import { normaliseWords, singular } from "./lexicon/words.ts";
import { readMeasure } from "./measures.ts";
import { PLURAL_UNIT } from "./name-rules.ts";
import { correctTypos, countPhrase, isCount } from "./read-as.ts";
import type { Sheet } from "./sheet.ts";
import { isNumeric, spanOf } from "./spans.ts";
import { matchInSubject, subjectColumn } from "./subject.ts";
import { columnName, freeName, splitName } from "./words.ts";

/** A phrase of more words is a sentence, not a name. */
const MAX_PHRASE_WORDS = 5;
const COMMANDS =
  /^(?:make|use|ensure|no|not|please|don'?t|do|avoid|keep|ignore|be|so|because|if|then|remember|note that|i|we|you|it|they|there)\b/i;
export interface Added {
  readonly name: string;
  readonly item: Item;
  /** What was assumed, for people; undefined when the lexicon knows the field or the brief says its values. */
  readonly note: string | undefined;
}

/** Whether an item names a column: known, with details, or short enough to be a name. */
export function isColumn(item: Item): boolean {
  if (item.phrase === "" || !/\p{L}/u.test(item.phrase)) return false;
  if (item.isVerbatim) return true;
  // One word "make" is who made a car.
  if (COMMANDS.test(item.phrase) && !/^make$/i.test(item.phrase)) return false;
  const words = item.phrase.split(/\s+/).length;
  return (
    words <=
    (hasDetail(item.detail) || matchField(item.phrase)?.isExact === true ? MAX_PHRASE_WORDS + 2 : MAX_PHRASE_WORDS)
  );
}

/** Adds one column for each item, in order, then what the items say about each other. */
export function addItems(
  sheet: Sheet,
  items: readonly Item[],
): { readonly added: readonly Added[]; readonly failed: readonly Item[] } {
  const plans = planItems(sheet, items);
  sheet.addFields(
    plans.flatMap(({ field, name, isFirst }) => (field !== undefined && isFirst ? [{ field, name }] : [])),
  );
  const added = plans.map((plan) => addPlanned(sheet, plan));
  putInOrder(
    sheet,
    plans.map((plan) => plan.name),
  );
  for (const { name, item } of added) applyDetail(sheet, name, item.phrase, item.detail);
  const failed = added.filter(
    ({ name, item }) => item.relation !== undefined && !applyRelation(sheet, name, item.relation, ensureIn(sheet)),
  );
  return { added, failed: failed.map(({ item }) => item) };
}

interface Plan {
  readonly item: Item;
  readonly name: string;
  readonly field: FieldEntry | undefined;
  /** The phrase, or what it was taken for. */
  readonly readAs: string;
  readonly isExact: boolean;
  /** Of the columns made from the same field. */
  readonly isFirst: boolean;
}

function planItems(sheet: Sheet, items: readonly Item[]): Plan[] {
  const names = new Set(sheet.visible().map(nameOf));
  const used = new Set([...sheet.fields].flatMap(([name, field]) => (names.has(name) ? [field.id] : [])));
  return items.map((item) => {
    const counted = countPhrase(item.phrase, sheet.noun);
    const typo = matchInSubject(counted, sheet.noun, sheet.domain) === undefined && !item.isVerbatim;
    const readAs = (typo ? correctTypos(counted) : undefined) ?? counted;
    const match = matchMeasured(sheet, readAs);
    const isCountOf = isCount(counted) && match !== undefined && !isNumeric(match.field.kind);
    const isFlag = match?.isExact !== true && /^(?:is|has|was|can|should)[\s_]/i.test(item.phrase);
    // "units Poisson with mean 20" counts, whatever else a unit is.
    const isDrawn = item.detail.distribution !== undefined && match !== undefined && !isNumeric(match.field.kind);
    const isUnits = PLURAL_UNIT.test(item.phrase) && match?.field.kind !== "integer";
    const field = isFlag || isDrawn || isUnits || isCountOf ? undefined : match?.field;
    const name = freeName(requestedName(item), (taken) => names.has(taken));
    names.add(name);
    const isFirst = field !== undefined && !used.has(field.id);
    if (field !== undefined) used.add(field.id);
    return { item, name, field, readAs, isExact: match?.isExact === true, isFirst };
  });
}

/** "visits per month" are no months: what is measured is meant, and only where it is a number. */
function matchMeasured(sheet: Sheet, phrase: string): FieldMatch | undefined {
  const match = matchInSubject(phrase, sheet.noun, sheet.domain);
  const measure = match?.isExact === true ? undefined : readMeasure(phrase);
  if (measure === undefined) return match;
  const measured = matchInSubject(measure.of, sheet.noun, sheet.domain);
  // What is worked out from other columns is about those, not about the one said here.
  const isOwn = measured !== undefined && isNumeric(measured.field.kind) && measured.field.needs.length === 0;
  return isOwn ? { ...measured, isExact: false } : undefined;
}

/** The words of the brief; "names" is `name` where the lexicon's column is called so. */
export function requestedName(item: Item): string {
  if (item.isVerbatim) return columnName(item.phrase, true) || "column";
  const words = splitName(item.phrase);
  const last = singular(words.at(-1)?.toLowerCase() ?? "");
  const match = matchField(item.phrase);
  const own = match?.field.columns.find(({ role }) => role === "main")?.name ?? "";
  const isPlain = !/_|\p{Ll}\p{Lu}/u.test(item.phrase);
  const isPlural =
    isPlain &&
    !PLURAL_UNIT.test(item.phrase) &&
    item.detail.distribution === undefined &&
    match?.isExact === true &&
    splitName(own).at(-1) === last;
  return columnName(isPlural ? [...words.slice(0, -1), last].join(" ") : item.phrase) || "column";
}

function addPlanned(sheet: Sheet, { item, name, field, readAs, isExact, isFirst }: Plan): Added {
  const isSaid = hasDetail(item.detail) || item.relation !== undefined;
  if (field !== undefined && !isFirst) sheet.addFields([{ field, name }]);
  if (sheet.column(name) === undefined) {
    const guess = subjectColumn(name, item.phrase, sheet.noun) ?? guessColumn(name, readAs);
    for (const helper of guess.helpers) sheet.put(helper);
    sheet.put(guess.column);
    return { name, item, note: isSaid ? undefined : `${name}: ${guess.note}` };
  }
  sheet.show(name);
  if (readAs !== item.phrase) return { name, item, note: `${name}: read as "${readAs}"` };
  const note = isExact || isSaid || field === undefined ? undefined : `${name}: made like ${field.title.toLowerCase()}`;
  return { name, item, note };
}

/** The named columns in this order, each after the hidden ones that it needs first. */
export function putInOrder(sheet: Sheet, names: readonly string[]): void {
  const byName = new Map<string, DraftColumn>(sheet.columns.map((column) => [nameOf(column), column] as const));
  const named = names.map((name) => byName.get(name)).filter((column) => column !== undefined);
  const before = sheet.columns.filter((column) => !named.includes(column) && column["drop"] === true);
  const others = sheet.columns.filter((column) => !named.includes(column) && column["drop"] !== true);
  sheet.columns = [...before, ...others, ...named];
}

/** Finds or adds the other column of a relation, in front of the one that speaks of it. */
export function ensureIn(
  sheet: Sheet,
): (phrase: string, wants: "time" | "number" | "any", before: string) => string | undefined {
  return (phrase, wants, before) => {
    const isOther = (column: DraftColumn): boolean => nameOf(column) !== before;
    const found =
      sheet.find(phrase, (column) => isOther(column) && fits(column, wants)) ??
      (wants === "time" ? undefined : sheet.find(phrase, isOther));
    if (found !== undefined) {
      const name = nameOf(found);
      if (found["drop"] === true) moveBefore(sheet, name, before);
      return name;
    }
    const words = normaliseWords(phrase);
    if (words.length === 0 || words.length > MAX_PHRASE_WORDS || !/^\p{L}/u.test(phrase.trim())) return undefined;
    const added = addOther(sheet, phrase, wants);
    if (added !== undefined) moveBefore(sheet, added, before);
    return added;
  };
}

function fits(column: DraftColumn, wants: "time" | "number" | "any"): boolean {
  if (wants === "any") return true;
  if (wants === "time") return isTime(column);
  const isComputed = ["int", "float"].includes(textOf(column["dtype"]));
  return isComputed || column["sampler_type"] === "bernoulli" || spanOf(column) !== undefined;
}

/** "after the order" speaks of the order's date. */
function addOther(sheet: Sheet, phrase: string, wants: "time" | "number" | "any"): string | undefined {
  const isDateWord = /\b(?:dates?|time|day|at|on|start|end|begin|timestamp)\b|_(?:at|date|on)$/i.test(phrase);
  const match = matchField(phrase, sheet.domain === undefined ? {} : { domain: sheet.domain });
  const isTimeField = match !== undefined && ["date", "datetime"].includes(match.field.kind);
  const text = wants === "time" && !isDateWord && !isTimeField ? `${phrase} date` : phrase;
  const item: Item = { source: text, phrase: text, isVerbatim: false, detail: {}, relation: undefined };
  const name = freeName(requestedName(item), (taken) => sheet.has(taken));
  const field = matchField(text)?.field;
  if (field !== undefined) sheet.addFields([{ field, name }]);
  if (sheet.column(name) === undefined) {
    const guess = guessColumn(name, text);
    if (wants === "number" && !isNumeric(guess.kind)) sheet.put(guessColumn(name, "amount").column);
    else sheet.columns.push(...guess.helpers, guess.column);
  }
  if (wants === "time" && !isTime(sheet.column(name))) sheet.replace(guessColumn(name, "date").column);
  return name;
}

function moveBefore(sheet: Sheet, name: string, before: string): void {
  sheet.show(name);
  const column = sheet.column(name);
  if (column === undefined) return;
  sheet.columns = sheet.columns.filter((other) => other !== column);
  sheet.insertBefore(before, [column]);
}
