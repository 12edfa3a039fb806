/** Sentences about columns that stand outside the list: "Amounts are between 50 and 5000", "10 % of customers churn". */
import { addItems, ensureIn, isColumn } from "./add-columns.ts";
import { applyDetail } from "./apply-detail.ts";
import { applyRelation } from "./apply-relation.ts";
import { flagColumn } from "./columns.ts";
import { takeDateWindow } from "./dates.ts";
import { hasDetail, MAX_ITEM_CHARACTERS, readItem } from "./item.ts";
import type { Item, ReadOptions } from "./item.ts";
import { labelOf, nameOf, paramsOf } from "./json.ts";
import { matchField } from "./lexicon/lexicon.ts";
import { normaliseWords } from "./lexicon/words.ts";
import { takeLocale } from "./locales.ts";
import { setLocale } from "./person-detail.ts";
import type { Sheet } from "./sheet.ts";
import { Remainder } from "./words.ts";

const LEAD =
  /^(?:please\s+)?(?:(?:and|also|then|but|make(?: sure)?(?: that)?|ensure(?: that)?|let|set|change|keep|the|all|each|every|use|have)\s+)+/i;
const PERCENT =
  /^(?:about |around |roughly |approximately )?(?<share>\d+(?:\.\d+)?)\s*(?:%|percent)\s+(?:of\s+(?:the\s+|all\s+|our\s+)?(?<who>[\p{L}_ ]{1,40}?)\s+)?(?:(?:are|is|should be|have|has|be|being|were|was)\s+)?(?:a\s+|an\s+|the\s+)?(?<group>[\p{L}_][\p{L}\p{N}_ -]{0,40}?)\s*[.!]?$/iu;
const EMPTY = /^(?:missing|null|empty|blank|nulls)$/i;

/** Applies a sentence; false when nothing in it could be used. */
export function applyStatement(sheet: Sheet, statement: string, options: ReadOptions): boolean {
  const text = statement.trim();
  if (text.length > MAX_ITEM_CHARACTERS) return false;
  const percent = PERCENT.exec(text)?.groups;
  if (percent !== undefined && applyPercent(sheet, percent)) return true;
  const item = readItem(text.replace(LEAD, ""), options);
  return applyItem(sheet, item) || applyWide(sheet, text, options);
}

/** Changes the column that an item speaks of, or adds it when it names a field with something to say. */
export function applyItem(sheet: Sheet, item: Item): boolean {
  if (!hasDetail(item.detail) && item.relation === undefined) return false;
  if (item.phrase === "") return false;
  const known = sheet.find(item.phrase);
  if (known !== undefined) {
    const name = nameOf(known);
    if (known["drop"] === true) sheet.show(name);
    applyDetail(sheet, name, item.phrase, item.detail);
    return (
      item.relation === undefined ||
      applyRelation(sheet, name, item.relation, ensureIn(sheet)) ||
      hasDetail(item.detail)
    );
  }
  const isOnlyPlace = item.relation === undefined && Object.keys(item.detail).join("") === "locale";
  const isField =
    !isOnlyPlace &&
    isColumn(item) &&
    (matchField(item.phrase)?.isExact === true || (item.relation !== undefined && item.phrase.split(" ").length <= 3));
  if (!isField) return false;
  const before = { columns: sheet.columns, constraints: sheet.constraints };
  if (addItems(sheet, [item]).failed.length === 0) return true;
  Object.assign(sheet, before);
  return false;
}

/** Sentences about the whole: where people come from, when it all happens. */
function applyWide(sheet: Sheet, text: string, { today }: ReadOptions): boolean {
  const rest = new Remainder(text);
  const locale = takeLocale(rest);
  if (locale !== undefined && setLocale(sheet, locale)) return true;
  const window = takeDateWindow(rest, today, "date");
  const dates = sheet.columns.filter(
    (column) => column["sampler_type"] === "datetime" && !/birth/i.test(nameOf(column)),
  );
  if (window === undefined || dates.length === 0) return false;
  for (const column of dates) sheet.put({ ...column, params: { ...paramsOf(column), ...window } });
  return true;
}

function applyPercent(sheet: Sheet, groups: Readonly<Record<string, string | undefined>>): boolean {
  const share = Math.min(1, Number(groups["share"]) / 100);
  const group = groups["group"] ?? "";
  if (EMPTY.test(group)) {
    const column = sheet.find((groups["who"] ?? "").replace(/\s+values?$/i, ""));
    if (column === undefined) return false;
    applyDetail(sheet, nameOf(column), nameOf(column), { missing: share });
    return true;
  }
  return applyShare(sheet, group, share);
}

/** Gives the value or flag that `group` names this share; the other values keep their proportions. */
export function applyShare(sheet: Sheet, group: string, share: number): boolean {
  const words = normaliseWords(group).map(stem);
  const covers = (text: string): boolean => {
    const own = normaliseWords(text).map(stem);
    return own.length > 0 && own.every((word) => words.includes(word));
  };
  for (const column of sheet.visible()) {
    const params = paramsOf(column);
    const values = params["values"];
    if (column["sampler_type"] === "category" && Array.isArray(values)) {
      const at = values.findIndex((value) => covers(labelOf(value)));
      if (at < 0 || values.length < 2) continue;
      const given = params["weights"];
      const old = Array.isArray(given) ? given.map(Number) : values.map(() => 1);
      const others = old.reduce((sum, weight, index) => sum + (index === at ? 0 : weight), 0);
      const weights = old.map((weight, index) =>
        index === at ? share : others === 0 ? (1 - share) / (old.length - 1) : (weight / others) * (1 - share),
      );
      sheet.put({ ...column, params: { ...params, weights: weights.map((weight) => Number(weight.toFixed(6))) } });
      return true;
    }
    if (column["sampler_type"] === "bernoulli" && covers(nameOf(column).replace(/^(?:is|has|was)_/i, ""))) {
      sheet.replace(flagColumn(nameOf(column), share));
      return true;
    }
  }
  return false;
}

/** "churned" and "churn" are the same to a share. */
function stem(word: string): string {
  return word.replace(/(?:ed|ing|ulent|er|es|s|e)$/, "");
}
