import type { Faker } from "@faker-js/faker";

import type { Design } from "../design/design.ts";
import { chooseLocale } from "../design/locales.ts";
import { countryOf, loadFaker } from "./person-locales.ts";

export interface Place {
  readonly city: string;
  readonly state: string;
  readonly postcode: string;
}

/** What persons of a locale are put together from; all lists have at least one entry. */
export interface PersonPools {
  /** As the design writes it, also where another locale's names stand in for it: the design's check says so. */
  readonly code: string;
  readonly country: string;
  readonly firstNames: { readonly Male: readonly string[]; readonly Female: readonly string[] };
  /** By sex too: in Slavic languages they differ. */
  readonly lastNames: { readonly Male: readonly string[]; readonly Female: readonly string[] };
  readonly places: readonly Place[];
  readonly streets: readonly string[];
  readonly occupations: readonly string[];
  readonly phoneNumbers: readonly string[];
}

/** The pools of the locales that were loaded, by the code the design writes. */
export type PersonLibrary = ReadonlyMap<string, PersonPools>;

export const NO_PERSONS: PersonLibrary = new Map();

/** Fixed, so that the pools and with them the rows do not depend on what was loaded before. */
const POOL_SEED = 20_240_229;
const NAMES = 1_500;
const PLACES = 1_000;
const OTHERS = 600;

/**
 * Loads what the person columns of a design need, each locale once. Faker makes some 20,000 persons a second; picking
 * from pools that it made beforehand is several times as fast, and lets a row depend on its own random numbers only.
 */
export async function loadPersonLibrary(design: Design): Promise<PersonLibrary> {
  const codes = new Set<string>();
  for (const column of design.columns) {
    if (column.column_type !== "sampler") continue;
    if (column.sampler_type !== "person" && column.sampler_type !== "person_from_faker") continue;
    for (const params of [column.params, ...Object.values(column.conditional_params)]) codes.add(params.locale);
  }
  const loaded = [...codes].map(async (code) => {
    const faker = await loadFaker(chooseLocale(code).faker);
    return [code, fillPools(code, faker)] as const;
  });
  return new Map(await Promise.all(loaded));
}

/** Throws a plain Error when the caller has not loaded the design's locales. */
export function poolsOf(library: PersonLibrary, locale: string): PersonPools {
  const pools = library.get(locale);
  if (pools === undefined) throw new Error(`persons of ${locale} are not loaded: call loadPersonLibrary first`);
  return pools;
}

function fillPools(code: string, faker: Faker): PersonPools {
  faker.seed(POOL_SEED);
  const usesStates = code === "en_US";
  return {
    code,
    country: countryOf(code),
    firstNames: {
      Male: pool(NAMES, () => faker.person.firstName("male")),
      Female: pool(NAMES, () => faker.person.firstName("female")),
    },
    lastNames: {
      Male: pool(NAMES, () => faker.person.lastName("male")),
      Female: pool(NAMES, () => faker.person.lastName("female")),
    },
    places: Array.from({ length: PLACES }, () => (usesStates ? placeInState(faker) : anyPlace(faker))),
    streets: pool(OTHERS, () => faker.location.street()),
    occupations: pool(OTHERS, () => faker.person.jobTitle()),
    phoneNumbers: pool(OTHERS, () => faker.phone.number({ style: "national" })),
  };
}

function pool(size: number, make: () => string): readonly string[] {
  return [...new Set(Array.from({ length: size }, make))];
}

function anyPlace(faker: Faker): Place {
  return {
    city: faker.location.city(),
    state: orEmpty(() => faker.location.state()),
    postcode: orEmpty(() => faker.location.zipCode()),
  };
}

/** The postcode is one of the state's. */
function placeInState(faker: Faker): Place {
  const abbreviations = faker.rawDefinitions.location?.state_abbr ?? [];
  const states = faker.rawDefinitions.location?.state ?? [];
  const index = faker.number.int({ min: 0, max: states.length - 1 });
  return {
    city: faker.location.city(),
    state: states[index] ?? "",
    postcode: faker.location.zipCode({ state: abbreviations[index] ?? "" }),
  };
}

/** Empty for what a country does not have, as states or postcodes: faker then throws an error of no name of its own. */
function orEmpty(make: () => string): string {
  try {
    return make();
  } catch {
    return "";
  }
}
