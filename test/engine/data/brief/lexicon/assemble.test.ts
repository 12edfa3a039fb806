import { describe, expect, it } from "vitest";

import { assembleFields } from "../../../../../engine/data/brief/lexicon/assemble.ts";
import { allDomains } from "../../../../../engine/data/brief/lexicon/lexicon.ts";

const domain = (id: string) => {
  const found = allDomains().find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no domain ${id}`);
  return found;
};
const summary = (...input: Parameters<typeof assembleFields>) =>
  assembleFields(...input).columns.map(({ name, drop }) => (drop === true ? `(${name})` : name));

describe("assembling fields", () => {
  it("adds what a field needs before it, hidden", () => {
    expect(summary(["due_date"])).toEqual(["(invoice_date)", "due_date"]);
    expect(summary(["patient_name", "age"])).toEqual(["(person)", "patient_name", "age"]);
  });

  it("shows what was asked for in the order asked for", () => {
    expect(summary(["due_date", "invoice_date"])).toEqual(["due_date", "invoice_date"]);
    expect(summary(["city", "country"])).toEqual(["city", "country"]);
  });

  it("names columns as told and lets every reference follow", () => {
    const { columns, constraints } = assembleFields(["country", "city", "systolic", "diastolic"], {
      names: { country: "land", systolic: "upper", diastolic: "lower" },
    });
    expect(columns.map(({ name }) => name)).toEqual(["land", "city", "upper", "lower"]);
    expect(columns[1]).toMatchObject({ params: { category: "land" } });
    expect(constraints).toContainEqual({ target_column: "lower", operator: "lt", rhs: "upper" });
  });

  it("gives a hidden column another name when a shown one has its name", () => {
    expect(summary(["due_date"], { names: { due_date: "invoice_date" } })).toEqual([
      "(invoice_date_2)",
      "invoice_date",
    ]);
  });

  it("lets a domain change parameters, names and how a field is made", () => {
    const { columns, constraints } = assembleFields(["order_total", "claim_amount"], {
      domain: domain("hotel_reservation"),
    });
    expect(columns.map(({ name, drop }) => [name, drop === true])).toEqual([
      ["nights", true],
      ["nightly_rate", true],
      ["total_price", false],
      ["claim_amount", false],
    ]);
    expect(columns[2]).toMatchObject({ column_type: "expression", expr: "{{ (nights * nightly_rate) | round(2) }}" });
    expect(constraints.map((constraint) => constraint["target_column"])).not.toContain("total_price");
  });

  it("drops the constraints of a field that a relation defines anew", () => {
    const claim = assembleFields(["payout_amount"], { domain: domain("insurance_claim") });
    expect(claim.columns.at(-1)).toMatchObject({ name: "payout_amount", column_type: "expression" });
    expect(claim.constraints.map((constraint) => constraint["target_column"])).not.toContain("payout_amount");
  });

  it("keeps conditions that need a column out of a design without it", () => {
    const [usage] = assembleFields(["logins_per_month"], { domain: domain("customer_churn") }).columns;
    expect(usage).not.toHaveProperty("conditional_params");
    const both = assembleFields(["logins_per_month", "is_churned"], { domain: domain("customer_churn") }).columns;
    expect(both[0]).toMatchObject({ conditional_params: { "churned == 1": { dist_params: { n: 2, p: 0.35 } } } });
  });

  it("leaves out ids that are no fields, and mail addresses as they are", () => {
    expect(summary(["no_such_field", "email"])).toEqual(["(person)", "email"]);
    expect(assembleFields(["email"]).columns[1]?.["expr"]).toContain("}}@example.com");
  });
});
