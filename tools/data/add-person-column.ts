import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import {
  choiceField,
  field,
  nameField,
  optional,
  readJson,
  readNumber,
  readText,
  textListField,
} from "./design-tools/fields.ts";

const ageRangeField = field(
  { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
  "Youngest and oldest age, default [18, 114]",
  "[youngest, oldest], for example [18, 65]",
  (given) => {
    const value = typeof given === "string" && given.trim().startsWith("[") ? readJson(given) : given;
    const items = Array.isArray(value) ? value : readText(value)?.split(/\s*(?:-|–|to|,)\s*/);
    const ages = items?.map(readNumber);
    return ages?.length === 2 && ages.every((age) => age !== undefined) ? ages : undefined;
  },
);

export const addPersonColumn = defineColumnTool({
  name: "add_person_column",
  title: "Add a column of people",
  description:
    "Add a column of made-up people. Take fields from it with add_expression_column, for example {{ patient.first_name }}; fields: first_name, last_name, sex, age, birth_date, street_number, street_name, city, state, postcode, country, phone_number, occupation, marital_status, education_level. Set drop when only the fields are wanted.",
  example: { name: "patient", locale: "en_US", drop: true },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    locale: optional(nameField("Language and country, for example en_US (default), de_DE, fr_FR, ja_JP")),
    sex: optional(choiceField(["Male", "Female"], "Only people of this sex", { m: "Male", f: "Female" })),
    city: optional(textListField("Only people of these cities")),
    age_range: optional(ageRangeField),
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, locale, sex, city, age_range, drop }) => ({
    column_type: "sampler",
    name,
    sampler_type: "person_from_faker",
    params: { locale: locale?.replace(/^([a-z]{2,3})-([A-Z]{2})$/, "$1_$2"), sex, city, age_range },
    drop,
  }),
});
