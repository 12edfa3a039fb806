import type { JsonValue } from "../table.ts";
import { collectChains } from "./inspect.ts";
import type { Template } from "./ast.ts";
import { cellValue } from "./cells.ts";
import { dictGet, isDict, listOf, type Value } from "./values.ts";

/** Says which references of a template are missing or empty in a record, and how to deal with that. */
export function explainEmpty(template: Template, record: Readonly<Record<string, JsonValue>>): string {
  const culprits = new Map<string, string>();
  for (const chain of collectChains(template.body)) {
    const state = stateOf(chain, record);
    if (state !== undefined) culprits.set(chainText(chain), state);
  }
  if (culprits.size === 0) return "the template rendered to empty text";
  const listed = [...culprits].map(([chain, state]) => `${chain} (${state})`).join(", ");
  const [first = ""] = culprits.keys();
  return (
    `the template rendered to empty text; likely because of ${listed}. ` +
    `Give a default with {{ ${first} if ${first} else 'N/A' }}, or skip the cell with {{ not ${first} }}`
  );
}

type Chain = readonly [string, ...(string | number)[]];

function chainText([root, ...keys]: Chain): string {
  return keys.reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${key}`), root);
}

function stateOf([root, ...keys]: Chain, record: Readonly<Record<string, JsonValue>>): string | undefined {
  const cell = Object.hasOwn(record, root) ? record[root] : undefined;
  let value: Value | undefined = cell === undefined ? undefined : cellValue(cell);
  for (const key of keys) {
    if (value === undefined) break;
    value = isDict(value) ? dictGet(value, key) : typeof key === "number" ? listOf(value)?.at(key) : undefined;
  }
  if (value === undefined) return "missing from the record";
  if (value === null) return "None";
  return value === "" ? "empty text" : undefined;
}
