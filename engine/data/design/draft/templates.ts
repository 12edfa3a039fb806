import { readVariables, asTemplate } from "../references.ts";
import { tokenize } from "../../template/tokens.ts";
import type { Token } from "../../template/tokens.ts";
import { plainName } from "./names.ts";
import type { ResolveName } from "./names.ts";

/** The template with its variables renamed; texts, attributes, filters and a template that cannot be read stay. */
export function renameVariables(source: string, rename: (name: string) => string): string {
  const { variables, problem } = readVariables(source);
  if (problem !== undefined) return source;
  const changed = new Map(
    variables.map((name) => [name, rename(name)] as const).filter(([name, other]) => name !== other),
  );
  if (changed.size === 0) return source;
  const tokens = tokenize(source);
  const loopNames = loopTargets(tokens);
  let text = "";
  let from = 0;
  tokens.forEach((token, index) => {
    if (token.kind !== "name") return;
    const other = changed.get(token.text);
    if (other === undefined || loopNames.has(token.text) || !isVariable(tokens, index)) return;
    text += source.slice(from, token.at) + other;
    from = token.at + token.text.length;
  });
  return text + source.slice(from);
}

/** A condition is a template's expression without its braces. */
export function renameInCondition(condition: string, rename: (name: string) => string): string {
  return withoutBraces(renameVariables(asTemplate(condition), rename));
}

/**
 * The template as its author probably meant it: names of columns in another spelling (`{{ Order ID }}`, `{{ orderId }}`)
 * become the columns' names, and `{name}` becomes `{{ name }}` where that is a column.
 */
export function repairTemplate(source: string, resolve: ResolveName): string {
  const doubled = source.replaceAll(/(?<!\{)\{([\p{L}\p{N}_ -]{1,100})\}(?!\})/gu, (whole, inside: string) => {
    const name = resolve(inside.trim());
    return name === undefined ? whole : `{{ ${name} }}`;
  });
  const spelled = doubled.replaceAll(
    /(\{[{%])([^{}]{1,2000})([%}]\})/g,
    (_whole, open: string, inside: string, close) => [open, repairSpaced(inside, resolve), close].join(""),
  );
  return renameVariables(spelled, (name) => resolve(name) ?? name);
}

/** Also takes the braces off and reads a single `=` as a comparison. */
export function repairCondition(condition: string, resolve: ResolveName): string {
  const bare = condition.trim().replace(/^\{\{([^{}]*)\}\}$/, "$1");
  const compared = readVariables(asTemplate(bare)).problem === undefined ? bare : bare.replaceAll(LONE_EQUALS, "==");
  const repaired = withoutBraces(repairTemplate(asTemplate(compared), resolve));
  return repaired.trim();
}

const LONE_EQUALS = /(?<![=!<>])=(?!=)/g;

/** Names of several words, which the template language would read as several names. */
function repairSpaced(inside: string, resolve: ResolveName): string {
  // Quoted texts stay as they are.
  return inside.replaceAll(/"[^"]*"|'[^']*'|[\p{L}_][\p{L}\p{N}_]*(?:[ -][\p{L}\p{N}_]+)+/gu, (phrase) => {
    if (/^["']/.test(phrase)) return phrase;
    return repairPhrase(phrase, resolve);
  });
}

/** Words of a name and what stands between them; longer names are not looked for. */
const MAX_PIECES = 15;

function repairPhrase(phrase: string, resolve: ResolveName): string {
  const words = phrase.split(/(?<=[ -])|(?=[ -])/);
  let text = "";
  for (let start = 0; start < words.length;) {
    let end = Math.min(words.length, start + MAX_PIECES);
    let found: string | undefined;
    for (; end > start + 2 && found === undefined; end -= 1) {
      const candidate = words.slice(start, end).join("");
      // `a - b` and `a-b` stay a difference where `a` is a column.
      const isDifference = candidate.includes("-") && resolve(words[start] ?? "") === words[start];
      if (plainName(candidate) !== "" && !isDifference && !/^[ -]|[ -]$/.test(candidate)) {
        found = resolve(candidate);
      }
      if (found !== undefined) break;
    }
    text += found ?? words[start] ?? "";
    start = found === undefined ? start + 1 : end;
  }
  return text;
}

function isVariable(tokens: readonly Token[], index: number): boolean {
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  if (before?.kind === "operator" && (before.text === "." || before.text === "|")) return false;
  if (before?.kind === "name" && before.text === "is") return false;
  const isNotTest = before?.kind === "name" && before.text === "not" && isName(tokens[index - 2], "is");
  // `name=` is the name of an argument.
  const isArgument = after?.kind === "operator" && after.text === "=";
  return !isNotTest && !isArgument;
}

/** Loop variables hide columns of the same name, so such a name is left alone. */
function loopTargets(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  tokens.forEach((token, index) => {
    if (!isName(token, "for") || tokens[index - 1]?.kind !== "begin") return;
    for (const next of tokens.slice(index + 1)) {
      if (isName(next, "in") || next.kind === "end") break;
      if (next.kind === "name") names.add(next.text);
    }
  });
  return names;
}

function isName(token: Token | undefined, text: string): boolean {
  return token?.kind === "name" && token.text === text;
}

function withoutBraces(template: string): string {
  return template.slice("{{ ".length, -" }}".length);
}
