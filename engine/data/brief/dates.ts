/** Windows of time as people write them: "in 2024", "between March and June 2025", "last 90 days", "Q3 2024". */
import type { Remainder } from "./words.ts";

/** Days `start` (inclusive) to `end` (exclusive), as `YYYY-MM-DD`. */
export interface DateWindow {
  readonly start: string;
  readonly end: string;
}

const MONTHS = "january february march april may june july august september october november december".split(" ");
const MONTH = String.raw`(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`;
const YEAR = String.raw`(?:19|20)\d{2}`;
const CLOCK = String.raw`(?:[T ]\d{1,2}:\d{2}(?::\d{2})?Z?)?`;
/** A day, month, quarter, half or year; a month alone takes its year from the other end or from today. */
const POINT = String.raw`(?:\d{4}-\d{1,2}-\d{1,2}${CLOCK}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d{2}(?!\d)|\d{1,2}(?:st|nd|rd|th)?(?: of)? ${MONTH},? ${YEAR}|${MONTH} \d{1,2}(?:st|nd|rd|th)?,? ${YEAR}|${MONTH} (?:of )?${YEAR}|(?:q[1-4]|h[12]) (?:of )?${YEAR}|${YEAR}[- ]?(?:q[1-4]|h[12])|${YEAR}|(?:the )?(?:start|beginning|end) of ${YEAR}|${MONTH}(?: \d{1,2}(?:st|nd|rd|th)?)?|today|now|yesterday|(?:the )?present)`;

const END = String.raw`(?![\w%]|[.,]\d)`;
const FILL = String.raw`(?:the )?(?:year |years |month of |months of |dates? )?`;

const RANGE = new RegExp(
  String.raw`(?:\b(?:from|between|in|during|dated|dates?)\s+)?${FILL}\b(?<from>${POINT})\s*(?:-|to|until|till|through|and|\.\.\.?)\s*${FILL}(?<to>${POINT})${END}`,
  "i",
);
const SINCE = new RegExp(
  String.raw`\b(?:since|after|from|starting(?: in| from| on)?|later than)\s+${FILL}(?<from>${POINT})(?:\s+(?:on(?:wards?)?|to date))?${END}`,
  "i",
);
const UNTIL = new RegExp(
  String.raw`\b(?:until|till|before|up to|prior to|earlier than)\s+${FILL}(?<to>${POINT})${END}`,
  "i",
);
const WITHIN = new RegExp(
  String.raw`\b(?:(?:with)?in|during|of|for|throughout|on|only|all|dated|from|year)\s+(?:(?:all|the|only|year|calendar year|month of)\s+)*(?<at>${POINT})(?:\s+(?:only|dates?))?${END}`,
  "i",
);
const BARE = new RegExp(String.raw`(?:\bonly\s+)?(?<![\w$€£.,-])(?<at>${POINT})(?:\s+(?:only|dates?))?${END}`, "i");
const RECENT =
  /\b(?:(?:in|over|during|from|within|for|of)\s+)?(?:the\s+)?(?<side>last|past|previous|next|coming|recent)\s+(?:(?<count>\d{1,4}|two|three|four|five|six|seven|eight|nine|ten|twelve|couple of|few)\s+)?(?<unit>day|week|month|quarter|year|decade|hour)s?\b/i;
const CURRENT = /\b(?:in\s+|during\s+)?this\s+(?<unit>week|month|quarter|year)\b/i;
const DECADE = /\b(?:in\s+|during\s+|from\s+)?the\s+(?<decade>(?:19|20)\d0)'?s\b/i;
const WORDS: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  "couple of": 2,
  few: 3,
};

/** Something of every window; most texts have nothing of it, and the expressions above take long to compile. */
const HINT =
  /(?:19|20)\d\d|\d[./]\d{1,2}[./]\d|\b(?:q[1-4]|h[12]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|today|now|yesterday|present|last|past|previous|next|coming|recent|this)/i;

/** Whether a bare year or month counts. "between 1900 and 2100" is a date only where a date is expected. */
export type DateContext = "date" | "unsure";

/** The window that the text names, cut out of it. `today` is `YYYY-MM-DD`. Undefined when it names none. */
export function takeDateWindow(text: Remainder, today: string, context: DateContext): DateWindow | undefined {
  if (!HINT.test(text.text)) return undefined;
  for (const read of READERS) {
    const found = read(text.text, today, context);
    if (found === undefined || !(found.window.start < found.window.end)) continue;
    text.cut(found.at, found.at + found.length);
    return found.window;
  }
  return undefined;
}

interface Found {
  readonly window: DateWindow;
  readonly at: number;
  readonly length: number;
}

type Reader = (text: string, today: string, context: DateContext) => Found | undefined;

const READERS: readonly Reader[] = [
  (text, today, context) => {
    const match = RANGE.exec(text);
    const { from = "", to = "" } = match?.groups ?? {};
    if (match === null || (context === "unsure" && !hasMonth(from) && !hasMonth(to) && !hasKeyword(match[0]))) return;
    const end = pointOf(to, today);
    const start = pointOf(from, /\d{4}/.test(from) || end === undefined ? today : end.start);
    return start === undefined || end === undefined ? undefined : found(match, { start: start.start, end: end.end });
  },
  (text, today) => {
    const match = RECENT.exec(text);
    if (match === null) return;
    const { side = "", count, unit = "day" } = match.groups ?? {};
    const isNext = /next|coming/i.test(side);
    const single = count === undefined && unit !== "decade" && !/past|recent/i.test(side);
    if (single && unit !== "day" && unit !== "hour") return found(match, wholeUnit(today, unit, isNext ? 1 : -1));
    const number = count === undefined ? 1 : (WORDS[count.toLowerCase()] ?? Number(count));
    const tomorrow = addDays(today, 1);
    return isNext
      ? found(match, { start: tomorrow, end: shift(tomorrow, unit, number) })
      : found(match, { start: shift(tomorrow, unit, -number), end: tomorrow });
  },
  (text, today) => {
    const match = CURRENT.exec(text);
    return match === null ? undefined : found(match, wholeUnit(today, match.groups?.["unit"] ?? "year", 0));
  },
  (text) => {
    const match = DECADE.exec(text);
    const year = Number(match?.groups?.["decade"]);
    return match === null ? undefined : found(match, { start: `${year}-01-01`, end: `${year + 10}-01-01` });
  },
  (text, today, context) => {
    const match = SINCE.exec(text);
    const from = match?.groups?.["from"] ?? "";
    const isSure = context === "date" || hasMonth(from) || /^since/i.test(match?.[0] ?? "");
    const point = match === null || !isSure ? undefined : pointOf(from, today);
    if (match === null || point === undefined) return;
    const start = /^(?:after|later)/i.test(match[0]) ? point.end : point.start;
    const tomorrow = addDays(today, 1);
    return found(match, { start, end: start < tomorrow ? tomorrow : shift(start, "year", 1) });
  },
  (text, today, context) => {
    const match = UNTIL.exec(text);
    const to = match?.groups?.["to"] ?? "";
    const point = match === null || (context === "unsure" && !hasMonth(to)) ? undefined : pointOf(to, today);
    if (match === null || point === undefined) return;
    const end = /^(?:before|prior|earlier)/i.test(match[0]) ? point.start : point.end;
    return found(match, { start: shift(end, "year", -5), end });
  },
  (text, today, context) => single(WITHIN, text, today, context),
  (text, today, context) => (context === "date" ? single(BARE, text, today, context) : undefined),
];

function single(pattern: RegExp, text: string, today: string, context: DateContext): Found | undefined {
  const match = pattern.exec(text);
  const at = match?.groups?.["at"] ?? "";
  // "may" and "march" are also verbs, and a number of four digits may count something.
  const isYear = /^\d{4}$/.test(at);
  const isUnsure =
    context === "unsure" &&
    (isYear ? !/^(?:in|during|year|from|dated|throughout|only)/i.test(match?.[0] ?? "") : !hasMonth(at));
  const isVerb = /^(?:may|march|now)$/i.test(at) && !/^(?:in|during|within|throughout)/i.test(match?.[0] ?? "");
  const point = match === null || isUnsure || isVerb ? undefined : pointOf(at, today);
  return match === null || point === undefined ? undefined : found(match, point);
}

function found(match: RegExpExecArray, window: DateWindow): Found {
  return { window, at: match.index, length: match[0].length };
}

function hasMonth(point: string): boolean {
  return /[a-z]{3}|[-/.]|[qh]\d/i.test(point) && !/^(?:may|march)$/i.test(point);
}

function hasKeyword(text: string): boolean {
  return /\b(?:during|dates?|dated|years?)\b/i.test(text);
}

/** The whole of a day, month, quarter, half or year. `near` gives the year that a month alone lacks. */
function pointOf(text: string, near: string): DateWindow | undefined {
  const point = text
    .toLowerCase()
    .replace(/^the /, "")
    .replace(/[T ]\d{1,2}:.*$/i, "")
    .trim();
  if (/^(?:today|now|present)$/.test(point)) return { start: near, end: addDays(near, 1) };
  if (point === "yesterday") return { start: addDays(near, -1), end: near };
  const iso = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(point);
  if (iso) return dayWindow(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(point);
  if (slashed) return dayWindow(Number(slashed[3]), Number(slashed[1]), Number(slashed[2]));
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(point);
  if (dotted) return dayWindow(Number(dotted[3]), Number(dotted[2]), Number(dotted[1]));
  const year = Number(/\b((?:19|20)\d{2})/.exec(point)?.[1] ?? near.slice(0, 4));
  const numbered = /^\d{4}-(\d{2})$/.exec(point);
  if (numbered) return monthWindow(year, Number(numbered[1]), 1);
  if (point.startsWith("end of")) return monthWindow(year, 10, 3);
  if (/^(?:start|beginning) of/.test(point)) return monthWindow(year, 1, 3);
  const quarter = /q([1-4])/.exec(point);
  if (quarter) return monthWindow(year, Number(quarter[1]) * 3 - 2, 3);
  const half = /h([12])/.exec(point);
  if (half) return monthWindow(year, Number(half[1]) * 6 - 5, 6);
  const month = MONTHS.findIndex((name) => new RegExp(`\\b${name.slice(0, 3)}`).test(point)) + 1;
  if (month === 0) return monthWindow(year, 1, 12);
  const day = /(?<!\d)(\d{1,2})(?:st|nd|rd|th)?(?!\d)/.exec(point);
  return day ? dayWindow(year, month, Number(day[1])) : monthWindow(year, month, 1);
}

function dayWindow(year: number, month: number, day: number): DateWindow | undefined {
  const start = isoDay(year, month, day);
  return start === undefined ? undefined : { start, end: addDays(start, 1) };
}

function monthWindow(year: number, month: number, months: number): DateWindow | undefined {
  const start = isoDay(year, month, 1);
  return start === undefined ? undefined : { start, end: shift(start, "month", months) };
}

function isoDay(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.toISOString().slice(0, 10) : undefined;
}

/** The week, month, quarter or year that lies `offset` from today's. */
function wholeUnit(today: string, unit: string, offset: number): DateWindow {
  const [year = 2000, month = 1] = today.split("-").map(Number);
  if (unit === "week") {
    const weekday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7;
    const monday = addDays(today, offset * 7 - weekday);
    return { start: monday, end: addDays(monday, 7) };
  }
  const first = unit === "year" ? 1 : unit === "quarter" ? month - ((month - 1) % 3) : month;
  const start = shift(`${year}-${String(first).padStart(2, "0")}-01`, unit, offset);
  return { start, end: shift(start, unit, 1) };
}

export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Moves by days, weeks, months and so on; the last day of a shorter month stands for a day that it lacks. */
function shift(day: string, unit: string, count: number): string {
  if (unit === "day" || unit === "hour")
    return addDays(day, unit === "day" ? count : Math.sign(count) * Math.ceil(Math.abs(count) / 24));
  if (unit === "week") return addDays(day, 7 * count);
  const months = count * (unit === "month" ? 1 : unit === "quarter" ? 3 : unit === "year" ? 12 : 120);
  const [year = 2000, month = 1, date = 1] = day.split("-").map(Number);
  const target = new Date(Date.UTC(year, month - 1 + months, 1));
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(date, lastDay));
  return target.toISOString().slice(0, 10);
}

/** Whether a bare year behind the words is a date: "order date 2024". */
export function isDateLike(text: string, kind: string | undefined): boolean {
  return (
    kind === "date" ||
    kind === "datetime" ||
    /\b(?:dates?|time|timestamp|period|birthday|\p{L}+ed (?:at|on))\b|_(?:at|date|on|time)(?!\p{L})|\p{Ll}(?:At|Date|On|Time)(?!\p{L})/u.test(
      text,
    )
  );
}
