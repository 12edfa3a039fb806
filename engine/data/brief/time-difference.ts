/** "days = end - start": the time between two columns, worked out from what they show. */
import { expressionColumn } from "./columns.ts";
import { textOf } from "./json.ts";
import type { Sheet } from "./sheet.ts";

/** Minutes of a unit that a name can end in. */
const UNITS: readonly (readonly [words: RegExp, unit: string, minutes: number])[] = [
  [/(?:^|_)(?:secs?|seconds?)$/, "seconds", 1 / 60],
  [/(?:^|_)(?:mins?|minutes?)$/, "minutes", 1],
  [/(?:^|_)(?:hrs?|hours?)$/, "hours", 60],
  [/(?:^|_)(?:days?|nights?)$/, "days", 1440],
  [/(?:^|_)weeks?$/, "weeks", 10_080],
];
const MINUTES_PER_DAY = 1440;
/** Days of the year before each month, without a leap day. */
const BEFORE_MONTH = "[0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]";

/**
 * Makes `name` the time from `earlier` to `later`, in the unit that its name ends in, else days for dates and minutes for
 * times. Right for the years 1901 to 2099. False when one of them shows something else than ISO dates or times.
 */
export function putDifference(sheet: Sheet, name: string, later: string, earlier: string): boolean {
  const forms = [later, earlier].map((one) => textOf(sheet.column(one)?.["convert_to"]));
  if (forms.some((form) => form !== "" && !form.startsWith("%Y-%m-%d"))) return false;
  // Without a format it is an ISO time, `2025-01-31T09:30:00`.
  const isDay = forms.some((form) => form === "%Y-%m-%d");
  if (forms.some((form) => form !== "" && form !== "%Y-%m-%d")) return false;
  const said = UNITS.find(([words]) => words.test(name));
  const [unit, minutes] = said === undefined ? (isDay ? ["days", 1440] : ["minutes", 1]) : [said[1], said[2]];
  const [end, start] = [dayNumber(sheet, name, later), dayNumber(sheet, name, earlier)];
  const days = `(${end} - ${start})`;
  const isWhole = minutes === MINUTES_PER_DAY || (isDay && minutes < MINUTES_PER_DAY);
  if (isDay || minutes === MINUTES_PER_DAY) {
    const factor = MINUTES_PER_DAY / minutes;
    const source = factor === 1 ? days : factor > 1 ? `${days} * ${Math.round(factor)}` : `(${days} / 7) | round(1)`;
    sheet.replace(expressionColumn(name, `{{ ${source} }}`, isWhole ? "int" : "float"));
  } else {
    const [last, first] = [secondOfDay(sheet, name, later), secondOfDay(sheet, name, earlier)];
    const seconds = `(${days} * 86400 + ${last} - ${first})`;
    const perUnit = Math.round(minutes * 60);
    const source = perUnit === 1 ? seconds : `(${seconds} / ${perUnit}) | round(1)`;
    sheet.replace(expressionColumn(name, `{{ ${source} }}`, perUnit === 1 ? "int" : "float"));
  }
  sheet.fields.delete(name);
  sheet.notes.push(`${name}: the ${unit} from ${earlier} to ${later}.`);
  return true;
}

/** The name of a hidden column with the number of the day; templates nest ten levels deep at most, so it takes four. */
function dayNumber(sheet: Sheet, before: string, time: string): string {
  const part = (name: string, source: string): string => {
    const free = sheet.freeName(`${time}_${name}`, true);
    hide(sheet, before, free, source);
    return free;
  };
  const month = part("month_days", `${BEFORE_MONTH}[${time}[5:7] | int - 1]`);
  const leap = part("leap_day", `1 if ${time}[5:7] > '02' and ${time}[:4] | int % 4 == 0 else 0`);
  const year = part("year_days", `${time}[:4] | int * 365 + (${time}[:4] | int - 1) // 4`);
  return part("day_number", `${year} + ${month} + ${leap} + ${time}[8:10] | int`);
}

function secondOfDay(sheet: Sheet, before: string, time: string): string {
  const name = sheet.freeName(`${time}_second`, true);
  hide(sheet, before, name, `${time}[11:13] | int * 3600 + ${time}[14:16] | int * 60 + ${time}[17:19] | int`);
  return name;
}

function hide(sheet: Sheet, before: string, name: string, source: string): void {
  sheet.insertBefore(before, [{ ...expressionColumn(name, `{{ ${source} }}`, "int"), drop: true }]);
}
