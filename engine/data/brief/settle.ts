/** People of one country live in its cities. */
import { categoryColumn, expressionColumn } from "./columns.ts";
import { isObject, nameOf, paramsOf, textOf } from "./json.ts";
import { countryOf } from "./locales.ts";
import type { Sheet } from "./sheet.ts";

/**
 * The country becomes the only one, and lists of cities by country keep the cities of that country; where they have
 * none, the cities are those of the person, whose locale is the same.
 */
export function settle(sheet: Sheet, locale: string): void {
  const country = countryOf(locale).replaceAll(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
  const person = sheet.columns.find((column) => textOf(column["sampler_type"]).startsWith("person"));
  const places = sheet.columns.filter((column) => {
    const isOfCountries = sheet.fields.get(textOf(paramsOf(column)["category"]))?.id ?? "country";
    return sheet.fields.get(nameOf(column))?.id === "city" && isOfCountries === "country";
  });
  for (const city of places) {
    const { category, values } = paramsOf(city);
    const parent = textOf(category);
    if (city["sampler_type"] !== "subcategory" || !sheet.has(parent)) continue;
    const known = isObject(values) ? values[country] : undefined;
    if (known !== undefined) {
      sheet.replace({ ...city, params: { category: parent, values: { [country]: known } } });
    } else if (person !== undefined) {
      sheet.replace(expressionColumn(nameOf(city), `{{ ${nameOf(person)}.city }}`, "str"));
    } else continue;
    sheet.replace(categoryColumn(parent, [country]));
  }
}
