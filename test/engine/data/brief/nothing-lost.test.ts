import { describe, expect, it } from "vitest";

import { designFromBrief } from "../../../../engine/data/brief/design-from-brief.ts";
import { nameOf } from "../../../../engine/data/brief/json.ts";
import { normaliseWords } from "../../../../engine/data/brief/lexicon/words.ts";
import { ITEMS } from "./items.ts";

const RELATIONS: readonly (readonly [item: string, name: string])[] = [
  ["salary correlated with years of experience", "salary"],
  ["price that grows with size", "price"],
  ["risk score inversely correlated with income", "risk_score"],
  ["bonus proportional to salary", "bonus"],
  ["mood that depends on weather", "mood"],
  ["due date after the invoice date", "due_date"],
  ["end date 3 to 9 days after start date", "end_date"],
  ["nights = check-out - check-in", "nights"],
  ["total = price * quantity", "total"],
  ["margin = revenue / wishes", "margin"],
  ["discount lower than price", "discount"],
  ["closed at only when status is closed", "closed_at"],
  ["fee 2 to 5 % of the amount", "fee"],
  ["city in the same country", "city"],
  ["delay higher on Mondays", "delay"],
  ["tax (19 % of net price)", "tax"],
  ["something of a mystery", "something_of_a_mystery"],
  ["loyalty points, which expire", "loyalty_points"],
];
const HEADS = [
  "rows with",
  "I need 40 rows of data with these columns:",
  "Columns:",
  "a table of customers with",
  "500 orders including",
  "GPU telemetry with",
];

/** A small linear congruence, so that the mixes are the same in every run. */
function dice(seed: number): (size: number) => number {
  let state = seed;
  return (size) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * size);
  };
}

/** The items of the brief that became no column and are told nowhere. */
function lost(brief: string, items: readonly (readonly [item: string, name: string])[]): readonly string[] {
  const result = designFromBrief(brief, { today: "2026-03-15" });
  if (result.kind === "question") return items.map(([item]) => item);
  const columns = result.draft.config.columns.filter((column) => column["drop"] !== true).map(nameOf);
  const told = [...result.assumptions, ...result.notUnderstood].join("\n").toLowerCase();
  return items.flatMap(([item, name]) => {
    const words = normaliseWords(name);
    // A longer name keeps the words, as in `customer_email`; a name with a remark behind it too.
    const isThere = columns.some((column) => {
      const own = normaliseWords(column);
      return words.every((word) => own.includes(word));
    });
    return isThere || told.includes(item.toLowerCase()) || told.includes(name.replaceAll("_", " ")) ? [] : [item];
  });
}

describe("every item of a list", () => {
  it.each(RELATIONS)("becomes a column or is told when it stands between others: %s", (item, name) => {
    const items = [
      ["customer", "customer"],
      [item, name],
      ["notes", "notes"],
    ] as const;
    expect(HEADS.map((head) => lost(`${head} ${items.map(([text]) => text).join(", ")}`, items)).flat()).toEqual([]);
  });

  it("becomes a column or is told in any mix", () => {
    const roll = dice(23);
    const wishes = [...ITEMS.map(([item, name]) => [item, name] as const), ...RELATIONS, ...RELATIONS];
    const problems = Array.from({ length: 250 }, () => {
      const list = Array.from({ length: 2 + roll(6) }, () => wishes[roll(wishes.length)] ?? (["", ""] as const));
      const joint = list.some(([text]) => /,|\bor\b/.test(text)) ? "; " : ", ";
      const brief = `${HEADS[roll(HEADS.length)]} ${list.map(([text]) => text).join(joint)}`;
      return lost(brief, list).map((item) => `${item} IN ${brief}`);
    });
    expect(problems.flat()).toEqual([]);
  });

  it("is kept when the list begins before the word that introduces it", () => {
    for (const brief of [
      "employee name, salary correlated with years of experience, age",
      "employee name, salary, age with 1 decimal",
      "employee name and salary with age",
    ]) {
      expect(
        lost(brief, [
          ["employee name", "employee_name"],
          ["salary", "salary"],
          ["age", "age"],
        ]),
      ).toEqual([]);
    }
  });
});

describe("the day on which a brief is read", () => {
  it("changes nothing in a brief that names no time relative to it", () => {
    for (const brief of [
      "500 fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date",
      "50 gizmos with launch_date, foo_at and model_year",
      "web logs with latency",
    ]) {
      const [first, later] = ["2026-11-22", "2027-03-01"].map((today) => designFromBrief(brief, { today }));
      expect(later).toEqual(first);
    }
  });
});
