import type { Dice } from "./dice.ts";

/** Text with `[one|other]` choices, `{rule}` or `{rule|cap}` or `{rule|lower}` or `{rule|title}`, and `{n:2-9}` numbers. */
type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "choice"; readonly options: readonly (readonly Node[])[] }
  | { readonly kind: "number"; readonly low: number; readonly high: number }
  | { readonly kind: "rule"; readonly name: string; readonly change: string | undefined };

export interface GrammarScope {
  readonly dice: Dice;
  /** Known words, which come before rules of the same name. */
  readonly facts: ReadonlyMap<string, string>;
  /** Facts that the prompt shows: alternatives that say them are preferred. */
  readonly given: ReadonlySet<string>;
  readonly rules: ReadonlyMap<string, readonly string[]>;
  /** Further rules of this text only, for example the praise of its domain. */
  readonly localRules: ReadonlyMap<string, readonly string[]>;
  /** Variants to try before the plain rule, for example `negative`: `{opening}` then means `opening:negative`. */
  readonly variants: readonly string[];
  /** Alternatives already in this text; filled by `expandRule`. */
  readonly used: Set<string>;
}

const MAX_DEPTH = 12;
const GIVEN_WEIGHT = 3;

/** One sentence or phrase. Alternatives are not repeated within a text while others are left. */
export function expandRule(name: string, scope: GrammarScope, depth = 0): string {
  if (depth > MAX_DEPTH) throw new Error(`the text rule "${name}" does not end`);
  const alternatives = findRule(name, scope);
  if (alternatives === undefined) throw new Error(`no text rule "${name}"`);
  const possible = alternatives.filter((text) => isPossible(parse(text), scope));
  const fresh = possible.filter((text) => !scope.used.has(`${name}\n${text}`));
  const pool = fresh.length > 0 ? fresh : possible;
  const weighted = pool.flatMap((text) =>
    mentionsGiven(parse(text), scope) ? Array<string>(GIVEN_WEIGHT).fill(text) : [text],
  );
  const chosen = scope.dice.pick(weighted);
  scope.used.add(`${name}\n${chosen}`);
  return expandNodes(parse(chosen), scope, depth);
}

function findRule(name: string, scope: GrammarScope): readonly string[] | undefined {
  const local = scope.localRules.get(name);
  if (local !== undefined) return local;
  for (const variant of scope.variants) {
    const found = scope.rules.get(`${name}:${variant}`);
    if (found !== undefined) return found;
  }
  return scope.rules.get(name);
}

function expandNodes(nodes: readonly Node[], scope: GrammarScope, depth: number): string {
  let text = "";
  for (const node of nodes) {
    if (node.kind === "text") text += node.text;
    else if (node.kind === "number") text += String(scope.dice.between(node.low, node.high));
    else if (node.kind === "choice") {
      const options = node.options.filter((option) => isPossible(option, scope));
      text += expandNodes(scope.dice.pick(options), scope, depth);
    } else {
      const value = scope.facts.get(node.name) ?? expandRule(node.name, scope, depth + 1);
      text += changeText(value, node.change);
    }
  }
  return text;
}

function isPossible(nodes: readonly Node[], scope: GrammarScope): boolean {
  return nodes.every((node) => {
    if (node.kind === "rule") return scope.facts.has(node.name) || findRule(node.name, scope) !== undefined;
    return node.kind !== "choice" || node.options.some((option) => isPossible(option, scope));
  });
}

function mentionsGiven(nodes: readonly Node[], scope: GrammarScope): boolean {
  return nodes.some((node) => node.kind === "rule" && scope.given.has(node.name));
}

function changeText(text: string, change: string | undefined): string {
  if (change === "cap") return text.charAt(0).toUpperCase() + text.slice(1);
  if (change === "lower") return /^(?:I\b|[A-Z]{2})/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
  if (change === "title")
    return text.replaceAll(/(^|\s)([a-z])/g, (_, space: string, letter: string) => space + letter.toUpperCase());
  return text;
}

const parsed = new Map<string, readonly Node[]>();

/** The seeds are the only source, so the cache is as large as they are. */
function parse(text: string): readonly Node[] {
  let nodes = parsed.get(text);
  if (nodes === undefined) {
    nodes = parseNodes(text, { at: 0 }, "");
    parsed.set(text, nodes);
  }
  return nodes;
}

function parseNodes(text: string, position: { at: number }, stops: string): Node[] {
  const nodes: Node[] = [];
  let plain = "";
  const flush = (): void => {
    if (plain !== "") nodes.push({ kind: "text", text: plain });
    plain = "";
  };
  while (position.at < text.length && !stops.includes(text.charAt(position.at))) {
    const character = text.charAt(position.at);
    position.at += 1;
    if (character === "[") {
      flush();
      nodes.push(parseChoice(text, position));
    } else if (character === "{") {
      flush();
      const end = text.indexOf("}", position.at);
      nodes.push(parseReference(text.slice(position.at, end)));
      position.at = end + 1;
    } else plain += character;
  }
  flush();
  return nodes;
}

function parseChoice(text: string, position: { at: number }): Node {
  const options: Node[][] = [];
  for (;;) {
    options.push(parseNodes(text, position, "|]"));
    const stop = text.charAt(position.at);
    position.at += 1;
    if (stop !== "|") return { kind: "choice", options };
  }
}

function parseReference(text: string): Node {
  const range = /^n:(\d+)-(\d+)$/.exec(text);
  if (range !== null) return { kind: "number", low: Number(range[1]), high: Number(range[2]) };
  const [name = "", change] = text.split("|");
  return { kind: "rule", name, change };
}

/** Capitals at the beginning of sentences, "an" before vowels, no doubled spaces. */
export function polish(text: string): string {
  return text
    .replaceAll(/\ba (?=(?:[aeio]|un[^i]|up|ur|um|ul)[a-z])(?!one\b|once\b|eu)/g, "an ")
    .replaceAll(/ {2,}/g, " ")
    .replaceAll(
      /(^|[.!?]["”]?\s+|\n)([a-z])(?![A-Z])/g,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    )
    .trim();
}
