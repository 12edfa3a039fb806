const MONTHS: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const WEEKDAYS: readonly string[] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const hourOfTwelve = (date: Date): number => date.getUTCHours() % 12 || 12;

/** 1 on the first of January. */
function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

/** Weeks begin on `firstDay` (0 is Sunday); the days before the first such day are week 0. */
function weekOfYear(date: Date, firstDay: 0 | 1): number {
  return Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() - firstDay + 7) % 7)) / 7);
}

/** What stands for each letter of a pattern; C locale, UTC, as Python's `strftime` has them. */
const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getUTCFullYear()).padStart(4, "0"),
  y: (date) => two(date.getUTCFullYear() % 100),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2, " "),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(hourOfTwelve(date)),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  f: (date) => String(date.getUTCMilliseconds() * 1_000).padStart(6, "0"),
  p: (date) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  B: (date) => MONTHS[date.getUTCMonth()] ?? "",
  b: (date) => (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
  h: (date) => (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
  A: (date) => WEEKDAYS[date.getUTCDay()] ?? "",
  a: (date) => (WEEKDAYS[date.getUTCDay()] ?? "").slice(0, 3),
  w: (date) => String(date.getUTCDay()),
  u: (date) => String(date.getUTCDay() || 7),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  U: (date) => two(weekOfYear(date, 0)),
  W: (date) => two(weekOfYear(date, 1)),
  s: (date) => String(Math.floor(date.getTime() / 1_000)),
  Z: () => "",
  z: () => "",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};

const COMPOSITES: Readonly<Record<string, string>> = {
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  R: "%H:%M",
  D: "%m/%d/%y",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
  c: "%a %b %e %H:%M:%S %Y",
  r: "%I:%M:%S %p",
};

/**
 * A function from Unix seconds (UTC) to text by a strftime pattern. `%-d` and the like leave out leading zeros and
 * spaces; a directive that is not known stays as it is written, as in the C library. Never throws; a time outside of
 * what a Date holds is the empty text.
 */
export function compileStrftime(pattern: string): (seconds: number) => string {
  const expanded = pattern.replaceAll(/%([FTRDxXcr])/g, (whole, letter: string) => COMPOSITES[letter] ?? whole);
  const parts: (string | ((date: Date) => string))[] = [];
  let last = 0;
  for (const match of expanded.matchAll(/%(-?)([A-Za-z%])/g)) {
    const [whole, flag, letter = ""] = match;
    const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    parts.push(expanded.slice(last, match.index));
    if (directive === undefined) parts.push(whole);
    else parts.push(flag === "-" ? (date) => directive(date).replace(/^[0 ]+(?=.)/, "") : directive);
    last = match.index + whole.length;
  }
  parts.push(expanded.slice(last));
  return (seconds) => {
    const date = new Date(seconds * 1_000);
    if (Number.isNaN(date.getTime())) return "";
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : part(date);
    return text;
  };
}
