/** Times as Unix seconds (UTC): reading the texts people write in designs, and cutting to a unit. */

export const TIME_UNITS = ["Y", "M", "D", "h", "m", "s"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** Seconds of the units that are always equally long. */
export const SECONDS_PER_UNIT = { D: 86_400, h: 3_600, m: 60, s: 1 } as const;

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

const CLOCK =
  /(?:^|[T\s])(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,]\d+)?)?\s*(?<half>[AaPp][Mm])?\s*(?<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/;

/** The day's part of a text; the first pattern that fits decides. Two numbers with slashes are month/day, as in pandas. */
const DAYS: readonly RegExp[] = [
  /^(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})$/,
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
  /^(?<year>\d{4})[-/.](?<month>\d{1,2})$/,
  /^(?<year>\d{4})$/,
  /^(?<month>\d{1,2})[-/](?<day>\d{1,2})[-/](?<year>\d{4})$/,
  /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  /^(?<name>[A-Za-z]{3,9})\.?\s+(?<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?<year>\d{4})$/,
  /^(?<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?<name>[A-Za-z]{3,9})\.?,?[\s-]+(?<year>\d{4})$/,
  /^(?<name>[A-Za-z]{3,9})\.?,?\s+(?<year>\d{4})$/,
];

/**
 * The Unix second of a date, with or without a time of day: ISO 8601, `2024/01/31`, `01/31/2024`, `31.01.2024`,
 * `20240131`, `Jan 31, 2024`, `31 January 2024`, `2024-01`, `2024`. A time without a zone is UTC; fractions of a second
 * are cut. Answers undefined for anything else and for days that do not exist.
 */
export function parseTime(text: string): number | undefined {
  const whole = text.trim();
  const clock = CLOCK.exec(whole);
  const dayText = (clock ? whole.slice(0, clock.index) : whole).trim();
  const offset = clock ? clockSeconds(clock.groups ?? {}) : 0;
  if (offset === undefined) return undefined;
  for (const pattern of DAYS) {
    const match = pattern.exec(dayText);
    if (!match) continue;
    const { year = "", month, day = "1", name } = match.groups ?? {};
    const monthNumber = name === undefined ? Number(month ?? "1") : monthOf(name);
    const date = new Date(0);
    date.setUTCFullYear(Number(year), monthNumber - 1, Number(day));
    const exists = date.getUTCMonth() === monthNumber - 1 && date.getUTCDate() === Number(day);
    return exists ? date.getTime() / 1_000 + offset : undefined;
  }
  return undefined;
}

/** 1 to 12, or 0 for a word that is no month. */
function monthOf(name: string): number {
  const word = name.toLowerCase();
  const index = MONTHS.indexOf(word.slice(0, 3));
  const full = "january february march april may june july august september october november december".split(" ")[
    index
  ];
  return full !== undefined && (word.length === 3 || full.startsWith(word)) ? index + 1 : 0;
}

function clockSeconds({ hour, minute, second = "0", half, zone = "Z" }: Record<string, string | undefined>) {
  let hours = Number(hour);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return undefined;
    hours = (hours % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  }
  if (hours > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const digits = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  const shift = digits ? Number(`${digits[1]}1`) * (Number(digits[2]) * 3_600 + Number(digits[3]) * 60) : 0;
  return hours * 3_600 + Number(minute) * 60 + Number(second) - shift;
}

/** The first second of the year, month, day, hour, minute that `seconds` lies in. */
export function truncateTime(seconds: number, unit: TimeUnit): number {
  if (unit === "Y" || unit === "M") {
    const date = new Date(seconds * 1_000);
    return Date.UTC(date.getUTCFullYear(), unit === "Y" ? 0 : date.getUTCMonth(), 1) / 1_000;
  }
  const length = SECONDS_PER_UNIT[unit];
  return Math.floor(seconds / length) * length;
}

/** The first second after the unit that `seconds` lies in. */
export function nextTime(seconds: number, unit: TimeUnit): number {
  if (unit === "Y" || unit === "M") {
    const date = new Date(seconds * 1_000);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return (unit === "Y" ? Date.UTC(year + 1, 0, 1) : Date.UTC(year, month + 1, 1)) / 1_000;
  }
  return truncateTime(seconds, unit) + SECONDS_PER_UNIT[unit];
}

/** Which letters of a strftime pattern show a unit, finest first. */
const SHOWN_BY: readonly (readonly [TimeUnit, RegExp])[] = [
  ["s", /%-?[STXcsrf]/],
  ["m", /%-?[MR]/],
  ["h", /%-?[HI]/],
  ["D", /%-?[dejFDxUWuwaA]/],
  ["M", /%-?[mbBh]/],
];

/** The finest unit that a strftime pattern shows: two times equal in it look alike in the dataset. */
export function finestUnit(format: string): TimeUnit {
  return SHOWN_BY.find(([, pattern]) => pattern.test(format))?.[0] ?? "Y";
}
