import type { TemplateRecord } from "../../../../../engine/data/template/template.ts";

export type JinjaRow = readonly [template: string, output: string];

/** What the templates of the tables see. */
export const RECORD: TemplateRecord = {
  n: 7,
  neg: -7,
  f: 2.5,
  name: "alice smith",
  flag: true,
  off: false,
  nothing: null,
  xs: [3, 1, 2],
  words: ["pear", "Apple", "fig"],
  mixed: [1, "a", null, true, 2.5],
  d: { b: 1, a: [1, 2], items: "own" },
  p: { first: "Ann", address: { city: "Oslo" } },
  empty: [],
  blank: "",
  people: [
    { name: "Bo", age: 30 },
    { name: "al", age: 25 },
    { name: "Cy", age: 30 },
  ],
  uni: "naïve café 😀x",
};
