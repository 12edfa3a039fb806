/** Has a 29 February, as a year that is not named may have. */
const LEAP_YEAR = 2000;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Month 0–11 of an English abbreviation, -1 for anything else. */
export function monthIndex(name: string): number {
  return MONTHS.indexOf(name.toLowerCase());
}

/**
 * Unix milliseconds of the parts of an ISO timestamp: date, time, fraction (digits only, `""` for none) and offset
 * (`Z`, `+hh:mm`, `-hhmm` or absent). A time without an offset is taken as UTC, because a log does not say its zone.
 * Undefined when a part is out of range.
 */
export function isoToMs(date: string, time: string, fraction: string, offset: string | undefined): number | undefined {
  const [year = Number.NaN, month = Number.NaN, day = Number.NaN] = date.split("-").map(Number);
  const atMs = utcMs(year, month - 1, day, time);
  if (atMs === undefined) return undefined;
  const milliseconds = fraction === "" ? 0 : Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6);
  return atMs + milliseconds - offsetMs(offset);
}

/** Milliseconds into a leap year of a month's English abbreviation, a day and `hh:mm:ss`. Undefined when out of range. */
export function yearlessMs(month: string, day: number, time: string): number | undefined {
  const atMs = utcMs(LEAP_YEAR, monthIndex(month), day, time);
  return atMs === undefined ? undefined : atMs - Date.UTC(LEAP_YEAR, 0, 1);
}

/** Unix milliseconds of a calendar day and `hh:mm:ss`, read as UTC. Undefined when a part is out of range. */
export function utcMs(year: number, month: number, day: number, time: string): number | undefined {
  const [hours = Number.NaN, minutes = Number.NaN, seconds = Number.NaN] = time.split(":").map(Number);
  const isValid =
    year >= 1970 && month >= 0 && month < 12 && day >= 1 && day <= 31 && hours < 24 && minutes < 60 && seconds <= 60;
  return isValid ? Date.UTC(year, month, day, hours, minutes, seconds) : undefined;
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset === "Z") return 0;
  const sign = offset.startsWith("-") ? -1 : 1;
  const digits = offset.slice(1).replace(":", "");
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || "0")) * 60_000;
}
