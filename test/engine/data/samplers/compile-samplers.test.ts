import { describe, expect, it } from "vitest";

import { type ColumnDraft, groupOf, numbersOf, personGroupOf, shown, text } from "./design.ts";
import { DEVIATIONS, meanError } from "./statistics.ts";

const COLUMNS: readonly ColumnDraft[] = [
  { name: "id", sampler_type: "uuid", params: { prefix: "A-" } },
  { name: "kind", sampler_type: "category", params: { values: ["x", "y", "z"], weights: [6, 3, 1] } },
  {
    name: "part",
    sampler_type: "subcategory",
    params: { category: "kind", values: { x: ["x1", "x2"], y: ["y1", "y2"], z: ["z1"] } },
  },
  { name: "limit", sampler_type: "uniform", params: { low: 20, high: 200, decimal_places: 2 } },
  { name: "price", sampler_type: "gaussian", params: { mean: 80, stddev: 30, decimal_places: 2 } },
  { name: "size", sampler_type: "scipy", params: { dist_name: "gamma", dist_params: { a: 2 } } },
  { name: "qty", sampler_type: "poisson", params: { mean: 3 }, conditional_params: { "kind == 'x'": { mean: 9 } } },
  { name: "day", sampler_type: "datetime", params: { start: "2024-01-01", end: "2025-01-01" } },
  { name: "due", sampler_type: "timedelta", params: { dt_min: 1, dt_max: 10, reference_column_name: "day" } },
];

const CONSTRAINTS = [
  { target_column: "price", operator: "gt", rhs: 0 },
  { target_column: "price", operator: "le", rhs: "limit" },
  { target_column: "size", operator: "gt", rhs: 1.5 },
];

describe("rows", () => {
  it.each([7, 100, 999])("are the same in row groups of %d", (size) => {
    const group = groupOf(COLUMNS, { constraints: CONSTRAINTS });
    const whole = group.generate({ firstRow: 0, rowCount: 1_000 });
    for (const { name } of COLUMNS) {
      const parts = Array.from({ length: Math.ceil(1_000 / size) }, (_, index) => {
        const firstRow = index * size;
        return shown(group.generate({ firstRow, rowCount: Math.min(size, 1_000 - firstRow) }), name);
      });
      expect(parts.flat()).toEqual(shown(whole, name));
    }
  });

  it("are the same from a group compiled anew, far into the dataset", () => {
    const range = { firstRow: 3_000_000_000, rowCount: 20 };
    const [first, second] = [groupOf(COLUMNS), groupOf(COLUMNS)].map((group) => group.generate(range));
    for (const { name } of COLUMNS) expect(shown(first ?? fail(), name)).toEqual(shown(second ?? fail(), name));
  });

  it("of other seeds are other rows", () => {
    const range = { firstRow: 0, rowCount: 50 };
    const [first, second] = [1, 2].map((seed) => groupOf(COLUMNS, { seed }).generate(range));
    for (const name of ["id", "limit", "price", "day"]) {
      expect(shown(first ?? fail(), name)).not.toEqual(shown(second ?? fail(), name));
    }
  });

  it("do not change in one column when another is added or parameters of another change", () => {
    const range = { firstRow: 0, rowCount: 200 };
    const alone = groupOf(COLUMNS.slice(0, 2)).generate(range);
    expect(shown(alone, "kind")).toEqual(shown(groupOf(COLUMNS).generate(range), "kind"));
  });

  it("keep the columns in the order of the design, though later ones may be drawn first", () => {
    const table = groupOf(
      [
        { name: "low", sampler_type: "uniform", params: { low: 0, high: 1 } },
        { name: "high", sampler_type: "uniform", params: { low: 0, high: 1 } },
      ],
      { constraints: [{ target_column: "low", operator: "lt", rhs: "high" }] },
    ).generate({ firstRow: 0, rowCount: 10 });
    expect([...table.columns.keys()]).toEqual(["low", "high"]);
  });

  it("of a seed never change: two of them are pinned", () => {
    const group = groupOf(COLUMNS, { constraints: CONSTRAINTS, seed: 42 });
    const table = group.generate({ firstRow: 99_999, rowCount: 2 });
    const rounded = (value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(12)) : value);
    expect(COLUMNS.map(({ name }) => [name, ...shown(table, name).map(rounded)])).toMatchInlineSnapshot(`
      [
        [
          "id",
          "A-9b4114f9ebf14596a5ca657ad3b567cd",
          "A-c8c5e11eb661433fb1b8ac9998994638",
        ],
        [
          "kind",
          "x",
          "y",
        ],
        [
          "part",
          "x2",
          "y1",
        ],
        [
          "limit",
          189.26,
          141.54,
        ],
        [
          "price",
          37.82,
          81.19,
        ],
        [
          "size",
          2.20021213381,
          3.4995419008,
        ],
        [
          "qty",
          11,
          3,
        ],
        [
          "day",
          "2024-03-30T00:00:00",
          "2024-04-07T00:00:00",
        ],
        [
          "due",
          "2024-04-05T00:00:00",
          "2024-04-08T00:00:00",
        ],
      ]
    `);
  });

  it("of an empty range are an empty table with all columns", () => {
    const table = groupOf(COLUMNS, { constraints: CONSTRAINTS }).generate({ firstRow: 5, rowCount: 0 });
    expect(table.rowCount).toBe(0);
    expect([...table.columns.keys()]).toEqual(COLUMNS.map(({ name }) => name));
  });
});

describe("conditional parameters", () => {
  const rows = { firstRow: 0, rowCount: 30_000 };

  it("apply to the rows where the condition holds, the column's own to the others", () => {
    const table = groupOf(COLUMNS).generate(rows);
    const kinds = shown(table, "kind");
    const quantities = numbersOf(table, "qty");
    expect(
      meanError(
        quantities.filter((_, row) => kinds[row] === "x"),
        9,
        9,
      ),
    ).toBeLessThan(DEVIATIONS);
    expect(
      meanError(
        quantities.filter((_, row) => kinds[row] !== "x"),
        3,
        3,
      ),
    ).toBeLessThan(DEVIATIONS);
  });

  it("of the last condition that holds win", () => {
    const table = groupOf([
      { name: "age", sampler_type: "uniform", params: { low: 0, high: 100 }, convert_to: "int" },
      {
        name: "fare",
        sampler_type: "uniform",
        params: { low: 0, high: 1 },
        conditional_params: { "age >= 10": { low: 10, high: 11 }, "age >= 60": { low: 60, high: 61 } },
      },
    ]).generate(rows);
    const fares = numbersOf(table, "fare");
    const expected = numbersOf(table, "age").map((age) => (age >= 60 ? 60 : age >= 10 ? 10 : 0));
    expect(fares.every((fare, row) => Math.floor(fare) === expected[row])).toBe(true);
  });

  it.each([
    ["kind in ['x', 'z']", (kind: unknown) => kind !== "y"],
    ["kind == 'x' or kind == 'y'", (kind: unknown) => kind !== "z"],
    ["kind != 'x'", (kind: unknown) => kind !== "x"],
    ["kind | upper == 'X'", (kind: unknown) => kind === "x"],
    ["kind", () => false],
    ["kind == 1", () => false],
  ])("may depend on any expression: %s", (condition, holds) => {
    const table = groupOf([
      ...COLUMNS.slice(1, 2),
      { name: "n", sampler_type: "bernoulli", params: { p: 0 }, conditional_params: { [condition]: { p: 1 } } },
    ]).generate({ firstRow: 0, rowCount: 2_000 });
    const wanted = shown(table, "kind").map((kind) => (holds(kind) ? 1 : 0));
    expect(shown(table, "n")).toEqual(wanted);
  });

  it("may list other values of a category, which its subcategory follows", () => {
    const table = groupOf([
      { name: "year", sampler_type: "category", params: { values: [2023, 2024] } },
      {
        name: "plan",
        sampler_type: "category",
        params: { values: ["free", "pro"] },
        conditional_params: { "year == 2024": { values: ["pro", "team"] } },
      },
      {
        name: "seats",
        sampler_type: "subcategory",
        params: { category: "plan", values: { free: [1], pro: [5], team: [20] } },
      },
    ]).generate({ firstRow: 0, rowCount: 2_000 });
    const [years, seats] = [numbersOf(table, "year"), numbersOf(table, "seats")];
    const seen = shown(table, "plan").map((plan, row) => `${years[row]} ${text(plan)} ${seats[row]}`);
    expect([...new Set(seen)].toSorted()).toEqual(["2023 free 1", "2023 pro 5", "2024 pro 5", "2024 team 20"]);
  });

  it("that cannot be evaluated are named with their column", () => {
    const group = groupOf([
      ...COLUMNS.slice(1, 2),
      { name: "n", sampler_type: "bernoulli", params: { p: 0 }, conditional_params: { "kind > 3": { p: 1 } } },
    ]);
    expect(() => group.generate({ firstRow: 0, rowCount: 5 })).toThrow(
      /^column "n": condition "kind > 3": .*'str' and 'int'/,
    );
  });

  it("may change what an id starts with", () => {
    const table = groupOf([
      ...COLUMNS.slice(1, 2),
      {
        name: "id",
        sampler_type: "uuid",
        params: { prefix: "N" },
        conditional_params: { "kind == 'x'": { prefix: "X" } },
      },
    ]).generate({ firstRow: 0, rowCount: 200 });
    const kinds = shown(table, "kind");
    expect(shown(table, "id").every((id, row) => text(id).startsWith(kinds[row] === "x" ? "X" : "N"))).toBe(true);
  });
});

describe("persons", () => {
  const rows = { firstRow: 0, rowCount: 4_000 };
  const records = (
    table: ReturnType<ReturnType<typeof groupOf>["generate"]>,
    name: string,
  ): Record<string, unknown>[] => shown(table, name).map((value) => value as Record<string, unknown>); // A person column holds objects only.

  it("have the fields of person_from_faker, and agree in sex, age, birth date, education and phone", async () => {
    const group = await personGroupOf([
      { name: "p", sampler_type: "person_from_faker", params: { locale: "de_DE", age_range: [5, 90] } },
    ]);
    const people = records(group.generate(rows), "p");
    expect(Object.keys(people[0] ?? {}).join(" ")).toBe(
      "uuid locale first_name last_name middle_name sex street_number street_name city state postcode age birth_date country marital_status education_level unit occupation phone_number bachelors_field",
    );
    for (const person of people) {
      const age = Number(person["age"]);
      const born = String(person["birth_date"]);
      expect(born > `${2025 - age}-01-01` && born <= `${2026 - age}-01-01`).toBe(true);
      expect(person["phone_number"] === null).toBe(age < 18);
      if (age < 18) expect(person["marital_status"]).toBe("never_married");
      const hasDegree = ["bachelors", "graduate", "doctorate"].includes(String(person["education_level"]));
      expect(person["bachelors_field"] === "no_degree").toBe(!hasDegree);
      expect([person["locale"], person["country"]]).toEqual(["de_DE", "Germany"]);
    }
    expect(new Set(people.map((person) => person["uuid"])).size).toBe(people.length);
    expect(
      meanError(
        Float64Array.from(people, (person) => Number(person["age"])),
        47.5,
        (86 ** 2 - 1) / 12,
      ),
    ).toBeLessThan(DEVIATIONS);
    expect(
      meanError(
        Float64Array.from(people, (person) => (person["sex"] === "Male" ? 1 : 0)),
        0.5,
        0.25,
      ),
    ).toBeLessThan(DEVIATIONS);
  });

  it("keep to the sex, the city and the ages asked for", async () => {
    const group = await personGroupOf([
      {
        name: "p",
        sampler_type: "person_from_faker",
        params: { locale: "fr_FR", sex: "Female", city: ["Lyon", "Nice"], age_range: [30, 31] },
      },
    ]);
    const people = records(group.generate(rows), "p");
    expect(new Set(people.map((person) => person["sex"]))).toEqual(new Set(["Female"]));
    expect(new Set(people.map((person) => person["city"]))).toEqual(new Set(["Lyon", "Nice"]));
    expect(new Set(people.map((person) => person["age"]))).toEqual(new Set([30, 31]));
  });

  it("of person have mail, an id that nobody has, selected values and personas", async () => {
    const group = await personGroupOf([
      {
        name: "p",
        sampler_type: "person",
        params: {
          age_range: [10, 60],
          select_field_values: { state: ["Texas"], education_level: ["doctorate"], occupation: ["Nurse"] },
          with_synthetic_personas: true,
        },
      },
    ]);
    const people = records(group.generate({ firstRow: 0, rowCount: 500 }), "p");
    for (const person of people) {
      expect([person["state"], person["education_level"], person["occupation"]]).toEqual([
        "Texas",
        "doctorate",
        "Nurse",
      ]);
      expect(person["national_id"]).toMatch(/^9\d\d-[0-4]\d-\d{4}$/);
      if (Number(person["age"]) < 18) expect(person["email_address"]).toBeNull();
      else expect(person["email_address"]).toMatch(/^[a-z]+\.[a-z]+\d+@example\.(com|org|net)$/);
      expect(person["persona"]).toContain(String(person["first_name"]));
      expect(person["openness"]).toHaveProperty("t_score");
    }
  });

  it.each(["ru_RU", "en_SG", "az_AZ", "hi_Deva_IN", "xx_YY"])(
    "can be of the locale %s, or of one that stands in",
    async (locale) => {
      const group = await personGroupOf([{ name: "p", sampler_type: "person_from_faker", params: { locale } }]);
      const people = records(group.generate({ firstRow: 0, rowCount: 50 }), "p");
      for (const field of ["first_name", "last_name", "city", "street_name", "country", "occupation", "phone_number"]) {
        expect(people.every((person) => typeof person[field] === "string" && person[field] !== "")).toBe(true);
      }
      expect(people[0]?.["locale"]).toBe(locale);
    },
  );

  it("are the same in any row group, and whatever other locales were loaded before", async () => {
    const column = { name: "p", sampler_type: "person_from_faker", params: { locale: "ja_JP" } };
    const other = { name: "q", sampler_type: "person_from_faker", params: { locale: "pt_BR" } };
    const alone = shown((await personGroupOf([column])).generate({ firstRow: 0, rowCount: 40 }), "p");
    const group = await personGroupOf([other, column]);
    expect(shown(group.generate({ firstRow: 30, rowCount: 10 }), "p")).toEqual(alone.slice(30));
  });

  it("cannot be drawn before their locale is loaded", () => {
    expect(() => groupOf([{ name: "p", sampler_type: "person_from_faker", params: {} }])).toThrow("loadPersonLibrary");
  });
});

function fail(): never {
  throw new Error("no table");
}
