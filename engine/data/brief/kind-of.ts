import type { DraftColumn } from "../design/draft.ts";
import { guessColumn } from "./heuristics.ts";
import { textOf } from "./json.ts";
import type { FieldKind } from "./lexicon/types.ts";
import type { Sheet } from "./sheet.ts";

/** What the column's values are, by the lexicon, else by how they are made. */
export function kindOf(sheet: Sheet, name: string, phrase: string): FieldKind {
  const field = sheet.fields.get(name);
  if (field !== undefined) return field.kind;
  return kindOfColumn(sheet.column(name)) ?? guessColumn(name, phrase).kind;
}

function kindOfColumn(column: DraftColumn | undefined): FieldKind | undefined {
  if (column === undefined) return undefined;
  switch (textOf(column["sampler_type"])) {
    case "uuid":
      return "id";
    case "bernoulli":
      return "boolean";
    case "poisson":
    case "binomial":
      return "integer";
    case "uniform":
    case "gaussian":
    case "scipy":
      return column["convert_to"] === "int" ? "integer" : undefined;
    case "datetime":
    case "timedelta":
      return textOf(column["convert_to"]).includes("%H") || column["convert_to"] === undefined ? "datetime" : "date";
    default:
      return undefined;
  }
}
