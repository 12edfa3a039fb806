import type { JsonValue } from "../table.ts";
import { SLOTS } from "./lexicon.ts";

/** What the prompt shows of a record. */
export interface PromptFacts {
  /** Slot of the grammar (`product`, `person`, `rating`, …) to the text in the prompt. */
  readonly slots: ReadonlyMap<string, string>;
  /** Longer texts of other columns, longest first: what a summary is of, what an answer answers. */
  readonly sources: readonly string[];
  /** The prompt without the record's values, in which its wish can be read. */
  readonly maskedPrompt: string;
}

interface Visible {
  readonly name: string;
  readonly text: string;
}

const LONG_CHARS = 48;
const MAX_FACT_CHARS = 120;
/** Columns whose values say how or when, not what about. */
const NO_TOPIC =
  /priority|status|severity|locale|language|date|time|format|style|length|level|name|country|state|channel|(?:^|_)id$/i;
const MASK = "\u2026";

/**
 * A model sees the prompt and nothing else, so a value counts only when the prompt shows it. Values are data: what they
 * say never decides what is written, only what it is about.
 */
export function readFacts(prompt: string, record: Readonly<Record<string, JsonValue>>): PromptFacts {
  const visible = leaves(record, "").filter(({ text }) => isShown(text, prompt));
  const sources = visible.filter(({ text }) => text.length > LONG_CHARS || isQuestion(text)).map(({ text }) => text);
  const short = visible.filter(({ text }) => text.length <= MAX_FACT_CHARS && !/[.!?]\s|[?!]$/.test(text));
  const slots = new Map<string, string>();
  for (const { slot, names } of SLOTS.slots) {
    const found = bestNamed(short, names);
    if (found !== undefined) slots.set(slot, found.text);
  }
  const names = nameParts(short);
  if (names !== undefined) slots.set("person", names);
  if (!["topic", "product", "issue", "condition"].some((slot) => slots.has(slot))) {
    const taken = new Set(slots.values());
    const loose = short.find(({ name, text }) => /\p{L}{3}/u.test(text) && !taken.has(text) && !NO_TOPIC.test(name));
    if (loose !== undefined) slots.set("topic", loose.text);
  }
  return {
    slots,
    sources: sources.toSorted((left, right) => right.length - left.length),
    maskedPrompt: maskValues(prompt, visible),
  };
}

/** "an article about bees" is about bees. */
const CARRIER =
  /^(?:[\w-]+ ){0,2}(?:article|post|text|story|report|book|paper|talk|essay|call|meeting|dataset)s? (?:about|on|of|for|regarding) /i;

/** The phrase after "about", "of" or "for" in a prompt without data, or undefined. */
export function readTopic(prompt: string): string | undefined {
  const quoted = /["“]([^"”\n]{2,80})["”]/.exec(prompt)?.[1];
  if (quoted !== undefined) return quoted;
  const pattern =
    /\b(?:about|of|for|on|regarding|describing|concerning|called|named)\s+(?:(?:an?|the|this|our|your|my|following|topic)\s+)*([^.,;:!?\n"()…]{3,60}?)(?=\s+(?:that|which|with|who|in|from|by|using|for|where|at|to|as|whose|rated|given|including|and)\b|[.,;:!?\n"()…]|$)/gi;
  for (const match of prompt.matchAll(pattern)) {
    const phrase = (match[1] ?? "").trim().replace(CARRIER, "");
    if (
      /\p{L}{3}/u.test(phrase) &&
      !/^(?:call|meeting|article|customer|user|product|following|text|example|instance|it|them|dataset)s?$/i.test(
        phrase,
      )
    )
      return phrase;
  }
  return undefined;
}

function isQuestion(text: string): boolean {
  return text.endsWith("?") && text.includes(" ");
}

function leaves(value: JsonValue, name: string): Visible[] {
  if (value === null || typeof value === "boolean") return [];
  if (typeof value !== "object") return [{ name, text: String(value).trim() }];
  if (Array.isArray(value)) return value.flatMap((item: JsonValue) => leaves(item, name));
  return Object.entries(value).flatMap(([key, item]: [string, JsonValue]) =>
    leaves(item, name === "" ? key : `${name}.${key}`),
  );
}

function isShown(text: string, prompt: string): boolean {
  if (text === "") return false;
  if (text.length > 2) return prompt.includes(text);
  return new RegExp(`(?<![\\w.])${escapeRegExp(text)}(?![\\w])`).test(prompt);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** A column named like the slot; exactly before by its last words (`favourite_product`). */
function bestNamed(values: readonly Visible[], names: readonly string[]): Visible | undefined {
  const keys = values.map((value) => ({ value, key: snakeName(value.name.split(".").at(-1) ?? "") }));
  for (const name of names) {
    const exact = keys.find(({ key }) => key === name);
    if (exact !== undefined) return exact.value;
  }
  for (const name of names) {
    const ending = keys.find(({ key }) => key.endsWith(`_${name}`));
    if (ending !== undefined) return ending.value;
  }
  return undefined;
}

function nameParts(values: readonly Visible[]): string | undefined {
  const part = (name: string): string | undefined =>
    values.find((value) => snakeName(value.name.split(".").at(-1) ?? "") === name)?.text;
  const parts = [part("first_name"), part("last_name")].filter((text) => text !== undefined);
  return parts.length > 0 ? parts.join(" ") : undefined;
}

function snakeName(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll(/[\s-]+/g, "_")
    .toLowerCase();
}

/** Longest first, so that a value inside another leaves nothing behind. */
function maskValues(prompt: string, visible: readonly Visible[]): string {
  let masked = prompt;
  for (const { text } of visible.toSorted((left, right) => right.text.length - left.text.length)) {
    if (text.length > 2) masked = masked.replaceAll(text, MASK);
  }
  return masked;
}
