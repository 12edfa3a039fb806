import type { SamplerParams } from "../design/sampler-params.ts";
import { Draws } from "../random.ts";
import type { JsonValue } from "../table.ts";
import type { SamplerResources } from "./index.ts";
import { poolsOf, type PersonPools } from "./person-library.ts";
import { drawPersona } from "./person-persona.ts";
import { drawBachelorsField, drawEducation, drawMaritalStatus } from "./person-values.ts";
import type { ValueSampler } from "./sampler.ts";

/** The day on which every person has the age stated. Fixed: the same seed gives the same persons next year. */
const BORN_BEFORE_YEAR = 2026;
const ADULT_AGE = 18;
const DAY_MS = 86_400_000;

/** Fields of a person besides its persona. */
export type Person = Record<string, string | number | null>;

/**
 * A person a row, put together from faker's names and places of the locale by the row's own random numbers. First name
 * and sex, age and birth date, age and marital status, education and degree, state and US postcode agree.
 */
export function compilePersonFromFaker(
  params: SamplerParams<"person_from_faker">,
  { persons }: SamplerResources,
): ValueSampler {
  const pools = poolsOf(persons, params.locale);
  return perRow((draws) => drawPerson(draws, pools, params, {}));
}

/** As `person_from_faker`, with more fields; `select_field_values` limits fields to lists of values. */
export function compilePerson(params: SamplerParams<"person">, { persons }: SamplerResources): ValueSampler {
  const pools = poolsOf(persons, params.locale);
  const selected = params.select_field_values ?? {};
  return perRow((draws) => {
    const person = drawPerson(draws, pools, params, selected);
    const isAdult = Number(person["age"]) >= ADULT_AGE;
    const email = emailOf(draws, person);
    const nationalId = drawNationalId(draws);
    person["ethnic_background"] = null;
    person["district"] = null;
    person["region"] = null;
    person["email_address"] = isAdult ? email : null;
    person["national_id"] = pools.code === "en_US" ? nationalId : null;
    for (const [field, values] of Object.entries(selected)) {
      const value = values[draws.nextIndex(values.length)];
      if (!DRAWN_BY_SELECTION.has(field) && value !== undefined) person[field] = value;
    }
    return params.with_synthetic_personas ? { ...person, ...drawPersona(draws, person) } : person;
  });
}

function perRow(draw: (draws: Draws) => JsonValue): ValueSampler {
  return {
    output: "json",
    fill(key, { firstRow, rowCount }) {
      const draws = new Draws(key);
      return Array.from({ length: rowCount }, (_, row) => draw(draws.start(firstRow + row, 0)));
    },
  };
}

/** Fields whose selected values decide others, so they are honoured while the person is drawn. */
const DRAWN_BY_SELECTION: ReadonlySet<string> = new Set(["sex", "city", "education_level", "state"]);

type Selected = Readonly<Record<string, readonly string[]>>;

function drawPerson(
  draws: Draws,
  pools: PersonPools,
  { sex, city, age_range: ageRange }: Pick<SamplerParams<"person_from_faker">, "sex" | "city" | "age_range">,
  selected: Selected,
): Person {
  const either = draws.next() < 0.5 ? "Male" : "Female";
  const sexValue = sex ?? chosen(draws, selected["sex"]) ?? either;
  const [youngest = 18, oldest = 114] = ageRange;
  const age = youngest + draws.nextIndex(oldest - youngest + 1);
  const candidates = placesIn(pools, selected["state"]);
  const place = candidates[draws.nextIndex(candidates.length)] ?? { city: "", state: "", postcode: "" };
  const cities = typeof city === "string" ? [city] : (city ?? undefined);
  const education = chosen(draws, selected["education_level"]) ?? drawEducation(draws, age);
  const phone = drawPhone(draws, pools.phoneNumbers);
  return {
    uuid: drawUuid(draws),
    locale: pools.code,
    first_name: from(draws, sexValue === "Female" ? pools.firstNames.Female : pools.firstNames.Male),
    last_name: from(draws, sexValue === "Female" ? pools.lastNames.Female : pools.lastNames.Male),
    middle_name: null,
    sex: sexValue,
    street_number: String(1 + draws.nextIndex(9_999)),
    street_name: from(draws, pools.streets),
    city: chosen(draws, cities) ?? chosen(draws, selected["city"]) ?? place.city,
    state: place.state,
    postcode: place.postcode,
    age,
    birth_date: drawBirthDate(draws, age),
    country: pools.country,
    marital_status: drawMaritalStatus(draws, age),
    education_level: education,
    unit: "",
    occupation: age < ADULT_AGE ? "student" : from(draws, pools.occupations),
    phone_number: age < ADULT_AGE ? null : phone,
    bachelors_field: drawBachelorsField(draws, education),
  };
}

function from(draws: Draws, values: readonly string[]): string {
  return values[draws.nextIndex(values.length)] ?? "";
}

function chosen(draws: Draws, values: readonly string[] | undefined): string | undefined {
  return values === undefined ? undefined : values[draws.nextIndex(values.length)];
}

/** All places when none is in the states asked for; the state is then set to one of those. */
function placesIn(pools: PersonPools, states: readonly string[] | undefined): PersonPools["places"] {
  if (states === undefined || states.length === 0) return pools.places;
  const inside = pools.places.filter((place) => states.includes(place.state));
  return inside.length > 0
    ? inside
    : states.map((state) => ({ city: pools.places[0]?.city ?? "", state, postcode: "" }));
}

/** Someone of age 30 on 1 January 2026 was born from 2 January 1995 to 1 January 1996. */
function drawBirthDate(draws: Draws, age: number): string {
  const after = Date.UTC(BORN_BEFORE_YEAR - age - 1, 0, 1);
  const last = Date.UTC(BORN_BEFORE_YEAR - age, 0, 1);
  const days = Math.round((last - after) / DAY_MS);
  return new Date(after + (1 + draws.nextIndex(days)) * DAY_MS).toISOString().slice(0, 10);
}

/** A number of the pool with its last four digits drawn anew, so that few persons share one. */
function drawPhone(draws: Draws, numbers: readonly string[]): string {
  const digits = String(10_000 + draws.nextIndex(10_000));
  let at = 0;
  return from(draws, numbers).replaceAll(/\d(?=(?:\D*\d){0,3}\D*$)/g, () => digits[(at += 1)] ?? "0");
}

function drawUuid(draws: Draws): string {
  const hex = (size: number): string =>
    draws
      .nextIndex(16 ** size)
      .toString(16)
      .padStart(size, "0");
  const variant = "89ab"[draws.nextIndex(4)] ?? "8";
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}

/** Domains that RFC 2606 keeps for examples: no mail to a person of a dataset ever reaches anybody. */
const MAIL_DOMAINS = ["example.com", "example.org", "example.net"];

function emailOf(draws: Draws, person: Person): string {
  const number = 10 + draws.nextIndex(990);
  const domain = from(draws, MAIL_DOMAINS);
  const part = (field: string): string =>
    String(person[field])
      .normalize("NFD")
      .replaceAll(/[^A-Za-z]/g, "")
      .toLowerCase();
  return `${part("first_name") || "user"}.${part("last_name") || "mail"}${number}@${domain}`;
}

/** Looks like a US social security number; those from 900 on are never given out, and groups to 49 are no tax ids. */
function drawNationalId(draws: Draws): string {
  const area = 900 + draws.nextIndex(100);
  const group = String(1 + draws.nextIndex(49)).padStart(2, "0");
  return `${area}-${group}-${String(1 + draws.nextIndex(9_999)).padStart(4, "0")}`;
}
