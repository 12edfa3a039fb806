import { z } from "zod";

import file from "../../../seeds/text/code.json" with { type: "json" };
import type { Dice } from "./dice.ts";
import type { PromptFacts } from "./facts.ts";

const texts = z.array(z.string()).min(1);
const CodeSeeds = z.object({ fields: texts, nouns: texts, snippets: z.record(z.string(), z.array(texts).min(1)) });
const SEEDS = CodeSeeds.parse(file);

/** Words that a language may keep for itself; a column's value that is one of them is not used as a name. */
const KEYWORDS =
  /^(?:and|as|assert|async|await|begin|bool|break|by|case|catch|char|class|const|continue|def|default|delete|do|done|else|end|enum|event|except|export|extends|false|final|float|for|from|func|function|group|having|if|implements|import|in|index|int|interface|into|is|join|key|lambda|let|like|limit|match|module|new|nil|none|not|null|object|of|on|or|order|package|pass|private|public|raise|return|select|self|set|static|string|struct|super|switch|table|this|throw|trait|true|try|type|union|update|use|user|using|val|value|values|var|void|when|where|while|with|yield)$/;

/**
 * A small program in the language, named after what the prompt shows where that makes a valid name. Throws for a
 * language that no snippet is known for.
 */
export function writeCode(language: string, facts: PromptFacts, dice: Dice): string {
  const family = language.startsWith("sql") ? "sql" : language;
  const snippets = SEEDS.snippets[family];
  if (snippets === undefined) throw new Error(`no code snippets for ${language}`);
  const noun = nounOf(facts) ?? dice.pick(SEEDS.nouns);
  const field = dice.pick(SEEDS.fields);
  const names: Readonly<Record<string, string>> = {
    noun,
    nouns: noun.endsWith("s") ? `${noun}_list` : `${noun}s`,
    Noun: pascal(noun),
    field,
    field2: dice.pick(SEEDS.fields.filter((name) => name !== field)),
    Field: pascal(field),
    n: String(dice.between(2, 60)),
    m: String(dice.between(61, 900)),
  };
  const text = dice.pick(snippets).join("\n");
  return text.replaceAll(/@([A-Za-z]+2?)@/g, (whole, name: string) => names[name] ?? whole);
}

function nounOf(facts: PromptFacts): string | undefined {
  for (const slot of ["product", "topic", "issue"]) {
    const name = (facts.slots.get(slot) ?? "")
      .toLowerCase()
      .normalize("NFD")
      .replaceAll(/[^a-z\d]+/g, "_")
      .replaceAll(/^_+|_+$/g, "");
    if (/^[a-z][a-z\d_]{1,24}$/.test(name) && !KEYWORDS.test(name)) return name;
  }
  return undefined;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}
