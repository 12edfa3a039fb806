import type { Draws } from "../random.ts";

/** The closed lists of values that person columns use, with the shares they get here. */
export const MARITAL_STATUS = ["married_present", "divorced", "never_married", "separated", "widowed"] as const;
export const EDUCATION_LEVEL = [
  "secondary_education",
  "some_college",
  "bachelors",
  "associates",
  "graduate",
  "doctorate",
] as const;
export const BACHELORS_FIELD = ["stem", "business", "education", "arts_humanities", "stem_related"] as const;

/** Shares of the marital states, in the list's order, from the ages on. Rough shares of adults in North America. */
const MARITAL_BY_AGE: readonly (readonly [number, readonly number[]])[] = [
  [0, [0, 0, 1, 0, 0]],
  [18, [0.1, 0.01, 0.88, 0.01, 0]],
  [26, [0.42, 0.05, 0.5, 0.02, 0.01]],
  [36, [0.6, 0.12, 0.23, 0.03, 0.02]],
  [51, [0.61, 0.17, 0.13, 0.03, 0.06]],
  [71, [0.53, 0.13, 0.06, 0.01, 0.27]],
];

/** Shares of the education levels from the ages on; nobody has a degree before the age it takes. */
const EDUCATION_BY_AGE: readonly (readonly [number, readonly number[]])[] = [
  [0, [1, 0, 0, 0, 0, 0]],
  [18, [0.55, 0.42, 0, 0.03, 0, 0]],
  [22, [0.38, 0.25, 0.25, 0.1, 0.02, 0]],
  [27, [0.36, 0.17, 0.23, 0.1, 0.12, 0.02]],
];

const WITH_DEGREE: ReadonlySet<string> = new Set(["bachelors", "graduate", "doctorate"]);

export function drawMaritalStatus(draws: Draws, age: number): string {
  return pick(draws, MARITAL_STATUS, sharesAt(MARITAL_BY_AGE, age));
}

export function drawEducation(draws: Draws, age: number): string {
  return pick(draws, EDUCATION_LEVEL, sharesAt(EDUCATION_BY_AGE, age));
}

/** `no_degree` below a bachelor's degree. */
export function drawBachelorsField(draws: Draws, educationLevel: string): string {
  const field = pick(draws, BACHELORS_FIELD, [0.35, 0.2, 0.12, 0.23, 0.1]);
  return WITH_DEGREE.has(educationLevel) ? field : "no_degree";
}

function sharesAt(table: readonly (readonly [number, readonly number[]])[], age: number): readonly number[] {
  return table.findLast(([from]) => from <= age)?.[1] ?? [];
}

function pick(draws: Draws, values: readonly string[], shares: readonly number[]): string {
  let left = draws.next();
  for (const [index, share] of shares.entries()) {
    left -= share;
    if (left < 0) return values[index] ?? "";
  }
  return values[shares.findLastIndex((share) => share > 0)] ?? "";
}
