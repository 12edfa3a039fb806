/** Names that say in what something is measured: "visits per month", "logins a week", "uptime in days". */

export interface Measure {
  /** What is measured or counted: "visits", "uptime". */
  readonly of: string;
  /** Of a rate, or of an amount of time. */
  readonly unit: "rate" | "time";
}

const RATE =
  /^(?<of>\p{L}[\p{L}\p{N} _-]*?)[ _](?:per[ _]\p{L}+|(?:a|an|each|every)[ _](?:second|minute|hour|day|night|week|month|quarter|term|semester|year))s?$/iu;
const TIME = /^(?<of>\p{L}[\p{L}\p{N} _-]*?)[ _]in[ _](?:seconds|minutes|hours|days|nights|weeks|months|years)$/iu;

/** Undefined for a name that says no measure. "number of" in front says nothing more. */
export function readMeasure(phrase: string): Measure | undefined {
  const rate = RATE.exec(phrase.trim())?.groups?.["of"];
  const of = rate ?? TIME.exec(phrase.trim())?.groups?.["of"];
  if (of === undefined) return undefined;
  return { of: of.replace(/^(?:total )?(?:number|count) of /i, ""), unit: rate === undefined ? "time" : "rate" };
}
