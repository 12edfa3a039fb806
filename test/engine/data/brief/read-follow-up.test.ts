import { describe, expect, it } from "vitest";

import { designFromBrief } from "../../../../engine/data/brief/design-from-brief.ts";
import { readFollowUp } from "../../../../engine/data/brief/read-follow-up.ts";
import type { FollowUp } from "../../../../engine/data/brief/read-follow-up.ts";
import { checkDraft, emptyDraft } from "../../../../engine/data/design/draft.ts";
import type { DesignDraft } from "../../../../engine/data/design/draft.ts";
import { columnSummary, limits, names } from "./summary.ts";

const OPTIONS = { today: "2026-03-15" };
const BRIEF =
  "500 orders with customer, status (active 80 %, closed 20 %), amount between 10 and 500, order date in 2023, price 5-50, quantity 1-5, total = price * quantity, notes";
const COLUMNS = "customer status amount order_date price quantity total notes";

function draft(): DesignDraft {
  const result = designFromBrief(BRIEF, OPTIONS);
  if (result.kind === "question") throw new Error(result.question);
  return result.draft;
}

function edited(text: string): Extract<FollowUp, { kind: "edit" }> {
  const result = readFollowUp(text, draft(), OPTIONS);
  if (result.kind !== "edit") throw new Error(`${text}: ${JSON.stringify(result)}`);
  return result;
}

const without = (...gone: string[]): string =>
  COLUMNS.split(" ")
    .filter((name) => !gone.includes(name))
    .join(" ");

/** A change, the columns after it ("" is the same as before), and what one of them is then. */
const EDITS: readonly (readonly [text: string, columns: string, name?: string, made?: string])[] = [
  ["add a country column", `${COLUMNS} country`],
  ["add country and email", `${COLUMNS} country email`],
  ["add a country column after amount", "customer status amount country order_date price quantity total notes"],
  ["please add a column for shipping cost between 5 and 20", `${COLUMNS} shipping_cost`, "shipping_cost", "5..20 .2"],
  [
    "add shipping date 2 to 5 days after the order date",
    `${COLUMNS} shipping_date`,
    "shipping_date",
    "order_date+2..5D",
  ],
  ["add a channel (web, shop)", `${COLUMNS} channel`, "channel", "web|shop"],
  ["I also need is_gift 10 %", `${COLUMNS} is_gift`, "is_gift", "p=0.1"],
  ["add two columns: city, is_vip", `${COLUMNS} city is_vip`],
  ["make amounts normally distributed around 200", "", "amount", "N(200,40) .2"],
  ["make the amount between 100 and 200", "", "amount", "100..200 .2"],
  ["set the amount range to 10-20", "", "amount", "10..20 .2"],
  ["amount should be 10 to 90 with 1 decimal", "", "amount", "10..90 .1"],
  ["quantity Poisson with mean 3", "", "quantity", "Poisson(3)"],
  ["change quantity to 1-9", "", "quantity", "1|2|3|4|5|6|7|8|9"],
  ["order date since 2020", "", "order_date", "2020-01-01..2026-03-16 D"],
  ["only 2024 dates", "", "order_date", "2024-01-01..2025-01-01 D"],
  ["make status 50/50", "", "status", "active 50|closed 50"],
  ["status should be one of open, closed, lost", "", "status", "open|closed|lost"],
  ["set status to open/closed", "", "status", "open|closed"],
  ["make status evenly distributed", "", "status", "active|closed"],
  ["30 % of orders are closed", "", "status", "active 0.7|closed 0.3"],
  ["add lost to status", "", "status", "active 0.8|closed 0.2|lost 0.5"],
  ["remove closed from status", "", "status", "active 0.8"],
  ["use German names", "", "person", "person_from_faker"],
  ["remove the notes", without("notes")],
  ["no notes please", without("notes")],
  ["could you please remove the notes, thanks", without("notes")],
  ["skip notes when status is closed", COLUMNS],
  ["add email pls", `${COLUMNS} email`],
  ["drop notes and amount", without("notes", "amount")],
  ["I don't need the status", without("status")],
  ["hide price", without("price"), "total", "{{ (price * quantity) | round(2) }}"],
  ["remove price", without("price"), "price", "5..50 .2"],
  [
    "remove price and total",
    without("price", "total"),
    "price",
    "no column price in customer, status, amount, order_date, quantity, notes",
  ],
  ["rename amount to total_eur", COLUMNS.replace("amount", "total_eur")],
  [
    "rename price to unit_price",
    COLUMNS.replace("price", "unit_price"),
    "total",
    "{{ (unit_price * quantity) | round(2) }}",
  ],
  [
    'call the column quantity "pieces"',
    COLUMNS.replace("quantity", "pieces"),
    "total",
    "{{ (price * pieces) | round(2) }}",
  ],
  ["1,000 rows instead", ""],
  ["remove notes and 2,000 rows", without("notes")],
  ["remove notes, add city and make status 50/50", `${without("notes")} city`, "status", "active 50|closed 50"],
  ["10 % of notes missing", "", "notes_missing", "p=0.1"],
  ["yes, but remove the notes", without("notes")],
  ["add a total_cost = price * 2", `${COLUMNS} total_cost`, "total_cost", "{{ (price * 2) | round(2) }}"],
];

describe("a change", () => {
  const cases = EDITS.map(([text, columns, name, made]) => ({ text, columns, name, made }));
  it.each(cases)("$text", ({ text, columns, name, made }) => {
    const result = edited(text);
    expect(names(result.draft).join(" ")).toBe(columns === "" ? COLUMNS : columns);
    if (name !== undefined) expect(columnSummary(result.draft, name)).toBe(made);
    expect(result.changes.length).toBeGreaterThan(0);
    expect(checkDraft(result.draft).violations.filter((one) => one.level === "error")).toEqual([]);
  });
});

describe("settings", () => {
  it.each([
    ["1,000 rows instead", 1000],
    ["make it 2000", 2000],
    ["10k", 10_000],
    ["only 50 rows", 50],
    ["I want two hundred rows", 200],
    ["remove notes and 2,000 rows", 2000],
    ["20 rows please, yes", 20],
    ["Yes, go ahead with 500 rows", 500],
    ["perfect, run it with 300 rows", 300],
    ["let's do 2000 rows", 2000],
  ])("of rows: %s", (text, rows) => {
    expect(edited(text).draft.num_records).toBe(rows);
  });

  it("of seed, formats and name", () => {
    expect(edited("seed 7").draft.seed).toBe(7);
    expect(edited("as parquet").formats).toEqual(["parquet"]);
    expect(edited("make it 20 rows and as csv")).toMatchObject({ draft: { num_records: 20 }, formats: ["csv"] });
    expect(edited("rename the dataset to crm_orders").draft.name).toBe("crm_orders");
  });

  it("leave what was not said as it was", () => {
    const before = draft();
    expect(edited("1,000 rows instead").draft).toEqual({ ...before, num_records: 1000 });
  });
});

describe("a limit", () => {
  it("goes with the column that it limits", () => {
    const limited = edited("add a discount lower than price").draft;
    expect(limits(limited)).toContain("discount lt price");
    const result = readFollowUp("remove the discount", limited, OPTIONS);
    expect(result.kind === "edit" ? limits(result.draft) : result).not.toContain("discount lt price");
  });
});

describe("a locale", () => {
  it("is set on all people", () => {
    const persons = edited("use German names").draft.config.columns.filter(
      (column) => column["sampler_type"] === "person_from_faker",
    );
    expect(persons).toMatchObject([{ params: { locale: "de_DE" } }]);
  });
});

describe("an answer or a wish to see something", () => {
  it.each([
    ["yes", "approve"],
    ["ok go", "approve"],
    ["Yes, please!", "approve"],
    ["looks good, run it", "approve"],
    ["go ahead", "approve"],
    ["thanks", "thanks"],
    ["Great, thank you!", "thanks"],
    ["nice", "thanks"],
    ["good", "thanks"],
    ["can you show me the columns?", "show"],
    ["how many rows?", "show"],
    ["stop the job please", "cancel"],
    ["no, cancel", "reject"],
    ["no", "reject"],
    ["nope, not like that", "reject"],
    ["cancel the job", "cancel"],
    ["start over with 20 users", "new_brief"],
    ["new dataset: 100 hotel bookings", "new_brief"],
    ["I need 300 hotel bookings with guest, nights and price", "new_brief"],
    ["what's the status", "status"],
    ["is it done?", "status"],
    ["how far is it?", "status"],
    ["list my jobs", "jobs"],
    ["show me the design", "show"],
    ["what columns are there?", "show"],
    ["preview again", "preview"],
    ["show me a few rows", "preview"],
  ])("%s is %s", (text, kind) => {
    expect(readFollowUp(text, draft(), OPTIONS)).toEqual({ kind });
  });

  it("is a new brief when there is no design yet", () => {
    expect(readFollowUp("users with name and email", emptyDraft(), OPTIONS)).toEqual({ kind: "new_brief" });
  });
});

describe("a column that is not there", () => {
  it.each(["remove the flavour", "rename flavour to taste", "make flavour between 1 and 3"])(
    "is asked about: %s",
    (text) => {
      const result = readFollowUp(text, draft(), OPTIONS);
      expect(result).toMatchObject({ kind: "question" });
      const { question } = result as Extract<FollowUp, { kind: "question" }>; // Checked above.
      expect(question).toContain("flavour");
      for (const name of COLUMNS.split(" ")) expect(question).toContain(name);
      expect(question.match(/\?/g)).toHaveLength(1);
    },
  );

  it("and words that mean nothing lead to one question", () => {
    expect(readFollowUp("blah blah blah", draft(), OPTIONS)).toMatchObject({ kind: "question" });
  });
});
