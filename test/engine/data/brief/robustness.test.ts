import { describe, expect, it } from "vitest";

import { designFromBrief } from "../../../../engine/data/brief/design-from-brief.ts";
import { readFollowUp } from "../../../../engine/data/brief/read-follow-up.ts";
import { checkDraft, emptyDraft } from "../../../../engine/data/design/draft.ts";
import { BRIEFS } from "./briefs.ts";
import { ITEMS } from "./items.ts";

const OPTIONS = { today: "2026-03-15" };

/** A small linear congruence, so that the mixes are the same in every run. */
function dice(seed: number): (size: number) => number {
  let state = seed;
  return (size) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * size);
  };
}

const RELATIONS = [
  "due date after the invoice date",
  "discount lower than price",
  "price lower than discount",
  "total = price * quantity",
  "total = total * 2",
  "end date before start date",
  "start date before end date",
  "start date 3 to 9 weeks after end date",
  "salary higher for active",
  "city depends on country",
  "country depends on city",
  "amount at least status",
  "order date greater than amount",
  "a = b / c - (d * 2",
  "price between 9 and 2",
  "amount between 5 and 5",
  "age at least 200",
  "score over 99.99 and below 1",
];

function blocking(brief: string): readonly string[] {
  const result = designFromBrief(brief, OPTIONS);
  if (result.kind === "question") return [];
  return checkDraft(result.draft)
    .violations.filter((one) => one.level === "error" || one.type === "constraint_impossible")
    .map(({ message }) => `${brief}: ${message}`);
}

describe("every design of a brief", () => {
  it("is valid and can be satisfied, whatever wishes are mixed", () => {
    const roll = dice(7);
    const wishes = [...ITEMS.map(([item]) => item), ...RELATIONS, ...RELATIONS];
    const pick = (): string => wishes[roll(wishes.length)] ?? "";
    const problems = Array.from({ length: 250 }, () => {
      const list = Array.from({ length: 2 + roll(7) }, pick);
      return blocking(`${1 + roll(900)} rows with ${list.join(roll(2) === 0 ? ", " : "; ")}`);
    });
    expect(problems.flat()).toEqual([]);
  });

  it("comes without an exception from text that is cut, shuffled or nonsense", () => {
    const roll = dice(11);
    const words = BRIEFS.flatMap(({ brief }) => brief.split(/\b/));
    const problems = Array.from({ length: 150 }, () => {
      const text = Array.from({ length: 3 + roll(40) }, () => words[roll(words.length)]).join("");
      readFollowUp(text, emptyDraft(), OPTIONS);
      return blocking(text);
    });
    expect(problems.flat()).toEqual([]);
  });

  it.each([
    ["a long line of one letter", "a".repeat(100_000)],
    ["many brackets", "(".repeat(50_000) + ")".repeat(50_000)],
    ["many commas", "users with name" + ", x".repeat(30_000)],
    ["many spaces", `users with${" ".repeat(90_000)}name`],
    ["many numbers", "rows " + "1 2 3 ".repeat(16_000)],
    ["many words", "users with name and " + "between and after the ".repeat(4_000)],
    ["many lines", "- a: b, c\n".repeat(10_000)],
    ["many quotes", "'\"`".repeat(30_000)],
    ["many letters with percent", "status (" + "a 1%, ".repeat(15_000) + ")"],
    ["control characters", "users with name\u0000\u0007, \ud800 plan (a, b\u202e)"],
    ["broken JSON", `[{"name": "a", ${'{"x": ['.repeat(5_000)}`],
    ["a prototype", '{"__proto__": {"a": 1}, "constructor": "int 1-5", "toString": "text"}'],
    ["names that are taken", "columns: self, none, true, __proto__, _internal_row_id, constructor, 1st, a b"],
  ])("comes from %s", (_, text) => {
    expect(blocking(text)).toEqual([]);
    expect(() => readFollowUp(text, emptyDraft(), OPTIONS)).not.toThrow();
  });
});
