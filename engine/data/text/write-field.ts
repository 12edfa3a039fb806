import type { Dice } from "./dice.ts";
import { SLOTS } from "./lexicon.ts";

export interface FieldOptions {
  /** Name of the property. */
  readonly name: string;
  /** JSON Schema format. */
  readonly format: string | undefined;
  readonly dice: Dice;
}

const CITIES = [
  "Lisbon",
  "Portland",
  "Leeds",
  "Graz",
  "Toulouse",
  "Osaka",
  "Denver",
  "Utrecht",
  "Valencia",
  "Austin",
  "Aarhus",
  "Turin",
];
const COUNTRIES = [
  "Portugal",
  "Canada",
  "Austria",
  "France",
  "Japan",
  "Netherlands",
  "Spain",
  "Denmark",
  "Italy",
  "Ireland",
];
const STREETS = ["Mill", "Garden", "Station", "Harbour", "Church", "Park", "Bridge", "Meadow", "Orchard", "King"];
const COMPANIES = ["Alder", "Brightwater", "Copperfield", "Delta", "Evergreen", "Fairview", "Granite", "Highland"];
const COLOURS = ["red", "blue", "green", "black", "white", "grey", "orange", "yellow"];
const CURRENCIES = ["EUR", "USD", "GBP", "JPY", "CHF"];
const LANGUAGES = ["English", "German", "French", "Spanish", "Japanese", "Portuguese"];

const FIELDS: readonly (readonly [name: RegExp, write: (dice: Dice) => string])[] = [
  [/e_?mail/i, email],
  [/phone|mobile|telephone/i, (dice) => `+1-555-${digits(dice, 3)}-${digits(dice, 4)}`],
  [/first_?name|given_?name/i, (dice) => dice.pick(SLOTS.first_names)],
  [/last_?name|surname|family_?name/i, (dice) => dice.pick(SLOTS.last_names)],
  [
    /company|employer|organi[sz]ation|vendor|brand/i,
    (dice) => `${dice.pick(COMPANIES)} ${dice.pick(["Ltd", "Group", "Systems", "Partners"])}`,
  ],
  [
    /(?:^|_)(?:full_?name|author|customer|patient|person|user|owner|contact|reviewer|employee|manager|agent)(?:_name)?$|^name$/i,
    (dice) => `${dice.pick(SLOTS.first_names)} ${dice.pick(SLOTS.last_names)}`,
  ],
  [/user_?name|login|handle/i, (dice) => `${dice.pick(SLOTS.first_names).toLowerCase()}${digits(dice, 3)}`],
  [/(?:time_?stamp|date_?time|_at$)/i, (dice) => `${date(dice)}T${time(dice)}Z`],
  [/(?:^|_)(?:date|day|deadline|birthday|dob)$|date$/i, date],
  [/(?:^|_)time$/i, time],
  [/city|town/i, (dice) => dice.pick(CITIES)],
  [/country/i, (dice) => dice.pick(COUNTRIES)],
  [/street|address/i, (dice) => `${dice.between(1, 240)} ${dice.pick(STREETS)} Street`],
  [/zip|post(?:al)?_?code/i, (dice) => digits(dice, 5)],
  [/colou?r/i, (dice) => dice.pick(COLOURS)],
  [/currency/i, (dice) => dice.pick(CURRENCIES)],
  [/language/i, (dice) => dice.pick(LANGUAGES)],
  [/status|state$/i, (dice) => dice.pick(["open", "in progress", "closed", "on hold"])],
  [/priority|severity|urgency/i, (dice) => dice.pick(["low", "medium", "high"])],
  [/sentiment|mood/i, (dice) => dice.pick(["positive", "neutral", "negative"])],
  [/url|website|link|uri/i, url],
  [
    /(?:^|_)(?:id|uuid|key|code|sku|number|reference)$/i,
    (dice) =>
      `${dice.pick(Array.from("ABCDEFGHKMNPRSTX"))}${dice.pick(Array.from("ABCDEFGHKMNPRSTX"))}-${digits(dice, 5)}`,
  ],
];

const FORMATS: Readonly<Record<string, (dice: Dice) => string>> = {
  date,
  time: (dice) => `${time(dice)}Z`,
  "date-time": (dice) => `${date(dice)}T${time(dice)}Z`,
  email,
  uri: url,
  uuid: (dice) => {
    const hex = (length: number): string => Array.from({ length }, () => dice.between(0, 15).toString(16)).join("");
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${dice.pick(Array.from("89ab"))}${hex(3)}-${hex(12)}`;
  },
  ipv4: (dice) => `192.0.2.${dice.between(1, 254)}`,
};

/** A short value for a property with a usual name or a format, or undefined. Addresses are ones kept for documentation. */
export function writeField({ name, format, dice }: FieldOptions): string | undefined {
  const byFormat = format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  return (byFormat ?? FIELDS.find(([pattern]) => pattern.test(name))?.[1])?.(dice);
}

function digits(dice: Dice, length: number): string {
  return Array.from({ length }, () => String(dice.between(0, 9))).join("");
}

function date(dice: Dice): string {
  return `${dice.between(2021, 2025)}-${two(dice.between(1, 12))}-${two(dice.between(1, 28))}`;
}

function time(dice: Dice): string {
  return `${two(dice.between(0, 23))}:${two(dice.between(0, 59))}:${two(dice.between(0, 59))}`;
}

function email(dice: Dice): string {
  return `${dice.pick(SLOTS.first_names)}.${dice.pick(SLOTS.last_names)}@example.com`.toLowerCase();
}

function url(dice: Dice): string {
  return `https://example.com/${dice.pick(COMPANIES).toLowerCase()}/${dice.between(100, 9999)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
