/** Times of the day: "between 9am and 5pm", "from 08:00 to 17:30". */
import type { Remainder } from "./words.ts";

export interface Hours {
  /** Minutes since midnight, both included. */
  readonly from: number;
  readonly to: number;
}

const HOURS =
  /\b(?:(?:between|from)\s+)?(?<from>\d{1,2}(?::\d{2})?)\s*(?<fromHalf>[ap]\.?m\.?)?\s*(?:and|to|-|until|till)\s*(?<to>\d{1,2}(?::\d{2})?)\s*(?<toHalf>[ap]\.?m\.?|o'clock|h(?=\s|$))?(?![\w.:])/i;
const DAY_MINUTES = 1_440;

/** The times that the text names, cut out of it. Figures alone are no times: one needs "am", "pm" or a colon. */
export function takeHours(text: Remainder): Hours | undefined {
  const match = HOURS.exec(text.text);
  const groups = match?.groups;
  if (match === null || groups === undefined || !/[ap]\.?m\b|\d:\d|o'clock/i.test(match[0])) return undefined;
  const to = minutes(groups["to"] ?? "", groups["toHalf"]);
  const from = minutes(groups["from"] ?? "", groups["fromHalf"]);
  // "9 to 5pm" begins in the morning, "1 to 5pm" after noon.
  const late = groups["fromHalf"] === undefined ? minutes(groups["from"] ?? "", groups["toHalf"]) : from;
  const start = late < to ? late : from;
  if (!(start < to && to <= DAY_MINUTES)) return undefined;
  text.cut(match.index, match.index + match[0].length);
  return { from: start, to: Math.min(to, DAY_MINUTES - 1) };
}

function minutes(clock: string, half: string | undefined): number {
  const [hour = 0, minute = 0] = clock.split(":").map(Number);
  const isAfternoon = /^p/i.test(half ?? "");
  const isMorning = /^a/i.test(half ?? "");
  return (isAfternoon && hour < 12 ? hour + 12 : isMorning && hour === 12 ? 0 : hour) * 60 + minute;
}
