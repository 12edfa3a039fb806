/** What a brief says about people: their age and where they come from. */
import type { DraftColumn } from "../design/draft.ts";
import { nameOf, paramsOf, textOf } from "./json.ts";
import type { NumberRange } from "./ranges.ts";
import { settle } from "./settle.ts";
import type { Sheet } from "./sheet.ts";

/** The person whose age the column shows. */
export function personAge(sheet: Sheet, name: string): DraftColumn | undefined {
  const column = sheet.column(name);
  const person = /^\{\{\s*([\p{L}\p{N}_]+)\.age\s*\}\}$/u.exec(textOf(column?.["expr"]))?.[1];
  return person === undefined ? undefined : sheet.column(person);
}

/** The person that the column shows a part of. */
export function personOf(sheet: Sheet, name: string): DraftColumn | undefined {
  const person = /^\{\{\s*([\p{L}\p{N}_]+)\./u.exec(textOf(sheet.column(name)?.["expr"]))?.[1];
  const column = person === undefined ? undefined : sheet.column(person);
  return textOf(column?.["sampler_type"]).startsWith("person") ? column : undefined;
}

/** Keeps the age of the person that the column shows within the range. */
export function limitPerson(sheet: Sheet, name: string, range: NumberRange): void {
  const person = personAge(sheet, name) ?? personOf(sheet, name);
  if (person === undefined) return;
  const low = Math.max(0, Math.round(range.low ?? 18) + (range.isLowOpen ? 1 : 0));
  const high = Math.min(114, Math.round(range.high ?? 90) - (range.isHighOpen ? 1 : 0));
  if (low < high) sheet.put({ ...person, params: { ...paramsOf(person), age_range: [low, high] } });
}

/** Sets where people come from; with a column, only those that it is made of. */
export function setLocale(sheet: Sheet, locale: string, reader?: string): boolean {
  if (reader === undefined) settle(sheet, locale);
  const text = textOf(reader === undefined ? "" : sheet.column(reader)?.["expr"]);
  const persons = sheet.columns.filter(
    (column) =>
      textOf(column["sampler_type"]).startsWith("person") &&
      (reader === undefined || text.includes(nameOf(column)) || nameOf(column) === reader),
  );
  for (const person of persons) sheet.put({ ...person, params: { ...paramsOf(person), locale } });
  return persons.length > 0;
}
