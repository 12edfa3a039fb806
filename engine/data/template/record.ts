import type { JsonValue } from "../table.ts";
import type { Template } from "./ast.ts";
import { cellValue, type ColumnType } from "./cells.ts";
import { templateError } from "./errors.ts";
import { rowRandom } from "./row-random.ts";
import { Runtime } from "./runtime.ts";
import { NO_VALUE, type Value } from "./values.ts";

export type TemplateRecord = Readonly<Record<string, JsonValue>>;

export interface TemplateOptions {
  /** Types of the columns, so that a whole number of a float column prints as `3.0`. */
  readonly columnTypes?: Readonly<Record<string, ColumnType>>;
  /** Names that exist. When given, a template that uses any other name is refused at once. */
  readonly knownVariables?: readonly string[];
}

/** Uniform numbers in [0, 1) for the filter `random`, keyed by seed, column and row. */
export type Random = () => number;

/** Refuses a template that uses a name which does not exist. */
export function checkKnown(template: Template, { knownVariables }: TemplateOptions): void {
  if (knownVariables === undefined) return;
  const unknown = template.variables.filter((name) => !knownVariables.includes(name));
  if (unknown.length === 0) return;
  const known = knownVariables.length === 0 ? "there are none" : `known are ${knownVariables.join(", ")}`;
  throw templateError(
    template.source,
    0,
    `unknown variable ${unknown.map((name) => `\`${name}\``).join(", ")}; ${known}`,
  );
}

const NO_TEXTS: (string | undefined)[] = [];
/** Puts the cells that a template uses into their slots. Only the record's own keys are seen. */
export function startRuntime(variables: readonly string[], { columnTypes = {} }: TemplateOptions) {
  const types = variables.map((name) => (Object.hasOwn(columnTypes, name) ? columnTypes[name] : undefined));
  return (record: TemplateRecord, random?: Random): Runtime => {
    // Loop variables get their slots when the loop begins.
    const slots: Value[] = [];
    let texts: (string | undefined)[] = NO_TEXTS;
    for (let at = 0; at < variables.length; at++) {
      const name = variables[at] ?? "";
      const cell = Object.hasOwn(record, name) ? record[name] : undefined;
      const value = cell === undefined ? NO_VALUE : cellValue(cell, types[at]);
      if (typeof cell === "string" && typeof value !== "string") {
        if (texts === NO_TEXTS) texts = [];
        texts[at] = cell;
      }
      slots.push(value);
    }
    return new Runtime(slots, texts, random ?? rowRandom(() => JSON.stringify(record)));
  };
}
