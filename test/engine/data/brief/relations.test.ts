import { describe, expect, it } from "vitest";

import { designFromBrief } from "../../../../engine/data/brief/design-from-brief.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { createGenerator } from "../../../../engine/data/generate.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import type { Row } from "../../../../engine/data/table-rows.ts";

const ROWS = 200;

async function generate(brief: string, rowCount = ROWS): Promise<readonly Row[]> {
  const result = designFromBrief(brief, { today: "2026-03-15" });
  if (result.kind === "question") throw new Error(`a question: ${brief}`);
  const { design, violations } = parseDesign(result.draft.config);
  if (design === undefined) throw new Error(violations.map(({ message }) => message).join("; "));
  const generator = await createGenerator({ design, plan: planColumns(design), seed: 1 });
  const { table, failures } = await generator.generateRows({ firstRow: 0, rowCount });
  expect(failures).toEqual([]);
  return tableRows(table);
}

const time = (value: unknown): number => (typeof value === "string" ? Date.parse(value) : Number.NaN);
const days = (row: Row, from: string, to: string): number => (time(row[to]) - time(row[from])) / 86_400_000;
const number = (value: unknown): number => Number(value);

/** Pearson's correlation of two columns. */
function correlation(rows: readonly Row[], first: string, second: string): number {
  const pairs = rows.map((row) => [number(row[first]), number(row[second])] as const);
  const mean = (at: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  const [left, right] = [mean(0), mean(1)];
  const sum = (part: (x: number, y: number) => number): number =>
    pairs.reduce((total, [x, y]) => total + part(x - left, y - right), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

type Check = (row: Row) => boolean;

const RELATIONS: readonly (readonly [brief: string, holds: Check])[] = [
  [
    "500 medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date",
    (row) => days(row, "invoice_date", "due_date") > 0 && number(row["amount"]) >= 50 && number(row["amount"]) <= 5000,
  ],
  [
    "orders with order date in 2024, ship date 1 to 10 days after the order date",
    (row) => days(row, "order_date", "ship_date") >= 1 && days(row, "order_date", "ship_date") <= 10,
  ],
  ["orders with ship date at least 2 days after the order date", (row) => days(row, "order_date", "ship_date") >= 2],
  [
    "orders with delivery date within 5 days of the order date",
    (row) => days(row, "order_date", "delivery_date") >= 0 && days(row, "order_date", "delivery_date") <= 5,
  ],
  ["trips with order date before ship date and a price", (row) => days(row, "order_date", "ship_date") > 0],
  ["meetings with start time, end time after start time", (row) => time(row["end_time"]) > time(row["start_time"])],
  [
    "projects with start date and end date. The end date must be after the start date.",
    (row) => days(row, "start_date", "end_date") > 0,
  ],
  [
    "products with price between 5 and 200, discount lower than price",
    (row) => number(row["discount"]) < number(row["price"]),
  ],
  [
    "bids with min_price between 1 and 50, max_price between 10 and 60, min_price less than max_price",
    (row) => number(row["min_price"]) < number(row["max_price"]),
  ],
  [
    "bids with low_mark 1-9, high_mark 1-9, high_mark greater than low_mark",
    (row) => number(row["high_mark"]) > number(row["low_mark"]),
  ],
  [
    "carts with price 5-50, quantity 1-5, total = price * quantity",
    (row) => Math.abs(number(row["total"]) - number(row["price"]) * number(row["quantity"])) < 0.006,
  ],
  [
    "shops with revenue between 100 and 900 and cost between 10 and 90, profit is revenue minus cost",
    (row) => Math.abs(number(row["profit"]) - number(row["revenue"]) + number(row["cost"])) < 0.006,
  ],
  [
    "scores: exam_a 0-100, exam_b 0-100, grand_total is the sum of exam_a and exam_b",
    (row) => Math.abs(number(row["grand_total"]) - number(row["exam_a"]) - number(row["exam_b"])) < 0.006,
  ],
  [
    "cars with brand (Ford, VW), model depends on brand (Ford: Focus, F-150; VW: Golf, Polo)",
    (row) => (row["model"] === "Focus" || row["model"] === "F-150") === (row["brand"] === "Ford"),
  ],
  [
    "staff with role (manager, clerk), salary between 40000 and 50000. Salary 100 % higher for managers.",
    (row) => row["role"] === "manager" || number(row["salary"]) <= 50_000,
  ],
  [
    "visits with amount normally distributed around 100 with sd 50 between 0 and 150",
    (row) => number(row["amount"]) >= 0 && number(row["amount"]) <= 150,
  ],
  [
    "products with list price between 10 and 500, sale price 10 to 20 % lower than list price",
    (row) => {
      const share = number(row["sale_price"]) / number(row["list_price"]);
      return share > 0.799 && share < 0.901;
    },
  ],
  [
    "tickets with status open/closed, closed at only when status is closed",
    (row) => (row["closed_at"] === null) === (row["status"] === "open"),
  ],
  [
    "shifts with start time between 9am and 5pm",
    (row) => typeof row["start_time"] === "string" && row["start_time"] >= "09:00" && row["start_time"] <= "17:00",
  ],
  ["items with width at least 10", (row) => number(row["width"]) >= 10],
];

describe("200 generated rows keep", () => {
  it.each(RELATIONS)("%s", async (brief, holds) => {
    const rows = await generate(brief);
    expect(rows).toHaveLength(ROWS);
    expect(rows.filter((row) => !holds(row))).toEqual([]);
  });

  it("missing values about as often as asked, and only there", async () => {
    const rows = await generate("users with name, score between 0 and 10 (20 % missing)");
    const missing = rows.filter((row) => row["score"] === null).length;
    // 200 rows at 20 %: a standard deviation is 5.7.
    expect(missing).toBeGreaterThan(15);
    expect(missing).toBeLessThan(65);
    expect(rows.some((row) => row["name"] === null)).toBe(false);
  });

  it("shares that a sentence gives", async () => {
    const rows = await generate("users with name, status (active, closed). 90 % of users are active.");
    expect(rows.filter((row) => row["status"] === "active").length).toBeGreaterThan(160);
  });
});

describe("the time between two columns", () => {
  it.each([
    ["projects with start date, end date, days = end - start", "days", "start_date", "end_date", 86_400_000],
    ["calls with started at, ended at, minutes = ended at - started at", "minutes", "started_at", "ended_at", 60_000],
    [
      "stays with check_in, check_out, number of nights = check_out - check_in",
      "number_of_nights",
      "check_in",
      "check_out",
      86_400_000,
    ],
    [
      "jobs with start time between 2019 and 2025, end time 1 to 900 hours after start time, hours = end time - start time",
      "hours",
      "start_time",
      "end_time",
      3_600_000,
    ],
  ] as const)("is that of the rows: %s", async (brief, column, start, end, unitMs) => {
    const rows = await generate(brief);
    const wrong = rows.filter(
      (row) =>
        !(Math.abs(number(row[column]) - (time(row[end]) - time(row[start])) / unitMs) < 0.06) ||
        number(row[column]) < 0,
    );
    expect(wrong).toEqual([]);
  });

  it("is whole days of dates", async () => {
    const rows = await generate("projects with start date, end date, days = end - start");
    expect(rows.every((row) => Number.isInteger(row["days"]))).toBe(true);
  });
});

describe("correlations of a brief", () => {
  it.each([
    ["employees with salary correlated with years of experience", "salary", "years_of_experience", 1],
    ["employee name, salary correlated with years of experience, age", "salary", "years_of_experience", 1],
    ["people with age and income. Income increases with age.", "income", "age", 1],
    ["houses with size, rating 1-5 inversely correlated with size", "rating", "size", -1],
    ["staff with score 1 to 100, bonus 0-10 that grows with score", "bonus", "score", 1],
    ["staff with level 1 to 6, bonus 100 to 900 that falls with level", "bonus", "level", -1],
  ] as const)("shows in the rows: %s", async (brief, column, other, sign) => {
    expect(correlation(await generate(brief), column, other) * sign).toBeGreaterThan(0.4);
  });

  it("stays within the ends that the brief says", async () => {
    const prices = (await generate("houses with size, price between 100000 and 900000 correlated with size")).map(
      (row) => number(row["price"]),
    );
    expect(Math.min(...prices)).toBeGreaterThanOrEqual(100_000);
    expect(Math.max(...prices)).toBeLessThanOrEqual(900_000);
  });

  it("is told when it cannot be made, with the column kept", () => {
    const result = designFromBrief("loans with risk level correlated with credit score, name", { today: "2026-03-15" });
    expect(result).toMatchObject({ notUnderstood: ["risk level correlated with credit score"] });
  });
});

describe("whole numbers of a brief", () => {
  it.each([
    ["halls with number of seats 2 to 21", "number_of_seats", 2, 21],
    ["halls with seats uniform between 2 and 21", "seats", 2, 21],
    ["visits with visit hour 0 to 23 and a name", "visit_hour", 0, 23],
  ] as const)("are all as likely as the others: %s", async (brief, column, low, high) => {
    const rows = await generate(brief, 8_000);
    const share = (value: number): number => rows.filter((row) => row[column] === value).length / rows.length;
    const even = 1 / (high - low + 1);
    for (const end of [low, high]) expect(share(end) / even).toBeGreaterThan(0.8);
    expect(rows.every((row) => Number.isInteger(row[column]))).toBe(true);
    expect(share(low - 1) + share(high + 1)).toBe(0);
  });
});
