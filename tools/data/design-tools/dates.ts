import type { z } from "zod";

import { parseTime } from "../../../engine/data/time.ts";
import { field } from "./fields.ts";

const EXPECTED =
  "a date such as 2024-01-31 or 2024-01-31T09:30:00 (a day and a month that could be exchanged are refused)";

/** A date in a common spelling as ISO 8601; `today` and `now` stay, for `resolveDate`. */
export function dateField(description: string): z.ZodType<string> {
  return field({ type: "string" }, description, EXPECTED, readDate);
}

/** Puts the day or the second in the place of `today` and `now`. */
export function resolveDate(text: string, nowMs: number): string {
  const now = new Date(nowMs).toISOString();
  if (text === "today") return now.slice(0, 10);
  return text === "now" ? now.slice(0, 19) : text;
}

export function readDate(given: unknown): string | undefined {
  if (typeof given !== "string" && typeof given !== "number") return undefined;
  const text = String(given).trim();
  if (/^(?:today|now)$/i.test(text)) return text.toLowerCase();
  const numeric = /^(\d{1,2})[-/](\d{1,2})[-/](\d{4})(.*)$/.exec(text);
  const [first, second] = [Number(numeric?.[1] ?? 0), Number(numeric?.[2] ?? 0)];
  if (numeric !== null && first <= 12 && second <= 12 && first !== second) return undefined;
  const dayFirst = first > 12 ? `${numeric?.[3]}-${numeric?.[2]}-${numeric?.[1]}${numeric?.[4]}` : text;
  const seconds = parseTime(dayFirst);
  if (seconds === undefined) return undefined;
  const iso = new Date(seconds * 1_000).toISOString();
  return /\d:\d/.test(text) ? iso.slice(0, 19) : iso.slice(0, 10);
}

/** `YYYY-MM-DD` and the like as a strftime pattern; one with `%` stays. */
export function toStrftime(format: string): string {
  if (format.includes("%")) return format;
  return format.replaceAll(/YYYY|MMMM|MMM|MM|DD|HH|mm|ss|SS|YY/g, (letters) => LETTERS[letters] ?? letters);
}

const LETTERS: Readonly<Record<string, string>> = {
  YYYY: "%Y",
  YY: "%y",
  MMMM: "%B",
  MMM: "%b",
  MM: "%m",
  DD: "%d",
  HH: "%H",
  mm: "%M",
  ss: "%S",
  SS: "%S",
};

/** Other words for the units of time. */
export const UNIT_WORDS = {
  d: "D",
  day: "D",
  days: "D",
  hour: "h",
  hours: "h",
  minute: "m",
  minutes: "m",
  min: "m",
  second: "s",
  seconds: "s",
  sec: "s",
} as const;
