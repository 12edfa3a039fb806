/** Words of a brief: cleaning text, comparing phrases, and column names made of phrases. */
import { normaliseWords } from "./lexicon/words.ts";

/** Longest name that is made of a phrase. */
const MAX_NAME_CHARACTERS = 60;
/** Words of the template language, which no template can use as a name. */
const RESERVED = ["and", "or", "not", "in", "is", "if", "else", "elif", "for", "true", "false", "none", "self"];

/** One kind of quote, dash and space; control characters and invisible ones become spaces. Lines stay. */
export function cleanText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[“”„«»]/g, '"')
    .replaceAll(/[‘’‚]/g, "'")
    .replaceAll(/[‒–—―−]/g, "-")
    .replaceAll(/[≤⩽]/g, "<=")
    .replaceAll(/[≥⩾]/g, ">=")
    .replaceAll(/(?<=\s)w\/(?=\s)/gi, "with")
    .replaceAll(/(?<=\p{L}[ _])nr\.?(?=\s*(?:[,;\n)]|$))/giu, "number")
    .replaceAll("×", " * ")
    .replaceAll("÷", " / ")
    .replaceAll(/[\p{Cs}\p{Cf}]/gu, "")
    .replaceAll(/[^\S\n]+|(?!\n)\p{Cc}/gu, " ");
}

/** How phrases are compared: lower case, singular, without filler. */
export function phraseKey(phrase: string): string {
  return normaliseWords(phrase).join(" ");
}

/** `orderDate`, `order_date`, `Order date` → the words. */
export function splitName(text: string): string[] {
  return text
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}%]+/u)
    .filter((word) => word !== "");
}

const LEADING =
  /^(?:(?:and|also|plus|then|with|an?|the|some|any|its|their|his|her|our|my|each|every|random|fake|realistic|synthetic|sample|dummy|mock|unique|different|various|possible|plausible|corresponding|column|field|attribute|feature|named|called|for|of|where|which|that)\b[\s:]*)+/i;
const TRAILING =
  /(?:[\s,:]+(?:column|field|attribute|feature|columns|fields|is|are|be|was|should|must|has|have|can|will|of|in|with|and|or|from|the|an?|values|only|always|distributed|as|being|ranging|varying|per row|each|required|optional|not null|unique|mandatory|please|pls|plz))+$/i;

/** Verbs whose last word is no filler: "check in", "opt in". */
const PHRASAL =
  /(?:^|[\s_-])(?:check|checked|log|logged|clock|clocked|opt|opted|move|moved|plug|built|sign|signed)[\s_-]in$/i;

/** Takes articles and filler off both ends of a phrase. */
export function trimPhrase(text: string): string {
  let phrase = text.trim();
  for (;;) {
    const bare = phrase.replace(/^[\s\-*•·:;,.()[\]{}=>"'`]+|[\s:;,.()[\]{}=<"'`?!-]+$/g, "").replace(LEADING, "");
    const shorter = (PHRASAL.test(bare) ? bare : bare.replace(TRAILING, "")).trim();
    if (shorter === phrase) return phrase;
    phrase = shorter;
  }
}

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * A column name that templates can use. A phrase that is an identifier with its own way of writing (`orderId`,
 * `ICD_CODE`) is kept, or any identifier with `isVerbatim`; other phrases become lower snake case.
 */
export function columnName(phrase: string, isVerbatim = false): string {
  const text = phrase.trim();
  const isOwnStyle = /_|\p{Ll}\p{Lu}/u.test(text);
  const kept = IDENTIFIER.test(text) && (isVerbatim || isOwnStyle);
  const words = splitName(text.replaceAll("'s ", " ").replaceAll("'", "").replaceAll("%", " pct "));
  const name = kept ? text : words.join("_").toLowerCase();
  const cut = name.slice(0, MAX_NAME_CHARACTERS).replace(/_+$/, name.endsWith("_") && kept ? "_" : "");
  if (cut === "") return "";
  const isBad =
    /^\p{N}/u.test(cut) || RESERVED.includes(cut.toLowerCase()) || cut.startsWith("__") || cut === "_internal_row_id";
  return isBad ? `col_${cut.replace(/^_+/, "")}` : cut;
}

/** The name itself, or with a number when it is taken. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  if (!taken(name)) return name;
  for (let number = 2; ; number += 1) if (!taken(`${name}_${number}`)) return `${name}_${number}`;
}

/** Text of which parts are taken out one after another, so that what nobody took can be told. */
export class Remainder {
  text: string;
  constructor(text: string) {
    this.text = text;
  }
  /** The first match, which is then replaced by a space. The pattern must not be global. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.cut(match.index, match.index + match[0].length);
    return match;
  }
  cut(from: number, to: number): void {
    this.text = `${this.text.slice(0, from)} ${this.text.slice(to)}`.replaceAll(/ {2,}/g, " ");
  }
}
