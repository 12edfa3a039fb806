/** Prompts of text columns: they show the model the other columns of the row. */
import type { DraftColumn } from "../design/draft.ts";
import { nameOf, textOf } from "./json.ts";
import { singular } from "./lexicon/words.ts";
import type { Sheet } from "./sheet.ts";

/** So many values of the row a prompt shows. */
const MAX_SHOWN = 5;

/** Fills the prompts that are still empty; `subject` is what a row is about. */
export function fillPrompts(sheet: Sheet, subject: string): void {
  sheet.columns = sheet.columns.map((column) => {
    const prompt = column["prompt"];
    const isOpen = typeof prompt === "string" && !prompt.includes("{{");
    return isOpen && textOf(column["column_type"]).startsWith("llm-")
      ? { ...column, prompt: promptFor(sheet, column, prompt, subject) }
      : column;
  });
}

function promptFor(sheet: Sheet, column: DraftColumn, wish: string, subject: string): string {
  const name = nameOf(column);
  const label = name.replaceAll("_", " ").toLowerCase();
  const about = subject === "" ? "this row" : `this ${subject.replace(/\p{L}+$/u, singular)}`;
  const facts = shownColumns(sheet, name).map((other) => `${other.replaceAll("_", " ")}: {{ ${other} }}`);
  const tail = facts.length === 0 ? "" : ` ${facts.join("; ")}.`;
  switch (textOf(column["column_type"])) {
    case "llm-judge": {
      const text = judgedText(sheet, name);
      return text === undefined ? `Judge ${about}.${tail}` : `Judge this ${text.replaceAll("_", " ")}: {{ ${text} }}`;
    }
    case "llm-code":
      return `Write a short ${label} that would fit ${about}.${tail}`;
    case "llm-structured":
      return `Describe ${about} as JSON.${tail}`;
    default:
      return `${wish === "" ? `Write a short ${label} for ${about}.` : wish}${tail}`;
  }
}

/** What the row is about first: labels, then people, numbers and dates; ids and other texts say little. */
function shownColumns(sheet: Sheet, name: string): string[] {
  const rank = (column: DraftColumn): number => {
    const type = textOf(column["sampler_type"]);
    if (type === "category" || type === "subcategory") return 0;
    if (column["column_type"] === "expression")
      return column["dtype"] === "str" || column["dtype"] === undefined ? 1 : 2;
    return type === "uuid" || type.startsWith("person") || type === "" ? 9 : 2;
  };
  return sheet
    .visible()
    .filter((column) => nameOf(column) !== name && rank(column) < 9 && !readsFrom(sheet, nameOf(column), name))
    .map((column, at) => ({ name: nameOf(column), rank: rank(column), at }))
    .toSorted((left, right) => left.rank - right.rank || left.at - right.at)
    .slice(0, MAX_SHOWN)
    .map((entry) => entry.name);
}

/** An expression over the text itself cannot be shown in its prompt. */
function readsFrom(sheet: Sheet, reader: string, name: string): boolean {
  return textOf(sheet.column(reader)?.["expr"]).includes(name);
}

/** The text column that is judged: the last one written, before any other judge. */
function judgedText(sheet: Sheet, name: string): string | undefined {
  const texts = sheet
    .visible()
    .filter(
      (column) =>
        ["llm-text", "llm-code", "llm-structured"].includes(textOf(column["column_type"])) && nameOf(column) !== name,
    );
  return texts.length === 0 ? undefined : nameOf(texts[texts.length - 1] ?? {});
}
