import { DesignDraft } from "../design/draft.ts";
import { addItems, ensureIn, isColumn, requestedName } from "./add-columns.ts";
import { applyDetail } from "./apply-detail.ts";
import { applyRelation } from "./apply-relation.ts";
import type { DateWindow } from "./dates.ts";
import { takeDateWindow } from "./dates.ts";
import { hasDetail, readItem } from "./item.ts";
import type { Item } from "./item.ts";
import { nameOf, paramsOf } from "./json.ts";
import { findDomain, fieldsOf, matchField } from "./lexicon/lexicon.ts";
import type { DomainEntry } from "./lexicon/types.ts";
import { singular } from "./lexicon/words.ts";
import { countryOf, takeLocale } from "./locales.ts";
import { setLocale } from "./person-detail.ts";
import { isRemark as isCourtesy, takeAges, takeExclusions } from "./remarks.ts";
import { nounOf } from "./subject.ts";
import { fillPrompts } from "./prompts.ts";
import { repair } from "./repair.ts";
import type { DatasetFormat } from "./settings.ts";
import { takeSettings } from "./settings.ts";
import { Sheet } from "./sheet.ts";
import { splitBrief } from "./split.ts";
import { applyItem, applyStatement } from "./statements.ts";
import { readStructured } from "./structured.ts";
import { cleanText, columnName, Remainder, splitName, trimPhrase } from "./words.ts";

export interface BriefOptions {
  /** The day that "last 90 days" counts from, `YYYY-MM-DD`. */
  readonly today: string;
}

export type BriefResult =
  | {
      readonly kind: "design";
      /** Valid: it parses and validates without errors. `num_records` and `seed` are null when the brief names none. */
      readonly draft: DesignDraft;
      /** In the order in which the brief names them; empty when it names none. */
      readonly formats: readonly DatasetFormat[];
      /** What was chosen where the brief says nothing, a sentence each. */
      readonly assumptions: readonly string[];
      /** Parts of the brief, in its words, that changed nothing. */
      readonly notUnderstood: readonly string[];
    }
  | { readonly kind: "question"; readonly question: string };

/** What is behind is not read; nobody writes that much about columns. */
const MAX_READ_CHARACTERS = 20_000;
const MAX_HEAD_CHARACTERS = 1_000;
const MAX_COLUMNS = 200;
const MAX_TOLD = 50;
const QUESTION =
  "What should the rows be about? Name the columns (for example: customer, plan free/pro, amount between 10 and 500) or a subject such as customer orders or GPU telemetry.";

/**
 * Designs a dataset from a brief, without a model: columns that the brief lists, else the usual ones of its subject.
 * Texts are words only, whatever they ask for. Asks one question when there is nothing to design. Never throws.
 */
export function designFromBrief(text: string, { today }: BriefOptions): BriefResult {
  const cleaned = cleanText(text.slice(0, MAX_READ_CHARACTERS));
  const structured = readStructured(cleaned);
  const rest = new Remainder(structured?.rest ?? cleaned);
  const settings = takeSettings(rest);
  const exclusions = takeExclusions(rest);
  const ages = takeAges(rest);
  const parts = splitBrief(rest.text);
  const head = new Remainder(parts.head.slice(0, MAX_HEAD_CHARACTERS));
  const asked =
    structured === undefined
      ? [...parts.items, ...(ages === undefined ? [] : [ages])].map((item) => readItem(item, { today }))
      : structured.columns.map((column) => readItem(column, { today, isVerbatim: true }));
  const named = asked.filter(isColumn);
  // "…, locale fr_FR, in 2024" says nothing about one column, so it is about all.
  const wide = asked.filter((item) => item.phrase === "").map((item) => item.detail);
  const locale = takeLocale(head) ?? wide.find((detail) => detail.locale !== undefined)?.locale;
  const window = takeDateWindow(head, today, "unsure") ?? wide.find((detail) => detail.window !== undefined)?.window;
  const domain =
    findDomain(head.text) ?? (parts.items.length === 0 && structured === undefined ? findDomain(rest.text) : undefined);
  const items = wantedItems(named, head.text, domain, parts.isAddition, today).slice(0, MAX_COLUMNS);
  const notUnderstood = asked
    .filter((item) => !isColumn(item) && !isCourtesy(item.source) && !(item.phrase === "" && hasDetail(item.detail)))
    .map((item) => item.source);
  const defaults =
    domain !== undefined && (items.length === 0 || parts.isAddition || isRemark(named, domain)) ? fieldsOf(domain) : [];
  if (items.length === 0 && defaults.length === 0) return { kind: "question", question: QUESTION };

  const subject = subjectOf(head.text, domain);
  const noun = nounOf(settings.name ?? subject);
  const sheet = new Sheet(DesignDraft.parse({}), { today, domain, noun });
  const assumptions = [...settings.notes, ...exclusions.notes];
  if (domain !== undefined && defaults.length > 0) {
    sheet.addFields(
      defaults.map((field) => ({
        field,
        name: domain.names[field.id] ?? field.columns.find(({ role }) => role === "main")?.name ?? field.id,
      })),
    );
    if (!parts.isAddition)
      assumptions.push(`The usual columns of ${domain.title.toLowerCase()}; name the columns you want for others.`);
  }
  const fresh = items.filter((item) => !mergeKnown(sheet, item));
  const firsts = fresh.filter((item, at) => !isSaidBefore(item, fresh.slice(0, at)));
  const { added, failed } = addItems(sheet, firsts);
  assumptions.push(...added.flatMap(({ note }) => note ?? []));
  notUnderstood.push(...failed.map((item) => item.source));
  for (const item of fresh.filter((one) => !firsts.includes(one))) {
    if (hasDetail(item.detail) || item.relation !== undefined) {
      if (!applyItem(sheet, item)) notUnderstood.push(item.source);
    }
  }
  for (const statement of parts.statements) {
    if (!isCourtesy(statement) && !applyStatement(sheet, statement, { today })) notUnderstood.push(statement);
  }
  if (locale !== undefined && !setLocale(sheet, locale)) notUnderstood.push(countryOf(locale));
  if (window !== undefined) setWindow(sheet, window, items);
  for (const phrase of exclusions.columns) {
    const column = sheet.find(phrase, (one) => one["drop"] !== true);
    if (column === undefined) continue;
    takeOut(sheet, nameOf(column));
  }
  fillPrompts(sheet, subject.replaceAll("_", " "));
  sheet.prune();
  const draft: DesignDraft = {
    name: settings.name ?? (subject === "" ? null : subject),
    num_records: settings.numRecords,
    seed: settings.seed,
    config: sheet.config(),
  };
  const repaired = repair(draft);
  return {
    kind: "design",
    draft: repaired.draft,
    formats: settings.formats,
    assumptions: [...assumptions, ...sheet.notes, ...repaired.notes].slice(0, MAX_TOLD),
    notUnderstood: notUnderstood
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .slice(0, MAX_TOLD),
  };
}

/** The items, without those that only name the subject; a head that is a single field is an item itself. */
function wantedItems(
  named: readonly Item[],
  head: string,
  domain: DomainEntry | undefined,
  isAddition: boolean,
  today: string,
): Item[] {
  const isOnlyRemark = domain !== undefined && !isAddition && isRemark(named, domain);
  if (named.length > 0)
    return isOnlyRemark ? named.filter((item) => matchField(item.phrase, { domain })?.isExact === true) : [...named];
  if (domain !== undefined) return [];
  const whole = readItem(head, { today });
  if (isColumn(whole) && (hasDetail(whole.detail) || whole.relation !== undefined)) return [whole];
  const phrase = subjectOf(head, undefined).replaceAll("_", " ");
  if (phrase === "") return [];
  if (matchField(phrase)?.isExact !== true) return [];
  return [readItem(phrase.replace(/\p{L}+$/u, singular), { today })];
}

/** "GPU telemetry with failures": one bare word beside a known subject colours it and lists nothing. */
function isRemark(named: readonly Item[], domain: DomainEntry): boolean {
  const [only] = named;
  if (
    named.length !== 1 ||
    only === undefined ||
    only.relation !== undefined ||
    Object.keys(only.detail).length > 0 ||
    only.isVerbatim
  )
    return false;
  return matchField(only.phrase, { domain })?.isExact !== true || /s$/i.test(only.phrase);
}

/** An item about a column that is there already changes it. */
function mergeKnown(sheet: Sheet, item: Item): boolean {
  const field = matchField(item.phrase, sheet.domain === undefined ? {} : { domain: sheet.domain });
  const known = sheet
    .visible()
    .find(
      (column) =>
        nameOf(column) === columnName(item.phrase) ||
        (field?.isExact === true && sheet.fields.get(nameOf(column))?.id === field.field.id),
    );
  if (known === undefined || item.isVerbatim) return false;
  applyDetail(sheet, nameOf(known), item.phrase, item.detail);
  if (item.relation !== undefined) applyRelation(sheet, nameOf(known), item.relation, ensureIn(sheet));
  return true;
}

/** "city and country where city depends on country" names the city twice and wants it once. */
function isSaidBefore(item: Item, earlier: readonly Item[]): boolean {
  return earlier.some((other) => requestedName(other) === requestedName(item));
}

/** A column that others are made of is only hidden. */
function takeOut(sheet: Sheet, name: string): void {
  const column = sheet.column(name);
  if (column === undefined || sheet.visible().length < 2) return;
  if (sheet.readersOf(name).length > 0) {
    sheet.put({ ...column, drop: true });
    return;
  }
  sheet.columns = sheet.columns.filter((other) => other !== column);
  sheet.dropConstraints(name);
}

/** A window of the whole brief is that of every date of which the brief says none. */
function setWindow(sheet: Sheet, window: DateWindow, items: readonly Item[]): void {
  const said = new Set(items.filter((item) => item.detail.window !== undefined).map((item) => columnName(item.phrase)));
  sheet.columns = sheet.columns.map((column) => {
    if (column["sampler_type"] !== "datetime" || said.has(nameOf(column)) || /birth/i.test(nameOf(column)))
      return column;
    return { ...column, params: { ...paramsOf(column), ...window } };
  });
}

const NO_SUBJECT =
  /\b(?:please|can|could|would|you|i|we|need|want|like|to|generate|create|make|build|produce|give|me|us|get|design|prepare|fake|fictional|synthetic|random|realistic|mock|dummy|made-?up|sample|test|testing|example|some|about|around|roughly|approximately|a|an|the|of|for|with|dataset|datasets|data set|data|table|list|set|file|rows?|records?|entries|samples?|collection|each|my|our|new|small|large|big|simple|that|which|on|in|from|is|are|be|following|containing|having|where|let|d|ll|m|hi|hello|hey|thanks)\b/gi;

/** `medical_invoices` of "I need 500 fake medical invoices". */
function subjectOf(head: string, domain: DomainEntry | undefined): string {
  const words = splitName(trimPhrase(head.replaceAll("'", " ").replaceAll(NO_SUBJECT, " ")));
  const name = words.length <= 5 ? columnName(words.join(" ")) : "";
  return name === "" ? (domain?.id ?? "") : name;
}
