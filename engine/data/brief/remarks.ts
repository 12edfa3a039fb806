/** Parts of a brief that are about no column: courtesy, what the data is for, and what must not be in it. */
import { trimPhrase } from "./words.ts";
import type { Remainder } from "./words.ts";

const COURTESY =
  /^(?:(?:hi|hello|hey|dear)\b.*|(?:many |lots of )?thank(?:s| you)\b.*|thx.*|cheers|please|best(?: regards)?|regards|i(?:'m| am) (?:an? |the )?[\p{L} ]+|(?:please )?(?:make|keep|have) (?:it|them|the data|everything|that)?\s*(?:all )?(?:look |be |as |very |more |quite )*(?:realistic|plausible|believable|natural|diverse|varied|simple|consistent|clean|good|nice)(?: as possible| please| looking)*|(?:it|the data|everything|values|this) (?:should|must|has to|needs to|can) (?:be|look) (?:as |very |quite |all )*(?:realistic|real|plausible|believable|natural|random|synthetic|fake|simple|consistent|fictional|anonymous|anonymised|anonymized)(?: as possible)*|(?:as )?realistic(?: as possible| data| values| please)*|(?:it(?:'s| is)|this is|that(?:'s| is)) (?:just |only )?(?:for|to) .+|(?:just |only )?for (?:testing|a test|tests|training|teaching|a demo|demos?|a class|a workshop|a tutorial|my (?:class|students|course|thesis|project|team)|unit tests?|load tests?|an? (?:\p{L}+ ){0,2}model)\b.*|no hurry|asap|let me know.*|what do you think|can you do that|is that possible|you can (?:choose|decide|invent|make up).*|(?:the )?rest is up to you|surprise me|whatever you think.*|use your (?:judg(?:e)?ment|imagination))$/iu;

/** Whether a sentence asks for nothing, so that nobody need be told that it changed nothing. */
export function isRemark(text: string): boolean {
  return COURTESY.test(
    text
      .trim()
      .replaceAll(/\s+/g, " ")
      .replace(/^(?:and|but|so|also|please)\s+/i, "")
      .replace(/[\s.!?,]+$/, "")
      .replace(/[\s,]+(?:please|pls|thanks|thank you)$/i, ""),
  );
}

const WITHOUT =
  /[,(;.]?\s*\b(?:and |but |please )*(?:without|excluding|except(?: for)?|(?:i |we )?do(?:n't| not) (?:include|need|want|add)|leave out|omit|no|not any)\s+(?:the |an? |any )?(?<what>[\p{L}_ ]{2,40}?)(?:\s+(?:columns?|fields?|please))*\)?(?=\s*(?:[,.;!\n)]|$)|\s+(?:with|but|please|and no)\b)/iu;
const PERSONAL =
  /^(?:pii|personal(?:ly)?(?: identifiable)?(?: information| data)?|real (?:people|persons?|names?|data|customers?)|sensitive data|private data)$/i;
const NOT_COLUMNS =
  /^(?:duplicates?|nulls?|null values|missing(?: values| data)?|gaps|empty (?:values|cells)|blanks?|headers?|header (?:row|line)|index|errors|problem|hurry|outliers?|negative(?: values| numbers)?|more|less|one|idea|llms?|model|texts?|code)$/i;
const MAX_EXCLUSIONS = 10;

export interface Exclusions {
  /** Phrases of columns that must not be there. */
  readonly columns: readonly string[];
  readonly notes: readonly string[];
}

/** "without e-mail", "no PII please": what the dataset must not have; the words are cut out. */
export function takeExclusions(text: Remainder): Exclusions {
  const columns: string[] = [];
  const notes: string[] = [];
  for (let round = 0; round < MAX_EXCLUSIONS; round += 1) {
    const what = trimPhrase(text.take(WITHOUT)?.groups?.["what"] ?? "");
    if (what === "") break;
    if (PERSONAL.test(what))
      notes.push("All people, addresses and numbers of people are made up; nobody real is in the data.");
    else if (/^duplicates?$/i.test(what)) notes.push("Ids do not repeat; other values may.");
    else if (!NOT_COLUMNS.test(what)) columns.push(...what.split(/\s+(?:and|or|nor)\s+/).map(trimPhrase));
  }
  return { columns, notes };
}

const AGED =
  /\s*\b(?:aged|ages|(?:between|of) the ages? of)\s+(?<range>(?:between |from |over |under |at least )?\d{1,3}(?:\s*(?:-|to|and)\s*\d{1,3}|\s*\+| and (?:over|older|above))?)(?:\s+years?(?: old)?)?/i;

/** "people aged 20 to 30": the wish for an age of that range, cut out of the text. */
export function takeAges(text: Remainder): string | undefined {
  const range = text.take(AGED)?.groups?.["range"];
  return range === undefined
    ? undefined
    : `age ${range.replace(/^between\b/i, "from").replace(/(?<=\d)\s*and\s*(?=\d)/i, " to ")}`;
}
